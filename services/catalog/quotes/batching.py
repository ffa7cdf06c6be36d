"""Batching: concurrent calls share one read or write."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

__all__ = ["Batcher"]

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

MAX_AT_ONCE: Final = 200

LINGER_SECONDS: Final = 0.001
MAX_LINGERS: Final = 8
"""Seconds that a job waits for more callers, repeated while more arrive, once there were several.

A single caller does not wait.
"""

ENOUGH: Final = 10
"""Number of callers at which a job starts without further waiting.

A job costs as much as several responses; but if all callers waited for one job, the process would
be idle while it runs.
"""


class Batcher(Generic[Asked, Answered]):
    """Runs one job for all callers that arrived while the previous job ran.

    A job begins after all of its callers arrived, so its reads are as fresh as separate ones, and a
    caller that awaits a write knows that it is committed. If a job fails, it fails for all of its
    callers.
    """

    def __init__(self, job: Callable[[Sequence[Asked]], Awaitable[Sequence[Answered]]]) -> None:
        self._job = job
        self._waiting: list[tuple[Asked, asyncio.Future[Answered]]] = []
        self._busy = False
        self._running: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answered:
        """The caller's own part of a job's result."""
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
            _deliver([answered for _, answered in those], outcome)
        self._running = None

    async def _linger(self) -> None:
        """Waits for more callers; those that are ready now join in any case."""
        await asyncio.sleep(0)
        for _ in range(MAX_LINGERS if self._busy else 0):
            before = len(self._waiting)
            await asyncio.sleep(LINGER_SECONDS)
            if len(self._waiting) == before or len(self._waiting) >= ENOUGH:
                break


def _deliver(
    askers: Sequence[asyncio.Future[Answered]], outcome: Sequence[Answered] | Exception
) -> None:
    """Delivers each caller's part; skips cancelled callers."""
    for place, asker in enumerate(askers):
        if asker.done():
            continue
        if isinstance(outcome, Exception):
            asker.set_exception(outcome)
        else:
            asker.set_result(outcome[place])
