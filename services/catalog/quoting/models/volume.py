"""The tier that is reached prices all."""

from decimal import Decimal

from services.catalog.plans import PlanItem
from services.catalog.quoting.models.charge import Charge
from services.catalog.quoting.numbers import NOUGHT

__all__ = ["charge"]


def charge(item: PlanItem, over: Decimal, part: int) -> Charge:
    """All units at the price of their tier, but no less than a tier below comes to when full.

    Without that, one unit more could cost less where prices fall from tier to tier.
    """
    least, price = NOUGHT, NOUGHT
    for tier in item.tiers:
        price = tier.unit_price_cents
        limit = None if tier.up_to_qty is None else tier.up_to_qty * part
        if limit is None or over <= limit:
            break
        least = max(least, limit * price)
    return Charge(over, item.overage_unit, price, max(least, over * price))
