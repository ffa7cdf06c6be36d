"""Every unit costs the same."""

from decimal import Decimal

from services.catalog.plans import PlanItem
from services.catalog.quoting.models.charge import Charge

__all__ = ["charge"]


def charge(item: PlanItem, over: Decimal, part: int) -> Charge:
    """Units times their price."""
    price = item.overage_price_cents
    return Charge(over, item.overage_unit, price, over * price)
