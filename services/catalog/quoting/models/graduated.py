"""Every tier prices its own share."""

from decimal import Decimal

from services.catalog.plans import PlanItem
from services.catalog.quoting.models.charge import Charge
from services.catalog.quoting.numbers import NOUGHT

__all__ = ["charge"]


def charge(item: PlanItem, over: Decimal, part: int) -> Charge:
    """The sum of the tiers; the unit price that is named is that of the highest one reached."""
    amount, below, price = NOUGHT, NOUGHT, NOUGHT
    for tier in item.tiers:
        limit = over if tier.up_to_qty is None else min(over, tier.up_to_qty * part)
        price = tier.unit_price_cents
        amount += (limit - below) * price
        below = limit
        if limit == over:
            break
    return Charge(over, item.overage_unit, price, amount)
