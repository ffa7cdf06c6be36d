"""The process of the analytics service: constructs and connects its parts."""

import grpc
from arcadia.analytics.v1 import (
    attribution_service_pb2,
    attribution_service_pb2_grpc,
    billing_profile_service_pb2,
    billing_profile_service_pb2_grpc,
    exchange_rate_service_pb2,
    exchange_rate_service_pb2_grpc,
    invoice_service_pb2,
    invoice_service_pb2_grpc,
    invoicing_service_pb2,
    invoicing_service_pb2_grpc,
    margin_service_pb2,
    margin_service_pb2_grpc,
    metering_service_pb2,
    metering_service_pb2_grpc,
    one_off_service_pb2,
    one_off_service_pb2_grpc,
    rollup_service_pb2,
    rollup_service_pb2_grpc,
    spend_service_pb2,
    spend_service_pb2_grpc,
    unbilled_usage_service_pb2,
    unbilled_usage_service_pb2_grpc,
    usage_service_pb2,
    usage_service_pb2_grpc,
)

from services.analytics.deployments import Deployments
from services.analytics.invoicing.invoices.document.rendering import Limits, Renderer
from services.analytics.invoicing.invoices.invoice_servicer import InvoiceServicer
from services.analytics.invoicing.one_offs.servicer import OneOffServicer
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.analytics.invoicing.profiles.servicer import BillingProfileServicer
from services.analytics.invoicing.rollups.freshness import Sources
from services.analytics.invoicing.rollups.invoicing_servicer import InvoicingServicer
from services.analytics.invoicing.rollups.rollup_servicer import RollupServicer
from services.analytics.invoicing.unbilled.servicer import UnbilledUsageServicer
from services.analytics.margin.attribution_servicer import AttributionServicer
from services.analytics.margin.margin_servicer import MarginServicer
from services.analytics.margin.rates_servicer import ExchangeRateServicer
from services.analytics.peers import Peers
from services.analytics.spend.servicer import SpendServicer
from services.analytics.usage.metering_servicer import MeteringServicer
from services.analytics.usage.store.freshness import FRESHNESS
from services.analytics.usage.usage_servicer import UsageServicer
from services.common.durable import FlowClient
from services.common.rpc.deployment_slugs import DeploymentSlugs
from services.common.server import Parts, ServiceDefinition, run
from services.common.settings import Service

__all__ = ["DEFINITION"]


def register(server: grpc.aio.Server, parts: Parts) -> None:
    """Adds the servicers of the analytics to a server."""
    peers = Peers.of(parts.settings)
    deployments = Deployments(peers.catalog_lifecycle)
    metering_service_pb2_grpc.add_MeteringServiceServicer_to_server(
        MeteringServicer(parts.database, peers, deployments), server
    )
    usage_service_pb2_grpc.add_UsageServiceServicer_to_server(
        UsageServicer(parts.database, deployments), server
    )
    spend_service_pb2_grpc.add_SpendServiceServicer_to_server(
        SpendServicer(parts.database, deployments, FlowClient(parts.settings)), server
    )
    _register_invoicing(server, parts, peers, deployments)
    _register_margin(server, parts, peers, deployments)


def _register_invoicing(
    server: grpc.aio.Server, parts: Parts, peers: Peers, deployments: Deployments
) -> None:
    database, catalog = parts.database, peers.catalog_pricing
    terms, flows = Terms.of(parts.settings), FlowClient(parts.settings)
    sources = Sources(peers.inventory_lookup, peers.billing_costs)
    billing_profile_service_pb2_grpc.add_BillingProfileServiceServicer_to_server(
        BillingProfileServicer(database), server
    )
    invoicing_service_pb2_grpc.add_InvoicingServiceServicer_to_server(
        InvoicingServicer(database, catalog, sources, terms), server
    )
    invoice_service_pb2_grpc.add_InvoiceServiceServicer_to_server(
        InvoiceServicer(database, catalog, flows, terms, Renderer(Limits.of(parts.settings))),
        server,
    )
    one_off_service_pb2_grpc.add_OneOffServiceServicer_to_server(
        OneOffServicer(database, deployments, terms), server
    )
    rollup_service_pb2_grpc.add_RollupServiceServicer_to_server(
        RollupServicer(database, flows, terms), server
    )
    unbilled_usage_service_pb2_grpc.add_UnbilledUsageServiceServicer_to_server(
        UnbilledUsageServicer(database, catalog, deployments), server
    )


def _register_margin(
    server: grpc.aio.Server, parts: Parts, peers: Peers, deployments: Deployments
) -> None:
    exchange_rate_service_pb2_grpc.add_ExchangeRateServiceServicer_to_server(
        ExchangeRateServicer(parts.database), server
    )
    attribution_service_pb2_grpc.add_AttributionServiceServicer_to_server(
        AttributionServicer(parts.database, peers, deployments), server
    )
    margin_service_pb2_grpc.add_MarginServiceServicer_to_server(
        MarginServicer(parts.database, DeploymentSlugs(parts.settings, caller=Service.ANALYTICS)),
        server,
    )


DEFINITION = ServiceDefinition(
    service=Service.ANALYTICS,
    protos=(
        attribution_service_pb2.DESCRIPTOR,
        billing_profile_service_pb2.DESCRIPTOR,
        exchange_rate_service_pb2.DESCRIPTOR,
        invoice_service_pb2.DESCRIPTOR,
        invoicing_service_pb2.DESCRIPTOR,
        margin_service_pb2.DESCRIPTOR,
        metering_service_pb2.DESCRIPTOR,
        one_off_service_pb2.DESCRIPTOR,
        rollup_service_pb2.DESCRIPTOR,
        spend_service_pb2.DESCRIPTOR,
        unbilled_usage_service_pb2.DESCRIPTOR,
        usage_service_pb2.DESCRIPTOR,
    ),
    register=register,
    freshness=FRESHNESS,
)


if __name__ == "__main__":
    run(DEFINITION)
