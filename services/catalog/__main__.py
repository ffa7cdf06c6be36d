"""The process of the catalog service: constructs and connects its parts."""

from collections.abc import Iterable
from datetime import timedelta

from services.catalog.deployments.lifecycle_servicer import LifecycleServicer
from services.catalog.deployments.servicer import DeploymentServicer
from services.catalog.keys.identity import OwnIdentity
from services.catalog.keys.identity_servicer import IdentityServicer
from services.catalog.keys.servicer import ApiKeyServicer
from services.catalog.limits.read_limits import limits_loader
from services.catalog.limits.servicer import LimitServicer
from services.catalog.list_prices.servicer import ListPriceServicer
from services.catalog.meters.servicer import MeterServicer
from services.catalog.migrating.servicer import MigrationServicer, MigrationStepServicer
from services.catalog.plans.servicer import CatalogServicer
from services.catalog.pricing.draft_servicer import DraftPricingServicer
from services.catalog.pricing.servicer import PricingServicer
from services.catalog.quotes.margin_inputs import MarginChecker
from services.catalog.quotes.quote import Quoter
from services.catalog.quotes.servicer import QuoteServicer
from services.catalog.rebilling.servicer import RebillingServicer
from services.catalog.revocations.servicer import TokenRevocationServicer
from services.catalog.subscriptions.servicer import SubscriptionServicer
from services.common.durable import FlowClient
from services.common.server import Parts, ServiceDefinition, run
from services.common.settings import Service
from services.common.values.clock import Clock, utc_now

__all__ = ["DEFINITION", "servicers"]


def servicers(parts: Parts, now: Clock = utc_now) -> Iterable[object]:
    """The servicers of the catalog, with their clock."""
    database, settings = parts.database, parts.settings
    trial, token_life = timedelta(days=settings.trial_days), timedelta(days=settings.jwt_max_days)
    margins = MarginChecker(database, settings)
    quoter = Quoter(database, margins, parts.limits)
    return (
        CatalogServicer(database, now),
        DeploymentServicer(database, now, FlowClient(settings), longest_trial=trial),
        LifecycleServicer(database, now),
        LimitServicer(database, now, parts.limits),
        ListPriceServicer(database, margins.rates, now),
        MeterServicer(database, now),
        SubscriptionServicer(database, now),
        PricingServicer(database, margins.rates),
        DraftPricingServicer(database, margins.rates),
        MigrationServicer(
            database, now, FlowClient(settings), notice_days=settings.migration_notice_days
        ),
        MigrationStepServicer(database, now),
        QuoteServicer(database, quoter, now),
        RebillingServicer(database, now),
        ApiKeyServicer(database, now),
        TokenRevocationServicer(database, now, longest_life=token_life),
        IdentityServicer(OwnIdentity(database, now)),
    )


DEFINITION = ServiceDefinition(
    service=Service.CATALOG,
    servicers=servicers,
    identity=lambda parts: OwnIdentity(parts.database, utc_now),
    load_limits=limits_loader,
)


if __name__ == "__main__":
    run(DEFINITION)
