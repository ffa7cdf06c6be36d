"""Records what was read while more is being read."""

import asyncio
from collections.abc import Awaitable, Callable, Sized
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

__all__ = ["ENOUGH_ROWS", "MAX_ROWS_A_CALL", "PAGES_AT_ONCE", "Recording"]

Part = TypeVar("Part", bound=Sized)
Place = TypeVar("Place")

MAX_ROWS_A_CALL: Final = 1000

ENOUGH_ROWS: Final = MAX_ROWS_A_CALL // 4
"""As many that can wait are worth a call of their own."""

PAGES_AT_ONCE: Final = 8
"""Pages of one listing that are read side by side; the token's budget holds them back."""


class Recording(Generic[Part, Place]):
    """Sends pages of rows to their owner, one call at a time, while the caller fetches more.

    What arrives during a call waits and goes with the next one, so that the calls grow
    with the owner's slowness. A page counts as its length says. Pages that `can_wait`, because
    to read them again costs little, are sent when there are ENOUGH_ROWS, or with others. At most
    MAX_ROWS_A_CALL and one page wait: whoever reads faster is held back, and memory stays flat.
    """

    def __init__(
        self,
        record: Callable[[list[Part]], Awaitable[None]],
        start: Place,
        can_wait: Callable[[Part], bool] = lambda _: False,
    ) -> None:
        self._record = record
        self._can_wait = can_wait
        self._is_urgent = False
        self._waiting: list[Part] = []
        self._waiting_rows = 0
        self._read_to = start
        self._call: asyncio.Task[None] | None = None
        self.place = start
        """Everything before this place is recorded."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._call is not None:
            self._call.cancel()
            await asyncio.gather(self._call, return_exceptions=True)

    async def add(self, page: Part, place: Place) -> None:
        """Takes a page on; `place` is where reading goes on after it. Raises what a call raised."""
        fits = self._waiting_rows + len(page) <= MAX_ROWS_A_CALL
        if self._call is not None and (self._call.done() or not fits):
            await self._settle()
        if self._call is None and not fits:
            self._begin()
        self._waiting.append(page)
        self._waiting_rows += len(page)
        self._read_to = place
        self._is_urgent = self._is_urgent or not self._can_wait(page)
        if self._call is None and self._is_due():
            self._begin()

    async def finish(self) -> None:
        """Waits until everything is recorded. Raises what a call raised."""
        await self._settle()
        while self._waiting or self.place != self._read_to:
            await self._send(*self._take())

    def _is_due(self) -> bool:
        return self._is_urgent or self._waiting_rows >= ENOUGH_ROWS

    def _begin(self) -> None:
        self._call = asyncio.create_task(self._send_due(*self._take()))

    def _take(self) -> tuple[list[Part], int, Place]:
        """What waits: the pages, their rows, and the place after them."""
        taken = self._waiting, self._waiting_rows, self._read_to
        self._waiting, self._waiting_rows, self._is_urgent = [], 0, False
        return taken

    async def _settle(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            await call

    async def _send_due(self, pages: list[Part], rows: int, place: Place) -> None:
        """Sends pages, and what came meanwhile, until nothing is due any more."""
        await self._send(pages, rows, place)
        while self._is_due():
            await self._send(*self._take())

    async def _send(self, pages: list[Part], rows: int, place: Place) -> None:
        if rows:
            await self._record(pages)
        self.place = place
