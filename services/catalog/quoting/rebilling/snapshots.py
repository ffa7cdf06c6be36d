"""The inputs of rebilling, frozen: rules, list prices, cost lines and the exchange rate."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from services.catalog.plans.rules.matches import Match
from services.common.values.cost_plus import Markup
from services.common.values.periods import Period

__all__ = ["CostRun", "CostSeries", "ListPriceSnapshot", "Rebilling", "RuleSnapshot"]

LIMIT: Final = Decimal(10**30)
"""Exclusive bound of an amount."""


@dataclass(frozen=True, slots=True)
class RuleSnapshot:
    """A rebilling rule.

    `match` is its scope: `tenant`, `plan`, `meter`, `sku` (the size) and, for cost lines, `product`
    with their values.
    """

    id: str
    code: str
    match: Match
    markup: Markup
    takes_all: bool
    """Whether it prices all usage of its meter; else only usage that nothing else prices."""
    meters: tuple[str, ...] = ()
    """The meters whose usage a rule on cost lines may replace; empty for one on list prices."""


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
class CostRun:
    """Cost lines of the provider's bill that charge the same days; `usd` is their sum."""

    first: date
    days: int
    usd: Decimal
    charges: int
    """The number of lines that charge something; refunds do not."""

    def __post_init__(self) -> None:
        if self.days < 1 or self.charges < 0:
            raise ValueError(f"{self.charges} cost lines of {self.days} days")
        if not abs(self.usd) < LIMIT:  # also Infinity; NaN is not comparable
            raise ValueError(f"{self.usd} is out of range")

    @property
    def span(self) -> Period:
        """Its days."""
        return Period(self.first, self.first + timedelta(days=self.days))


@dataclass(frozen=True, slots=True)
class CostSeries:
    """The cost lines of a product and size that are attributed to a deployment, by their days."""

    product: str
    """The kind of the billed resource, or the classification of a charge without one."""
    sku: str
    """The size, if any."""
    meters: tuple[str, ...]
    """The meters of the product."""
    runs: tuple[CostRun, ...]
    lines_hash: str
    """The hash of the cost lines with their ids and amounts."""

    @property
    def label(self) -> str:
        """Its label within a month."""
        return f"{self.product}[{self.sku}]" if self.sku else self.product

    @property
    def resource_kind(self) -> str:
        """The meter that its lines are listed under; the product without a meter."""
        return self.meters[0] if self.meters else self.product

    @property
    def facts(self) -> dict[str, str]:
        """What a rule's scope is compared with; a product of several meters has none."""
        said = {"product": self.product}
        if self.sku:
            said["sku"] = self.sku
        if len(self.meters) == 1:
            said["meter"] = self.meters[0]
        return said


@dataclass(frozen=True, slots=True)
class Rebilling:
    """What prices a tenant's usage and cost lines in a month.

    The rate is that of the month's first day, in units of the quote's currency for a USD; None if
    none is set.
    """

    tenant_id: str
    rules: tuple[RuleSnapshot, ...]
    list_prices: tuple[ListPriceSnapshot, ...]
    exchange_rate: Decimal | None
    rate_on: date
    bill_rules: tuple[RuleSnapshot, ...] = ()
    """Those on cost lines, which are in force with or without costs."""
    costs: tuple[CostSeries, ...] = ()
    names_values: bool = False
    """Whether lines are described with their dimensions; not those of the first rules."""
