"""Prices subscriptions with the provider's costs of their deployments, where a rule rebills them.

Few subscriptions have such a rule, and only the catalog knows which: so all are priced without
costs first, and those with a rule again with the costs that are known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from services.analytics.catalog_client import QuoteItem, QuoteOutcome, quote
from services.analytics.invoicing.rollups.quotes import Subscribed
from services.analytics.invoicing.rollups.repricing import ClosedMonth
from services.analytics.invoicing.rollups.rules.rebilling import DeploymentCost, cost_inputs
from services.analytics.invoicing.rollups.store.billed import Deployment
from services.analytics.invoicing.rollups.store.rebilled import deployment_costs
from services.common.db.database import Database
from services.common.identity.callers import ALL
from services.common.values.periods import Period

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["CostPricing"]

Costs = Mapping[Deployment, Sequence[DeploymentCost]]


class CostPricing:
    """Asks the catalog for quotes, with costs where they are rebilled."""

    def __init__(self, database: Database, catalog: "PricingServiceAsyncStub") -> None:
        self._database = database
        self._catalog = catalog

    async def quoted(
        self, month: ClosedMonth, subscriptions: Sequence[Subscribed], items: Sequence[QuoteItem]
    ) -> tuple[list[QuoteOutcome], Costs]:
        """The outcomes of the items, and the costs of the deployments that are rebilled.

        Both lists have the same order. A month whose bill is not complete is priced without costs,
        unless they are billed already; of the own month a rule may wait for the bill, if the
        roll-up lets it.
        """
        missing = month.may_wait and not month.bill.is_complete
        outcomes = await quote(self._catalog, month.period, items, bill_missing=missing)
        again = {
            place: one
            for place, (one, outcome) in enumerate(zip(subscriptions, outcomes, strict=True))
            if outcome.quote is not None and outcome.quote.rebills_costs and month.has_costs(one)
        }
        costs = await self.costs(
            month.period,
            month.bill.generation_id,
            sorted({one.tenant_id for one in again.values()}),
        )
        with_costs = [
            replace(items[place], costs=cost_inputs(costs[one.deployment], month.period))
            for place, one in again.items()
            if one.deployment in costs
        ]
        places = [place for place, one in again.items() if one.deployment in costs]
        priced = await quote(self._catalog, month.period, with_costs)
        for place, outcome in zip(places, priced, strict=True):
            outcomes[place] = outcome
        return outcomes, costs

    async def costs(
        self, period: Period, generation_id: int, tenant_ids: Sequence[str]
    ) -> dict[Deployment, list[DeploymentCost]]:
        """The costs of tenants' deployments by a generation."""
        if not tenant_ids:
            return {}
        async with self._database.read(ALL) as session:
            return await deployment_costs(session, period, generation_id, tenant_ids)
