"""The process of the inventory service: constructs and connects its parts."""

from collections.abc import Iterable

from services.common.durable import FlowClient
from services.common.rpc.deployment_slugs import DeploymentSlugs
from services.common.server import Parts, ServiceDefinition, run
from services.common.settings import Service
from services.inventory.drift.drift_servicer import DriftServicer
from services.inventory.drift.reconcile_servicer import ReconcileServicer
from services.inventory.inventory_servicer import InventoryServicer
from services.inventory.lifetimes.servicer import LookupServicer
from services.inventory.resources.deployments import Deployments
from services.inventory.resources.watching import EventFeed
from services.inventory.sync.servicer import SyncServicer
from services.inventory.sync.store.claims import FRESHNESS

__all__ = ["DEFINITION"]


def servicers(parts: Parts) -> Iterable[object]:
    """The servicers of the inventory."""
    database, settings = parts.database, parts.settings
    deployments = Deployments(settings)
    slugs = DeploymentSlugs(settings, caller=Service.INVENTORY)
    feed = EventFeed(database, parts.stopping)
    return (
        InventoryServicer(database, deployments, feed, slugs),
        SyncServicer(database, deployments, internal_project=settings.internal_project),
        LookupServicer(database),
        DriftServicer(database, FlowClient(settings)),
        ReconcileServicer(database, deployments),
    )


DEFINITION = ServiceDefinition(
    service=Service.INVENTORY,
    servicers=servicers,
    freshness=FRESHNESS,
)


if __name__ == "__main__":
    run(DEFINITION)
