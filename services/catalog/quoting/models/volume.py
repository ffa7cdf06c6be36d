"""The tier reached prices all units."""

from decimal import Decimal

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.models.charge import Charge, Part

__all__ = ["charges"]


def charges(item: PlanItem, units: Decimal, scale: int, part: Part) -> tuple[Charge, ...]:
    """All units at the price of the tier reached; a tier includes its limit."""
    number, reached = next(
        (number, tier)
        for number, tier in enumerate(item.tiers, start=1)
        if tier.up_to_qty is None or units <= tier.up_to_qty * scale
    )
    return (Charge(units, scale, item.overage_unit, reached.unit_price_cents, tier=number),)
