"""Reads each suspect of a sweep by id: only a 404 confirms that it is gone.

A suspect whose response is unreadable exists. One whose read is denied remains a suspect, and the
sweep names it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from arcadia.inventory.v1.sync_service_pb2 import (
    ListSuspectsRequest,
    RecordConfirmationsRequest,
    RecordUnreadableRowsRequest,
)

from kinds.unreadable import UnreadableRow
from providers.digitalocean.errors import NotFound, ProviderError
from providers.digitalocean.projects import PART_ERRORS
from providers.digitalocean.sources import Sources
from workflows.durable.activities import pages_of, service_activity
from workflows.durable.heartbeats import beating, reached_before
from workflows.sync.activities.sightings import Rows, rows_of, unreadable_message
from workflows.sync.payloads import SuspectsInput, SuspectsResult

if TYPE_CHECKING:
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["ConfirmActivities"]

READS_AT_ONCE: Final = 5
SUSPECTS_A_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class _Reading:
    """The result of reading one id."""

    provider_id: str
    is_gone: bool = False
    message: Any = None
    """Its sighting; None if it is gone or unreadable."""
    error: ProviderError | UnreadableRow | None = None
    """Why it is unreadable."""

    @property
    def is_found(self) -> bool:
        """Whether it exists, readable or not."""
        return self.message is not None or isinstance(self.error, UnreadableRow)


class ConfirmActivities:
    """Uses the provider's sources and the inventory service."""

    def __init__(self, sources: Sources, inventory: "SyncServiceAsyncStub") -> None:
        self._sources = sources
        self._inventory = inventory

    @service_activity(doing="reading unseen resources by id", cursor=SuspectsResult)
    async def confirm_suspects(self, request: SuspectsInput) -> SuspectsResult:
        """Confirms all suspects of a sweep; those settled before a restart are skipped."""
        rows = rows_of(request.provider, request.kind)
        told = reached_before(SuspectsResult) or SuspectsResult()
        wanted = ListSuspectsRequest(sweep_id=request.sweep_id, page_size=SUSPECTS_A_PAGE)
        async with beating(lambda: told):
            async for page in pages_of(self._inventory.ListSuspects, wanted):
                readings = await self._read(rows, page.provider_ids)
                await self._record(rows, request, readings)
                told = SuspectsResult(
                    gone_count=told.gone_count + sum(one.is_gone for one in readings),
                    found_count=told.found_count + sum(one.is_found for one in readings),
                    unreadable_count=told.unreadable_count
                    + sum(one.error is not None for one in readings),
                )
        return told

    async def _read(self, rows: Rows, identifiers: Sequence[str]) -> list[_Reading]:
        at_once = asyncio.Semaphore(READS_AT_ONCE)
        source = self._sources.of(rows.listing)

        async def read(identifier: str) -> _Reading:
            async with at_once:
                try:
                    message: Any = rows.message(await source.one(identifier))
                except NotFound:
                    return _Reading(identifier, is_gone=True)
                except PART_ERRORS as error:
                    return _Reading(identifier, error=error)
                return _Reading(identifier, message=message)

        return await asyncio.gather(*(read(identifier) for identifier in identifiers))

    async def _record(self, rows: Rows, request: SuspectsInput, readings: list[_Reading]) -> None:
        messages = [reading.message for reading in readings if reading.message is not None]
        if messages:
            await rows.record(self._inventory, "", messages)
        odd = [
            unreadable_message(
                UnreadableRow(
                    request.kind, reading.provider_id, f"read by its id: {reading.error}"
                ),
                "by id",
            )
            for reading in readings
            if reading.error is not None
        ]
        if odd:
            await self._inventory.RecordUnreadableRows(
                RecordUnreadableRowsRequest(sweep_id=request.sweep_id, rows=odd)
            )
        if readings:
            await self._inventory.RecordConfirmations(
                RecordConfirmationsRequest(
                    sweep_id=request.sweep_id,
                    gone_provider_ids=[one.provider_id for one in readings if one.is_gone],
                    found_provider_ids=[one.provider_id for one in readings if one.is_found],
                )
            )
