"""Splits shared costs, once all costs of the month are known."""

from decimal import Decimal

from services.analytics.generations.store import Generation
from services.analytics.margin.rules.attribution import UNATTRIBUTED, Cost, CostPart, split_exactly
from services.analytics.margin.rules.shared_costs import (
    SharedSplit,
    SharedTotal,
    SplitKey,
    chosen_key,
)
from services.analytics.margin.store import costs
from services.analytics.margin.store.costs import SHARES
from services.common.db.database import WriteSession

__all__ = ["split_shared"]


async def split_shared(session: WriteSession, of: Generation) -> None:
    """Splits shared costs by kind and day."""
    totals = await costs.shared_totals(session, of)
    if not totals:
        return
    used = await costs.shared_use(session, of)
    keys = {one.kind: chosen_key(one.kind, used) for one in totals}
    split = [
        (
            _shared_cost(one),
            [CostPart(UNATTRIBUTED, one.amount_usd)]
            if keys[one.kind].key is SplitKey.NONE
            else split_exactly(one.amount_usd, keys[one.kind].weights),
        )
        for one in totals
    ]
    await costs.write_costs(session, of, SHARES, split)
    for kind, chosen in keys.items():
        amount = sum((one.amount_usd for one in totals if one.kind == kind), Decimal(0))
        kept = SharedSplit(kind, chosen.key, chosen.remark, chosen.unkeyed_owners, amount)
        await costs.keep_split(session, of, kept)


def _shared_cost(total: SharedTotal) -> Cost:
    """The cost that represents all shared lines of a kind."""
    return Cost(
        cost_id=None, day=total.day, kind=total.kind, classification="shared", description="",
        resource_id=None, is_matched=False, hours=None, start=None, end=None, tenant_id="",
        deployment_id="", amount_usd=total.amount_usd,
        cost_key="/".join(["shared", total.kind, *([total.day.isoformat()] if total.day else [])]),
    )  # fmt: skip  # a table
