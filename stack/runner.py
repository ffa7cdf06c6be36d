"""Runs one part: starts, watches, restarts and stops it."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from stack.output.diagnosis import Failure, likely_reason
from stack.output.logs import bound, tail
from stack.parts import Part
from stack.ports import is_passing
from stack.processes.guard import Guard
from stack.processes.process import Mark, Process
from stack.state import PartState, PartStatus

__all__ = ["QUICK_DEATH_SECONDS", "Runner", "RunnerContext"]

Result = TypeVar("Result")

PROBE_SECONDS: Final = 0.1
PORT_POLL_SECONDS: Final = 1.0
QUICK_DEATH_SECONDS: Final = 10.0
"""Minimum seconds of a run; an earlier exit is a quick death."""
QUICK_DEATHS: Final = 5
"""Maximum consecutive quick deaths; then it is not restarted."""
MIN_BACKOFF: Final = 0.5
MAX_BACKOFF: Final = 15.0
SHOWN_LINES: Final = 15
KILLED_WITHIN: Final = 1.0
"""Seconds a part may take to stop after a second Ctrl-C."""


@dataclass(frozen=True, slots=True)
class RunnerContext:
    """What every runner needs from the supervisor."""

    guard: Guard
    threads: Executor
    changed: Callable[[PartStatus], None]
    """Called at every change of a part's state."""
    hurry: asyncio.Event
    """Set if stopping must be immediate."""


class Runner:
    """Runs one part."""

    def __init__(self, part: Part, log: Path, surroundings: RunnerContext) -> None:
        self.part = part
        self.status = PartStatus(part.name)
        self.up = asyncio.Event()
        """Set once it has been ready."""
        self.down = asyncio.Event()
        """Set once it is stopped permanently."""
        self._log = log
        self._around = surroundings
        self._process: Process | None = None
        self._exited = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts it and waits until it is ready. Raises Failure."""
        try:
            await self._begin()
        except Failure as failure:
            self._give_up(failure.reason)
            raise
        self.up.set()
        if self.part.ready is not None:
            self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Stops it: gracefully, then by killing it."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        await self._end()
        if self.status.state not in {PartState.FAILED, PartState.DONE}:
            self._change(PartState.STOPPED)
        self.down.set()

    async def _begin(self) -> None:
        started = time.monotonic()
        self._change(PartState.STARTING)
        bound(self._log)
        offset = self._log.stat().st_size if self._log.exists() else 0
        try:
            if self.part.prepare is not None:
                await self._in_thread(self.part.prepare)
            await self._ports_are_free(started)
            process = self._launch()
        except Exception as error:
            # Any error that prevents the start is reported as the part's failure.
            raise Failure(self.part.name, str(error)) from error
        if not await self._becomes_ready(process, started):
            code = process.exit_code()
            lines = tail(self._log, SHOWN_LINES, since=offset)
            await self._end()
            raise Failure(self.part.name, likely_reason(self.part, code, lines), lines)
        self.status.since = time.time()
        if self.part.ready is None:
            self._forget()
        self._change(PartState.READY if self.part.ready else PartState.DONE)

    async def _ports_are_free(self, started: float) -> None:
        """Waits for ports of closed connections; for others the part fails."""
        for port in self.part.ports:
            while time.monotonic() - started < self.part.timeout:
                if not await self._in_thread(partial(is_passing, port)):
                    break
                await asyncio.sleep(PORT_POLL_SECONDS)

    def _launch(self) -> Process:
        self._exited.clear()
        self._process = Process.start(self.part.command(), self._log, register=self._register)
        self._around.threads.submit(
            _tell_exit, self._process, asyncio.get_running_loop(), self._exited
        )
        return self._process

    def _register(self, mark: Mark) -> None:
        self._around.guard.watch(mark)
        self.status.mark = mark
        self._around.changed(self.status)

    async def _becomes_ready(self, process: Process, started: float) -> bool:
        """Whether it became ready in time; for a part without a probe: whether it succeeded."""
        while time.monotonic() - started < self.part.timeout:
            if self._exited.is_set():
                return self.part.ready is None and process.exit_code() == 0
            if await self._answers(process.mark):
                return not self._exited.is_set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._exited.wait(), PROBE_SECONDS)
        return False

    async def _keep(self) -> None:
        """Restarts it after each exit, until there were too many quick deaths."""
        quick_deaths = 0
        while True:
            failure: Failure | None = await self._death()
            if time.time() - self.status.since > QUICK_DEATH_SECONDS:
                quick_deaths = 0
            while failure is not None:
                quick_deaths += 1
                if quick_deaths == QUICK_DEATHS:
                    self._give_up(f"{failure.reason} ({QUICK_DEATHS} times in a row)")
                    return
                self._change(PartState.RESTARTING, failure.reason)
                await asyncio.sleep(min(MIN_BACKOFF * 2 ** (quick_deaths - 1), MAX_BACKOFF))
                failure = await self._restart()

    async def _restart(self) -> Failure | None:
        """Restarts it once; returns the reason on failure."""
        self.status.restarts += 1
        try:
            await self._begin()
        except Failure as failure:
            return failure
        return None

    async def _death(self) -> Failure:
        """Waits for its exit; returns the reason."""
        await self._exited.wait()
        lines = tail(self._log, SHOWN_LINES)
        code = self._process.exit_code() if self._process else None
        self._forget()
        return Failure(self.part.name, likely_reason(self.part, code, lines), lines)

    def _give_up(self, reason: str) -> None:
        self._change(PartState.FAILED, reason)

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        if not self._exited.is_set():
            process.mark.send(process.mark.stop_signal)
            if not await self._exits_within(self.part.grace):
                process.mark.send(signal.SIGKILL)
                await self._exited.wait()
        self._forget()

    async def _exits_within(self, seconds: float) -> bool:
        """Waits at most `seconds` for its exit, less if stopping becomes immediate."""
        exited = asyncio.create_task(self._exited.wait())
        hurry = asyncio.create_task(self._around.hurry.wait())
        await asyncio.wait({exited, hurry}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if hurry.done() and not exited.done():
            await asyncio.wait({exited}, timeout=KILLED_WITHIN)
        for task in (exited, hurry):
            task.cancel()
        return self._exited.is_set()

    def _forget(self) -> None:
        if self._process is not None:
            self._process.end_rest()
            self._around.guard.release(self._process.mark)
        self._process = None
        self.status.mark = None

    def _change(self, state: PartState, reason: str = "") -> None:
        self.status.state = state
        self.status.reason = reason or self.status.reason
        self._around.changed(self.status)

    async def _answers(self, mark: Mark) -> bool:
        probe = self.part.ready
        return probe is not None and await self._in_thread(lambda: probe(mark))

    async def _in_thread(self, function: Callable[[], Result]) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._around.threads, function)


def _tell_exit(process: Process, loop: asyncio.AbstractEventLoop, exited: asyncio.Event) -> None:
    process.wait()
    loop.call_soon_threadsafe(exited.set)
