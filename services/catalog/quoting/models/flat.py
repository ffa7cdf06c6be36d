"""One amount, however much is used."""

from decimal import Decimal

from services.catalog.plans import PlanItem
from services.catalog.quoting.models.charge import Charge

__all__ = ["charge"]


def charge(item: PlanItem, over: Decimal, part: int) -> Charge:
    """The amount of a month, as soon as anything is used."""
    price = Decimal(item.amount_cents)
    return Charge(Decimal(part), "month", price, price * part)
