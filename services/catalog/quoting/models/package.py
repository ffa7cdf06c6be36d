"""Every package begun costs its price."""

from decimal import Decimal

from services.catalog.plans import PlanItem
from services.catalog.quoting.models.charge import Charge

__all__ = ["charge"]


def charge(item: PlanItem, over: Decimal, part: int) -> Charge:
    """Packages of `package_qty` overage units, each at `overage_price_cents`."""
    if item.package_qty is None:
        raise ValueError("a package has no size")
    full, rest = divmod(over, item.package_qty * part)
    begun = (full + 1 if rest else full) * part
    price = item.overage_price_cents
    return Charge(begun, "package", price, begun * price)
