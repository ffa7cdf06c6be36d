"""Small parts for the supervisor: shell scripts instead of programs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stack.engines.engine import Command
from stack.layout import Layout
from stack.output.diagnosis import Failure
from stack.parts import Part
from stack.processes.process import Mark
from stack.processes.supervisor import Supervisor
from stack.state import Lock, PartState, PartStatus

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
FOREVER = "while :; do sleep 0.1; done"


@dataclass
class Told:
    """Writes down what a supervisor tells."""

    steps: list[tuple[str, PartState]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def changed(self, status: PartStatus) -> None:
        step = (status.name, status.state)
        if step not in self.steps[-1:]:
            self.steps.append(step)

    def failed(self, failure: Failure) -> None:
        self.failures.append(failure)

    def stopping(self) -> None:
        """Nothing is remembered of it."""

    def order(self, state: PartState) -> list[str]:
        """The parts in the order in which they came into a state."""
        return [name for name, reached in self.steps if reached is state]


@dataclass
class SmallStack:
    """A supervisor of small parts, and what it told."""

    layout: Layout
    told: Told = field(default_factory=Told)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def part(self, name: str, script: str = FOREVER, **more: object) -> Part:
        """A part that runs a script; ready when its file `<name>.ready` is there."""
        folder = self.layout.folder
        command = Command(
            ("/bin/sh", "-c", f"touch {name}.ready; {script}"), ENVIRONMENT, directory=folder
        )

        def is_ready(mark: Mark) -> bool:
            return mark.alive() and (folder / f"{name}.ready").exists()

        return Part(name, lambda: command, **{"ready": is_ready, **more})  # type: ignore[arg-type]

    @asynccontextmanager
    async def running(self, *parts: Part) -> AsyncIterator[tuple[Supervisor, asyncio.Task[bool]]]:
        """Runs the parts; stops them in the end when nothing else has."""
        lock = Lock.take(self.layout.lock)
        assert lock is not None
        supervisor = Supervisor(parts, self.layout, lock, self.told)
        task = asyncio.create_task(supervisor.run(self._when_ready))
        try:
            yield supervisor, task
        finally:
            supervisor.request_stop()
            await task
            lock.release()

    async def _when_ready(self, _: Supervisor) -> None:
        self.ready.set()


async def comes(condition: Callable[[], object]) -> None:
    """Waits for a condition on the event loop."""
    async with asyncio.timeout(240):
        while not condition():  # noqa: ASYNC110 -- other processes set no event
            await asyncio.sleep(0.02)


@pytest.fixture
def small_stack(tmp_path: Path) -> SmallStack:
    layout = Layout(tmp_path / "data")
    layout.make()
    return SmallStack(layout)
