"""The process of the billing service: constructs and connects its parts."""

import grpc
from arcadia.billing.v1 import (
    balance_service_pb2,
    balance_service_pb2_grpc,
    cost_feed_service_pb2,
    cost_feed_service_pb2_grpc,
    cost_service_pb2,
    cost_service_pb2_grpc,
    ingest_service_pb2,
    ingest_service_pb2_grpc,
    provider_invoice_service_pb2,
    provider_invoice_service_pb2_grpc,
)

from services.billing.balances.servicer import BalanceServicer
from services.billing.costs.cost_feed_servicer import CostFeedServicer
from services.billing.costs.cost_servicer import CostServicer
from services.billing.costs.provider_invoice_servicer import ProviderInvoiceServicer
from services.billing.ingest.ingest_servicer import IngestServicer
from services.billing.ingest.match import InventoryLookup
from services.billing.ingest.store.ingests import FRESHNESS
from services.common.durable import FlowClient
from services.common.rpc.deployment_slugs import DeploymentSlugs
from services.common.server import Parts, ServiceDefinition, run
from services.common.settings import Service

__all__ = ["DEFINITION"]


def register(server: grpc.aio.Server, parts: Parts) -> None:
    """Adds the servicers of billing to a server."""
    balance_service_pb2_grpc.add_BalanceServiceServicer_to_server(
        BalanceServicer(parts.database), server
    )
    ingest_service_pb2_grpc.add_IngestServiceServicer_to_server(
        IngestServicer(parts.database, InventoryLookup(parts.settings)), server
    )
    provider_invoice_service_pb2_grpc.add_ProviderInvoiceServiceServicer_to_server(
        ProviderInvoiceServicer(parts.database, FlowClient(parts.settings)), server
    )
    slugs = DeploymentSlugs(parts.settings, caller=Service.BILLING)
    cost_service_pb2_grpc.add_CostServiceServicer_to_server(
        CostServicer(parts.database, slugs), server
    )
    cost_feed_service_pb2_grpc.add_CostFeedServiceServicer_to_server(
        CostFeedServicer(parts.database), server
    )


DEFINITION = ServiceDefinition(
    service=Service.BILLING,
    protos=(
        balance_service_pb2.DESCRIPTOR,
        cost_feed_service_pb2.DESCRIPTOR,
        cost_service_pb2.DESCRIPTOR,
        ingest_service_pb2.DESCRIPTOR,
        provider_invoice_service_pb2.DESCRIPTOR,
    ),
    register=register,
    freshness=FRESHNESS,
)


if __name__ == "__main__":
    run(DEFINITION)
