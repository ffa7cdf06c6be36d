"""The process of the analytics service: constructs and connects its parts."""

from collections.abc import Iterable

from services.analytics.coverage.servicer import CoverageServicer
from services.analytics.deployments import Deployments
from services.analytics.generations.store import FRESHNESS
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
from services.analytics.meters import Meters
from services.analytics.peers import Peers
from services.analytics.simulation.servicer import SimulationServicer
from services.analytics.spend.servicer import SpendServicer
from services.analytics.usage.metering_servicer import MeteringServicer
from services.analytics.usage.usage_servicer import UsageServicer
from services.common.durable import FlowClient
from services.common.rpc.deployment_slugs import DeploymentSlugs
from services.common.server import Parts, ServiceDefinition, run
from services.common.settings import Service

__all__ = ["DEFINITION"]


def servicers(parts: Parts) -> Iterable[object]:
    """The servicers of the analytics."""
    database, settings = parts.database, parts.settings
    peers, terms, flows = Peers.of(settings), Terms.of(settings), FlowClient(settings)
    catalog, deployments = peers.catalog_pricing, Deployments(peers.catalog_lifecycle)
    meters = Meters(peers.catalog_meters)
    sources = Sources(peers.inventory_lookup, peers.billing_costs)
    return (
        MeteringServicer(database, peers, deployments, meters),
        UsageServicer(database, deployments, meters),
        SpendServicer(database, deployments, flows),
        BillingProfileServicer(database),
        InvoicingServicer(database, catalog, sources, terms),
        InvoiceServicer(database, catalog, flows, terms, Renderer(Limits.of(settings))),
        OneOffServicer(database, deployments, terms),
        RollupServicer(database, flows, terms),
        UnbilledUsageServicer(database, catalog, deployments),
        ExchangeRateServicer(database),
        AttributionServicer(database, peers, deployments),
        CoverageServicer(database, meters),
        SimulationServicer(
            database, peers.catalog_drafts, floor_percent=settings.margin_floor_percent
        ),
        MarginServicer(database, DeploymentSlugs(settings, caller=Service.ANALYTICS)),
    )


DEFINITION = ServiceDefinition(
    service=Service.ANALYTICS,
    servicers=servicers,
    freshness=FRESHNESS,
)


if __name__ == "__main__":
    run(DEFINITION)
