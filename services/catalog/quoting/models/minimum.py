"""Every unit costs the same, and all of them at least an amount."""

from decimal import Decimal

from services.catalog.plans import PlanItem
from services.catalog.quoting.models.charge import Charge

__all__ = ["charge"]


def charge(item: PlanItem, over: Decimal, part: int) -> Charge:
    """Units times their price, but no less than the amount of a month once anything is used."""
    price = item.overage_price_cents
    amount = max(over * price, Decimal(item.amount_cents * part))
    return Charge(over, item.overage_unit, price, amount)
