"""Records pages while more are being read."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sized
from types import TracebackType
from typing import Final, Generic, NamedTuple, Self, TypeVar

__all__ = ["CALLS_AT_ONCE", "ENOUGH_ROWS", "MAX_ROWS_A_CALL", "PAGES_AT_ONCE", "Recording"]

Part = TypeVar("Part", bound=Sized)
Place = TypeVar("Place")

MAX_ROWS_A_CALL: Final = 1000

ENOUGH_ROWS: Final = MAX_ROWS_A_CALL // 4
"""Number of deferrable rows that justify a separate call."""

PAGES_AT_ONCE: Final = 8
"""Pages of one listing read concurrently, limited by the token's rate limit."""

CALLS_AT_ONCE: Final = 2
"""Calls of one sweep: the owner has the next one at hand when it has done with the one before."""


class _Call(NamedTuple, Generic[Place]):
    """A call under way, and the place after what it records."""

    task: asyncio.Task[None]
    place: Place


class Recording(Generic[Part, Place]):
    """Sends pages of rows to their owner, a few calls at a time, while the caller fetches more.

    What arrives while as many calls as may be are under way waits and goes with the next one, so
    that the calls grow with the owner's slowness. A page counts as its length says. Pages that
    `can_wait`, because to read them again costs little, are sent when there are ENOUGH_ROWS, or
    with others. At most MAX_ROWS_A_CALL and one page wait: whoever reads faster is held back, and
    memory stays flat.
    """

    def __init__(
        self,
        record: Callable[[list[Part]], Awaitable[None]],
        start: Place,
        can_wait: Callable[[Part], bool] = lambda _: False,
        *,
        calls_at_once: int = CALLS_AT_ONCE,
    ) -> None:
        self._record = record
        self._can_wait = can_wait
        self._calls_at_once = calls_at_once
        self._is_urgent = False
        self._waiting: list[Part] = []
        self._waiting_rows = 0
        self._read_to = start
        self._calls: deque[_Call[Place]] = deque()
        self.place = start
        """The cursor; everything before it is recorded."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        tasks = [call.task for call in self._calls]
        self._calls.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def add(self, page: Part, place: Place) -> None:
        """Adds a page; `place` is the cursor after it. Raises errors of earlier calls."""
        self._raise_failure()
        while self._waiting and self._waiting_rows + len(page) > MAX_ROWS_A_CALL:
            if not self._begin():
                await self._one_done()
        self._waiting.append(page)
        self._waiting_rows += len(page)
        self._read_to = place
        self._is_urgent = self._is_urgent or not self._can_wait(page)
        self._begin_due()

    async def finish(self) -> None:
        """Waits until everything is recorded. Raises errors of calls."""
        while self._waiting or self._calls:
            if not self._begin():
                await self._one_done()

    def _begin_due(self) -> None:
        if self._is_urgent or self._waiting_rows >= ENOUGH_ROWS:
            self._begin()

    def _begin(self) -> bool:
        """Sends waiting pages, if any and if another concurrent call is allowed."""
        under_way = sum(not call.task.done() for call in self._calls)
        if not self._waiting or under_way >= self._calls_at_once:
            return False
        task = asyncio.create_task(self._send(self._waiting, self._waiting_rows))
        task.add_done_callback(self._ended)
        self._calls.append(_Call(task, self._read_to))
        self._waiting, self._waiting_rows, self._is_urgent = [], 0, False
        return True

    async def _send(self, pages: list[Part], rows: int) -> None:
        if rows:
            await self._record(pages)

    def _ended(self, _: "asyncio.Task[None]") -> None:
        """Advances the cursor and sends waiting pages, unless a call failed."""
        while self._calls and _succeeded(self._calls[0].task):
            self.place = self._calls.popleft().place
        if all(_succeeded(call.task) or not call.task.done() for call in self._calls):
            self._begin_due()

    async def _one_done(self) -> None:
        """Waits for a call. Raises its error."""
        tasks = [call.task for call in self._calls]
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        self._raise_failure()

    def _raise_failure(self) -> None:
        for call in self._calls:
            if call.task.done():
                call.task.result()


def _succeeded(task: "asyncio.Task[None]") -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
