"""Every unit costs the same."""

from decimal import Decimal

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.models.charge import Charge, Part

__all__ = ["charges"]


def charges(item: PlanItem, units: Decimal, scale: int, part: Part) -> tuple[Charge, ...]:
    """Units times their price."""
    return (Charge(units, scale, item.overage_unit, item.overage_price_cents),)
