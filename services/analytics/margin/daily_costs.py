"""Accrues costs that rebilling rules price: the bill is not there, so from the daily costs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from services.analytics.catalog_client import QuoteItem, QuoteOutcome, Subscriptions, quote
from services.analytics.generations.store import Work, current_generation
from services.analytics.invoicing.rollups.rules.rebilling import cost_inputs
from services.analytics.invoicing.rollups.store.rebilled import deployment_costs
from services.common.db.database import Database
from services.common.identity.callers import ALL
from services.common.values.periods import Period

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["COSTS_UNKNOWN", "with_daily_costs"]

COSTS_UNKNOWN: Final = "COSTS_UNKNOWN"
"""Why a subscription has no accrual whose costs are rebilled."""


async def with_daily_costs(
    database: Database,
    catalog: "PricingServiceAsyncStub",
    period: Period,
    subscriptions: Subscriptions,
    items: Sequence[QuoteItem],
    outcomes: Sequence[QuoteOutcome],
) -> list[QuoteOutcome]:
    """The outcomes, with the daily costs of subscriptions whose costs are rebilled.

    All lists have the same order. Without daily costs such an accrual is unknown, not lower.
    """
    priced = list(outcomes)
    places = [
        place
        for place, one in enumerate(outcomes)
        if one.quote is not None and one.quote.rebills_costs
    ]
    if not places:
        return priced
    tenants = sorted({subscriptions[place].subscription.tenant_id for place in places})
    async with database.read(ALL) as session:
        known = await current_generation(session, Work.DAILY_COSTS, period.start)
        costs = await deployment_costs(session, period, known.id, tenants) if known else {}
    again: list[tuple[int, QuoteItem]] = []
    for place in places:
        one = subscriptions[place].subscription
        theirs = costs.get((one.tenant_id, one.deployment_id))
        if known is None:
            priced[place] = QuoteOutcome(
                one.id, None, COSTS_UNKNOWN, f"the daily costs of {period.code} are not known"
            )
        elif theirs:
            inputs = cost_inputs(theirs, period)
            again.append((place, replace(items[place], costs=inputs)))
    outcomes = await quote(catalog, period, [item for _, item in again])
    for (place, _), outcome in zip(again, outcomes, strict=True):
        priced[place] = outcome
    return priced
