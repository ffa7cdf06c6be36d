"""Reads each suspect of a sweep by its id: only a 404 proves that it is gone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from arcadia.inventory.v1.sync_service_pb2 import ListSuspectsRequest, RecordConfirmationsRequest
from temporalio import activity

from providers.digitalocean.errors import NotFound
from providers.digitalocean.sources import Sources
from services.common.requests import set_request_id
from workflows.activities.failures import as_failures
from workflows.activities.heartbeats import beating, reached_before
from workflows.activities.sightings import Rows, rows_of
from workflows.payloads import SuspectsInput, SuspectsResult

if TYPE_CHECKING:
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["ConfirmActivities"]

READS_AT_ONCE: Final = 5
SUSPECTS_A_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the read of one id said: its sighting, or None when it is gone."""

    provider_id: str
    message: Any


class ConfirmActivities:
    """Needs the provider's sources and the inventory's stub."""

    def __init__(self, sources: Sources, inventory: "SyncServiceAsyncStub") -> None:
        self._sources = sources
        self._inventory = inventory

    @activity.defn
    async def confirm_suspects(self, request: SuspectsInput) -> SuspectsResult:
        """Confirms all suspects of a sweep; those settled before a restart are suspects no more."""
        with as_failures():
            set_request_id(activity.info().workflow_run_id)
            rows = rows_of(request.provider, request.kind)
            told = reached_before(SuspectsResult) or SuspectsResult()
            page_token = ""
            async with beating(lambda: told):
                while True:
                    page = await self._inventory.ListSuspects(
                        ListSuspectsRequest(
                            sweep_id=request.sweep_id,
                            page_size=SUSPECTS_A_PAGE,
                            page_token=page_token,
                        )
                    )
                    readings = await self._read(rows, page.provider_ids)
                    await self._record(rows, request, readings)
                    found = sum(reading.message is not None for reading in readings)
                    told = SuspectsResult(
                        gone_count=told.gone_count + len(readings) - found,
                        found_count=told.found_count + found,
                    )
                    page_token = page.next_page_token
                    if not page_token:
                        return told

    async def _read(self, rows: Rows, identifiers: Sequence[str]) -> list[_Reading]:
        at_once = asyncio.Semaphore(READS_AT_ONCE)
        source = self._sources.of(rows.listing)

        async def read(identifier: str) -> _Reading:
            async with at_once:
                try:
                    row = await source.one(identifier)
                except NotFound:
                    return _Reading(identifier, None)
                return _Reading(identifier, rows.message(row))

        return await asyncio.gather(*(read(identifier) for identifier in identifiers))

    async def _record(self, rows: Rows, request: SuspectsInput, readings: list[_Reading]) -> None:
        found = [reading for reading in readings if reading.message is not None]
        if found:
            await rows.record(self._inventory, "", [reading.message for reading in found])
        if readings:
            await self._inventory.RecordConfirmations(
                RecordConfirmationsRequest(
                    sweep_id=request.sweep_id,
                    gone_provider_ids=[r.provider_id for r in readings if r.message is None],
                    found_provider_ids=[reading.provider_id for reading in found],
                )
            )
