"""Each started package costs its price."""

from decimal import Decimal

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.models.charge import Charge, Part

__all__ = ["charges"]


def charges(item: PlanItem, units: Decimal, scale: int, part: Part) -> tuple[Charge, ...]:
    """Whole packages of `package_qty` overage units, each at `overage_price_cents`."""
    if item.package_qty is None:
        raise ValueError("a package has no size")
    full, rest = divmod(units, item.package_qty * scale)
    return (Charge(full + 1 if rest else full, 1, "package", item.overage_price_cents),)
