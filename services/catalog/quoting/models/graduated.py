"""Each tier prices its own units."""

from decimal import Decimal

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.models.charge import Charge, Part
from services.catalog.quoting.numbers import ZERO

__all__ = ["charges"]


def charges(item: PlanItem, units: Decimal, scale: int, part: Part) -> list[Charge]:
    """One charge per tier reached."""
    made, below = [], ZERO
    for number, tier in enumerate(item.tiers, start=1):
        limit = units if tier.up_to_qty is None else min(units, tier.up_to_qty * scale)
        made.append(
            Charge(limit - below, scale, item.overage_unit, tier.unit_price_cents, tier=number)
        )
        below = limit
        if limit == units:
            break
    return made
