"""Records what was read while more is being read."""

import asyncio
from collections.abc import Awaitable, Callable, Sized
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

__all__ = ["MOST_ROWS_A_CALL", "PAGES_AT_ONCE", "Recording"]

Part = TypeVar("Part", bound=Sized)
Place = TypeVar("Place")

MOST_ROWS_A_CALL: Final = 1000

PAGES_AT_ONCE: Final = 8
"""Pages of one listing that are read side by side; the token's budget holds them back."""


class Recording(Generic[Part, Place]):
    """Sends pages of rows to their owner, one call at a time, while the caller fetches more.

    What arrives during a call waits and goes with the next one, so that the calls grow
    with the owner's slowness. At most MOST_ROWS_A_CALL and one page wait: whoever reads
    faster is held back, and memory stays flat.
    """

    def __init__(self, record: Callable[[list[Part]], Awaitable[None]], start: Place) -> None:
        self._record = record
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
        if self._call is not None and (
            self._call.done() or self._waiting_rows + len(page) > MOST_ROWS_A_CALL
        ):
            await self._settle()
        self._waiting.append(page)
        self._waiting_rows += len(page)
        self._read_to = place
        if self._call is None:
            self._call = asyncio.create_task(self._send())

    async def finish(self) -> None:
        """Waits until everything is recorded. Raises what a call raised."""
        await self._settle()
        if self._waiting or self.place != self._read_to:
            await self._send()

    async def _settle(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            await call

    async def _send(self) -> None:
        """Sends what waits, and what came meanwhile, until nothing waits any more."""
        while self._waiting or self.place != self._read_to:
            pages, self._waiting = self._waiting, []
            rows, self._waiting_rows = self._waiting_rows, 0
            place = self._read_to
            if rows:
                await self._record(pages)
            self.place = place
