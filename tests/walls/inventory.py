"""A tenant's objects in the inventory, and requests for another tenant's."""

from dataclasses import dataclass

from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import sync_service_pb2 as sync
from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceStub
from sqlalchemy import text

from services.common.identity.callers import ALL
from services.common.settings import Service
from tests.walls.wall import INTRUDER, NOWHERE, VICTIM, Planting, Wall

__all__ = ["WALL"]

PROJECTS = """
INSERT INTO cloud_projects
    (provider, provider_id, name, classification, tenant_id, first_seen_at, last_seen_at)
SELECT 'digitalocean', 'p-' || tenant, 'of ' || tenant, 'tenant', tenant, now(), now()
FROM unnest(CAST(:tenants AS text[])) AS tenant
"""


@dataclass(frozen=True)
class Ids:
    """Ids for the requests."""

    tenant: str
    resource: str


async def plant(planting: Planting) -> Ids:
    """Creates a droplet and a project of each tenant, with the tenant's name in theirs."""
    worker, reading = SyncServiceStub(planting.channel), InventoryServiceStub(planting.channel)
    sightings = [
        sync.Sighting(provider_id=tenant, name=f"web-{tenant}", tags=[f"tenant:{tenant}"])
        for tenant in (VICTIM, INTRUDER)
    ]
    await worker.RecordSightings(
        sync.RecordSightingsRequest(provider="digitalocean", kind="droplet", sightings=sightings),
        metadata=planting.worker,
    )
    async with planting.database.write(ALL) as session:
        await session.execute(text(PROJECTS), {"tenants": [VICTIM, INTRUDER]})
    listed = await reading.ListResources(
        pb.ListResourcesRequest(tenant_id=VICTIM), metadata=planting.operator
    )
    return Ids(VICTIM, listed.resources[0].id)


WALL = Wall(
    Service.INVENTORY,
    absent=Ids("nobody", NOWHERE),
    plant=plant,
    asked={
        "InventoryService/ListResources": lambda ids: pb.ListResourcesRequest(tenant_id=ids.tenant),
        "InventoryService/GetResource": lambda ids: pb.GetResourceRequest(id=ids.resource),
        "InventoryService/ListResourceEvents": lambda ids: pb.ListResourceEventsRequest(
            resource_id=ids.resource
        ),
        "InventoryService/CountResources": lambda ids: pb.CountResourcesRequest(kind="droplet"),
        "InventoryService/WatchResourceEvents": lambda ids: pb.WatchResourceEventsRequest(
            kind="droplet"
        ),
        "InventoryService/ExportResources": lambda ids: pb.ExportResourcesRequest(
            filter=pb.ListResourcesRequest(tenant_id=ids.tenant)
        ),
        "InventoryService/ListProjects": lambda ids: pb.ListProjectsRequest(tenant_id=ids.tenant),
    },
)
