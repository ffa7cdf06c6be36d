"""Reads one resource by id and records it."""

from typing import TYPE_CHECKING, Any

from contracts.sync import ResourceInput
from providers.digitalocean.errors import NotFound
from providers.digitalocean.sources import Sources
from workflows.durable.activities import service_activity
from workflows.sync.activities.sightings import rows_of

if TYPE_CHECKING:
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["ReadActivities"]


class ReadActivities:
    """Uses the provider's sources and the inventory service."""

    def __init__(self, sources: Sources, inventory: "SyncServiceAsyncStub") -> None:
        self._sources = sources
        self._inventory = inventory

    @service_activity(heartbeat=True)
    async def read_resource(self, request: ResourceInput) -> bool:
        """Records one sighting; returns False if the provider has no such resource.

        A missing one is neither struck nor tombstoned, which requires a sweep's evidence.
        """
        rows = rows_of(request.provider, request.kind)
        try:
            row = await self._sources.of(rows.listing).one(request.provider_id)
        except NotFound:
            return False
        message: Any = rows.message(row)
        await rows.record(self._inventory, "", [message])
        return True
