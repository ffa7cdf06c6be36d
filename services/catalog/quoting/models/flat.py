"""One amount for any usage."""

from decimal import Decimal

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.models.charge import Charge, Part

__all__ = ["charges"]


def charges(item: PlanItem, units: Decimal, scale: int, part: Part) -> tuple[Charge, ...]:
    """The monthly amount, prorated by billed days, if there is any overage."""
    price = Decimal(item.amount_cents)
    if part.days == part.month:
        return (Charge(Decimal(1), 1, "month", price),)
    return (Charge(Decimal(part.days), 1, "day", price, part.month),)
