"""The process of the billing service: constructs and connects its parts."""

from collections.abc import Iterable

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


def servicers(parts: Parts) -> Iterable[object]:
    """The servicers of billing."""
    database, settings = parts.database, parts.settings
    return (
        BalanceServicer(database),
        IngestServicer(database, InventoryLookup(settings)),
        ProviderInvoiceServicer(database, FlowClient(settings)),
        CostServicer(database, DeploymentSlugs(settings, caller=Service.BILLING)),
        CostFeedServicer(database),
    )


DEFINITION = ServiceDefinition(
    service=Service.BILLING,
    servicers=servicers,
    freshness=FRESHNESS,
)


if __name__ == "__main__":
    run(DEFINITION)
