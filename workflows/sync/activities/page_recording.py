"""Records the pages of a sweep: new rows in full, unchanged pages by digests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from arcadia.inventory.v1.resources_pb2 import UnreadableRow
from arcadia.inventory.v1.sync_service_pb2 import RecordUnreadableRowsRequest

from providers.digitalocean.api.pages import Page
from providers.digitalocean.page_memory import PageMemory, remembered
from workflows.sync.activities.recording import MAX_ROWS_A_CALL
from workflows.sync.activities.sightings import ResourceRows, Rows

if TYPE_CHECKING:
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["ListedPage", "PageRecording"]


KNOWN_ROWS_A_ROW: Final = 4
"""Number of known rows (id and digest) that cost as much as one row in full."""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page to record."""

    page: Page
    """The page without its items, so that only the sent form is held in memory."""
    row_count: int
    """The number of its rows of the kind, also for a known page."""
    messages: Sequence[Any] = ()
    """Its rows in the sent form; empty for a known page."""
    unreadable: Sequence[UnreadableRow] = ()
    """Unreadable rows and parts of rows."""
    scopes: frozenset[str] = frozenset()
    """The scope-dependent fields that are visible on the page."""
    unpriced_sizes: frozenset[str] = frozenset()
    """The sizes of its rows without a declared list price."""

    @property
    def provider_ids(self) -> Sequence[str]:
        """The ids of the rows that it records."""
        if self.page.known is not None:
            return self.page.known.provider_ids
        return [message.provider_id for message in self.messages]

    def __len__(self) -> int:
        """Its weight in a call, in full rows."""
        known = -(-self.row_count // KNOWN_ROWS_A_ROW) if self.page.is_known else 0
        return known + len(self.messages) + len(self.unreadable)


@dataclass(frozen=True, slots=True)
class _Turns:
    """Calls with a common row are made in order, so that the later one wins."""

    _under_way: dict[asyncio.Event, frozenset[str]] = field(default_factory=dict)

    @asynccontextmanager
    async def of(self, provider_ids: frozenset[str]) -> AsyncIterator[None]:
        """Waits for earlier calls with one of these rows."""
        earlier = [end for end, ids in self._under_way.items() if not ids.isdisjoint(provider_ids)]
        end = asyncio.Event()
        self._under_way[end] = provider_ids
        try:
            for one in earlier:
                await one.wait()
            yield
        finally:
            del self._under_way[end]
            end.set()


@dataclass(frozen=True, slots=True)
class PageRecording:
    """Sends the pages of a sweep, and remembers those sent in full.

    Calls may be concurrent.
    """

    rows: Rows
    inventory: "SyncServiceAsyncStub"
    sweep_id: str
    memory: PageMemory
    _turns: _Turns = field(default_factory=_Turns)

    async def record(self, pages: list[ListedPage]) -> None:
        """Records pages; rows that differ from the inventory's are sent in full."""
        rows = frozenset(chain.from_iterable(listed.provider_ids for listed in pages))
        async with self._turns.of(rows):
            await self._record(pages)

    async def _record(self, pages: list[ListedPage]) -> None:
        unreadable = list(chain.from_iterable(listed.unreadable for listed in pages))
        if unreadable:
            await self.inventory.RecordUnreadableRows(
                RecordUnreadableRowsRequest(sweep_id=self.sweep_id, rows=unreadable)
            )
        in_full = [listed for listed in pages if listed.page.known is None]
        messages = list(chain.from_iterable(listed.messages for listed in in_full))
        messages += await self._record_known([one.page for one in pages if one.page.known])
        digests: list[int] = []
        # Known pages are larger, and all their rows may have changed.
        for start in range(0, len(messages), MAX_ROWS_A_CALL):
            sent = messages[start : start + MAX_ROWS_A_CALL]
            digests += await self.rows.record(self.inventory, self.sweep_id, sent)
        if messages:
            self._remember(in_full, digests)

    async def _record_known(self, pages: list[Page]) -> list[Any]:
        """Marks the rows of known pages as seen; returns those to send in full."""
        known = [page.known for page in pages if page.known is not None]
        if not known or not isinstance(self.rows, ResourceRows):
            return []
        positions = await self.rows.record_unchanged(
            self.inventory,
            self.sweep_id,
            list(chain.from_iterable(one.provider_ids for one in known)),
            list(chain.from_iterable(one.digests for one in known)),
        )
        return self._messages_at(pages, positions) if positions else []

    def _messages_at(self, pages: list[Page], positions: list[int]) -> list[Any]:
        """The rows at these positions over all pages; forgets their pages."""
        messages: list[Any] = []
        start = 0
        for page in pages:
            here = [at - start for at in positions if start <= at < start + page.row_count]
            start += page.row_count
            if here and page.reread is not None:
                self.memory.forget(page.key)
                items = page.reread().items
                messages += [self.rows.message(items[at]) for at in here]
        return messages

    def _remember(self, pages: list[ListedPage], digests: list[int]) -> None:
        """Remembers the pages sent in full, with the digests of their rows, in order."""
        start = 0
        for listed in pages:
            end = start + len(listed.messages)
            if listed.page.key and not listed.unreadable:
                kept = remembered(
                    listed.page,
                    [message.provider_id for message in listed.messages],
                    digests[start:end],
                    scopes=listed.scopes,
                    unpriced_sizes=listed.unpriced_sizes,
                )
                if kept is not None:
                    self.memory.keep(listed.page.key, kept)
            start = end
