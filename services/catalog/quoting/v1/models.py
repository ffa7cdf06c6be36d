"""How engine 1 priced what was used over the allowance and under the hard cap."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.v1.numbers import NOUGHT
from services.catalog.vocabulary import PricingModel

__all__ = ["MODELS", "Charge", "Model"]


@dataclass(frozen=True, slots=True)
class Charge:
    """So many units at a price, and what they come to, in cents, all times `part`."""

    units: Decimal
    unit: str
    unit_price_cents: Decimal
    amount: Decimal


def _per_unit(item: PlanItem, over: Decimal, part: int) -> Charge:
    """Units times their price."""
    price = item.overage_price_cents
    return Charge(over, item.overage_unit, price, over * price)


def _graduated(item: PlanItem, over: Decimal, part: int) -> Charge:
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


def _volume(item: PlanItem, over: Decimal, part: int) -> Charge:
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


def _package(item: PlanItem, over: Decimal, part: int) -> Charge:
    """Packages of `package_qty` overage units, each at `overage_price_cents`."""
    if item.package_qty is None:
        raise ValueError("a package has no size")
    full, rest = divmod(over, item.package_qty * part)
    begun = (full + 1 if rest else full) * part
    price = item.overage_price_cents
    return Charge(begun, "package", price, begun * price)


def _flat(item: PlanItem, over: Decimal, part: int) -> Charge:
    """The amount of a month, as soon as anything is used."""
    price = Decimal(item.amount_cents)
    return Charge(Decimal(part), "month", price, price * part)


def _minimum(item: PlanItem, over: Decimal, part: int) -> Charge:
    """Units times their price, but no less than the amount of a month once anything is used."""
    price = item.overage_price_cents
    amount = max(over * price, Decimal(item.amount_cents * part))
    return Charge(over, item.overage_unit, price, amount)


Model = Callable[[PlanItem, Decimal, int], Charge]

MODELS: Final[Mapping[PricingModel, Model]] = {
    PricingModel.ALLOWANCE: _per_unit,
    PricingModel.PER_UNIT: _per_unit,
    PricingModel.GRADUATED: _graduated,
    PricingModel.VOLUME: _volume,
    PricingModel.PACKAGE: _package,
    PricingModel.FLAT: _flat,
    PricingModel.MINIMUM: _minimum,
}
