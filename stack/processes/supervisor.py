"""Starts the parts in order, as concurrently as possible; restarts them; stops them in reverse."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from stack.layout import Layout
from stack.output.diagnosis import Failure
from stack.output.logs import bound
from stack.parts import Part
from stack.processes.guard import Guard
from stack.processes.process import mark_of
from stack.runner import Runner, RunnerContext
from stack.state import Lock, PartStatus, StackState

__all__ = ["Observer", "Supervisor"]

LOGS_BOUNDED_EVERY: Final = 60.0
"""Seconds."""

STOPPING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Observer(Protocol):
    """Is notified of changes of the parts."""

    def changed(self, status: PartStatus) -> None:
        """The state of a part changed."""

    def failed(self, failure: Failure) -> None:
        """The stack cannot start, for this reason."""

    def stopping(self) -> None:
        """The stack is stopping."""


class Supervisor:
    """Runs the parts of one stack, in the process that holds its lock."""

    def __init__(
        self, parts: Sequence[Part], layout: Layout, lock: Lock, observer: Observer
    ) -> None:
        self._parts = parts
        self._layout = layout
        self._observer = observer
        self._guard = Guard(keep_open=(lock.fileno(),))
        # One thread per part waits for it; a few more run probes.
        self._threads = ThreadPoolExecutor(2 * len(parts) + 4)
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._around = RunnerContext(self._guard, self._threads, self._changed, self._hurry)
        self._runners = {part.name: self._runner(part) for part in parts}
        self._state = StackState(
            mark_of(os.getpid()), parts=[runner.status for runner in self._runners.values()]
        )

    async def run(self, when_ready: Callable[["Supervisor"], Awaitable[None]]) -> bool:
        """Runs until a signal; returns whether everything had started.

        `when_ready` is awaited once, when every part is ready.
        """
        self._listen_to_signals()
        tidying = asyncio.create_task(self._keep_logs_small())
        work = asyncio.create_task(self._start_all(when_ready))
        stop = asyncio.create_task(self._stop.wait())
        started = False
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            started = work.done() and self._report(work)
            if started:
                await stop
        finally:
            for task in (work, stop, tidying):
                task.cancel()
            await asyncio.gather(work, stop, tidying, return_exceptions=True)
            await self._stop_all()
            self._unlisten()
        return started or self._stop.is_set()

    async def once(self, part: Part) -> bool:
        """Runs one more part that exits by itself; returns whether it succeeded in time."""
        runner = self._runner(part)
        try:
            await runner.start()
        except Failure:
            return False
        finally:
            await runner.stop()
        return True

    def request_stop(self) -> None:
        """Makes `run` stop the parts and return; the second call makes it immediate."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def _runner(self, part: Part) -> Runner:
        return Runner(part, self._layout.log(part.name), self._around)

    async def _start_all(self, when_ready: Callable[["Supervisor"], Awaitable[None]]) -> None:
        async with asyncio.TaskGroup() as group:
            for runner in self._runners.values():
                group.create_task(self._start(runner))
        await when_ready(self)
        self._state.ready = True
        self._state.write(self._layout.state)

    async def _start(self, runner: Runner) -> None:
        for name in runner.part.after:
            await self._runners[name].up.wait()
        await runner.start()

    def _report(self, work: "asyncio.Task[None]") -> bool:
        """Returns whether the start succeeded; reports failures."""
        try:
            work.result()
        except BaseExceptionGroup as group:
            failures, bugs = group.split(Failure)
            if failures is None or bugs is not None:
                raise
            self._observer.failed(_first(failures))
            return False
        return True

    async def _stop_all(self) -> None:
        self._observer.stopping()
        await asyncio.gather(*(self._stop_one(runner) for runner in self._runners.values()))
        await asyncio.to_thread(self._guard.close)
        self._threads.shutdown()
        self._layout.state.unlink(missing_ok=True)

    async def _stop_one(self, runner: Runner) -> None:
        """Stops a part after all parts that depend on it."""
        above = [other for other in self._runners.values() if runner.part.name in other.part.after]
        await asyncio.gather(*(other.down.wait() for other in above))
        await runner.stop()

    def _changed(self, status: PartStatus) -> None:
        self._state.write(self._layout.state)
        self._observer.changed(status)

    async def _keep_logs_small(self) -> None:
        while True:
            await asyncio.sleep(LOGS_BOUNDED_EVERY)
            for part in self._parts:
                await asyncio.to_thread(bound, self._layout.log(part.name))

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOPPING_SIGNALS:
            loop.add_signal_handler(number, self.request_stop)

    def _unlisten(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOPPING_SIGNALS:
            loop.remove_signal_handler(number)


def _first(group: BaseExceptionGroup[Failure]) -> Failure:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
