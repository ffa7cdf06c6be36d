"""The process of the inventory service: constructs and connects its parts."""

import grpc
from arcadia.inventory.v1 import (
    drift_service_pb2,
    drift_service_pb2_grpc,
    inventory_service_pb2,
    inventory_service_pb2_grpc,
    lookup_service_pb2,
    lookup_service_pb2_grpc,
    reconcile_service_pb2,
    reconcile_service_pb2_grpc,
    sync_service_pb2,
    sync_service_pb2_grpc,
)

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


def register(server: grpc.aio.Server, parts: Parts) -> None:
    """Adds the servicers of the inventory to a server."""
    deployments = Deployments(parts.settings)
    slugs = DeploymentSlugs(parts.settings, caller=Service.INVENTORY)
    feed = EventFeed(parts.database, parts.stopping)
    inventory = InventoryServicer(parts.database, deployments, feed, slugs)
    inventory_service_pb2_grpc.add_InventoryServiceServicer_to_server(inventory, server)
    sync_service_pb2_grpc.add_SyncServiceServicer_to_server(
        SyncServicer(parts.database, deployments, internal_project=parts.settings.internal_project),
        server,
    )
    lookup_service_pb2_grpc.add_LookupServiceServicer_to_server(
        LookupServicer(parts.database), server
    )
    drift = DriftServicer(parts.database, FlowClient(parts.settings))
    drift_service_pb2_grpc.add_DriftServiceServicer_to_server(drift, server)
    reconcile = ReconcileServicer(parts.database, deployments)
    reconcile_service_pb2_grpc.add_ReconcileServiceServicer_to_server(reconcile, server)


DEFINITION = ServiceDefinition(
    service=Service.INVENTORY,
    protos=(
        drift_service_pb2.DESCRIPTOR,
        inventory_service_pb2.DESCRIPTOR,
        lookup_service_pb2.DESCRIPTOR,
        reconcile_service_pb2.DESCRIPTOR,
        sync_service_pb2.DESCRIPTOR,
    ),
    register=register,
    freshness=FRESHNESS,
)


if __name__ == "__main__":
    run(DEFINITION)
