"""One job for all who ask at the same time: a read or a write that many calls share."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

__all__ = ["Batcher"]

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

MAX_AT_ONCE: Final = 200

LINGER_SECONDS: Final = 0.001
MAX_LINGERS: Final = 8
"""A job waits so long, and so often as more askers come meanwhile, once there were several:
who is alone waits for nobody."""

ENOUGH: Final = 10
"""Askers, at whom a job waits for no more of them. A job costs as much as several answers;
but if all callers waited for one, nobody would work while it runs."""


class Batcher(Generic[Asked, Answered]):
    """Runs a job for everybody who asked while the one before it ran.

    A job begins after all of its askers asked, so what it reads is as new as if each had read
    alone, and who awaits a write knows that theirs is committed. When a job fails, it fails
    for all of its askers.
    """

    def __init__(self, job: Callable[[Sequence[Asked]], Awaitable[Sequence[Answered]]]) -> None:
        self._job = job
        self._waiting: list[tuple[Asked, asyncio.Future[Answered]]] = []
        self._busy = False
        self._running: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answered:
        """The asker's own part of what a job answers."""
        answered: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answered))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await answered

    async def _run(self) -> None:
        while self._waiting:
            await self._linger()
            those = self._waiting[:MAX_AT_ONCE]
            del self._waiting[:MAX_AT_ONCE]
            self._busy = len(those) > 1
            outcome: Sequence[Answered] | Exception
            try:
                outcome = await self._job([asked for asked, _ in those])
            except Exception as error:  # noqa: BLE001 - it is raised where each of them waits
                outcome = error
            _tell([answered for _, answered in those], outcome)
        self._running = None

    async def _linger(self) -> None:
        """Lets others come; those who are ready to ask now do so in any case."""
        await asyncio.sleep(0)
        for _ in range(MAX_LINGERS if self._busy else 0):
            before = len(self._waiting)
            await asyncio.sleep(LINGER_SECONDS)
            if len(self._waiting) == before or len(self._waiting) >= ENOUGH:
                break


def _tell(
    askers: Sequence[asyncio.Future[Answered]], outcome: Sequence[Answered] | Exception
) -> None:
    """Gives each its part; who gave up meanwhile is past telling."""
    for place, asker in enumerate(askers):
        if asker.done():
            continue
        if isinstance(outcome, Exception):
            asker.set_exception(outcome)
        else:
            asker.set_result(outcome[place])
