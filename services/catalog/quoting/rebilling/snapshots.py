"""The inputs of rebilling, frozen: rules on list prices, the list prices, the exchange rate."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.catalog.plans.rules.matches import Match
from services.common.values.cost_plus import Markup

__all__ = ["ListPriceSnapshot", "Rebilling", "RuleSnapshot"]


@dataclass(frozen=True, slots=True)
class RuleSnapshot:
    """A rebilling rule on list prices.

    `match` is its scope: `tenant`, `plan`, `meter` and `sku` (the size) with their values.
    """

    id: str
    code: str
    match: Match
    markup: Markup
    takes_all: bool
    """Whether it prices all usage of its meter; else only usage that nothing else prices."""


@dataclass(frozen=True, slots=True)
class ListPriceSnapshot:
    """A list price with its days: `usd` for `per_qty` units of usage with these dimensions."""

    id: str
    meter: str
    dimensions: tuple[tuple[str, str], ...]
    usd: Decimal
    per_qty: Decimal
    effective_from: date
    effective_to: date | None

    def in_force(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)

    def is_for(self, meter: str, dimensions: tuple[tuple[str, str], ...]) -> bool:
        """Whether it is a price of this usage."""
        return self.meter == meter and set(dimensions).issuperset(self.dimensions)


@dataclass(frozen=True, slots=True)
class Rebilling:
    """What prices a tenant's usage from cost in a month.

    The rate is that of the month's first day, in units of the quote's currency for a USD; None if
    none is set.
    """

    tenant_id: str
    rules: tuple[RuleSnapshot, ...]
    list_prices: tuple[ListPriceSnapshot, ...]
    exchange_rate: Decimal | None
    rate_on: date
