"""List prices of a provider, and the changes that a sync makes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final
from uuid import UUID

from services.common.values.periods import FIRST_YEAR

__all__ = [
    "ALWAYS",
    "Dimensions",
    "ListPrice",
    "PricedUnit",
    "Series",
    "Source",
    "Sync",
    "find_price",
    "planned_sync",
]

Dimensions = tuple[tuple[str, str], ...]
"""Pairs of key and value, sorted by key."""

Series = tuple[str, Dimensions]
"""What is priced: a meter, and the dimensions of its usage."""

ALWAYS: Final = date(FIRST_YEAR, 1, 1)
"""The first day of the first known price of a series: earlier prices are unknown."""


class Source(StrEnum):
    """The source of a list price."""

    API = "api"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class PricedUnit:
    """A price of the provider: `usd` for `per_qty` units of a meter, which is above 0."""

    meter: str
    dimensions: Dimensions
    usd: Decimal
    per_qty: Decimal
    source: Source

    @property
    def series(self) -> Series:
        """What is priced."""
        return self.meter, self.dimensions

    @property
    def unit_usd(self) -> Fraction:
        """The exact price of a unit, in USD."""
        return Fraction(self.usd) / Fraction(self.per_qty)


@dataclass(frozen=True, slots=True)
class ListPrice:
    """A stored list price; None as the end means open."""

    id: UUID
    provider: str
    price: PricedUnit
    effective_from: date
    effective_to: date | None


@dataclass(frozen=True, slots=True)
class Sync:
    """The changes of a sync."""

    added: Sequence[PricedUnit]
    changed: Sequence[tuple[ListPrice, PricedUnit, date]]
    """The open price, the new one, and the first day of the new one."""
    unchanged_count: int


def planned_sync(
    known: Iterable[ListPrice],
    declared: Iterable[PricedUnit],
    told: Iterable[PricedUnit],
    on: date,
) -> Sync:
    """The changes to the open prices of a provider, from a day on.

    The API's prices have precedence over declared ones. A price that is in neither any more stays
    open, because what was bought at it still costs it. A sync of a day before a price began
    replaces that price from its beginning.
    """
    wanted: Mapping[Series, PricedUnit] = {
        price.series: price for prices in (declared, told) for price in prices
    }
    open_prices = {one.price.series: one for one in known if one.effective_to is None}
    added = [price for series, price in wanted.items() if series not in open_prices]
    changed = [
        (one, price, max(on, one.effective_from))
        for series, price in wanted.items()
        if (one := open_prices.get(series)) and one.price.unit_usd != price.unit_usd
    ]
    return Sync(added, changed, len(wanted) - len(added) - len(changed))


def find_price(
    prices: Iterable[PricedUnit], meter: str, dimensions: Dimensions
) -> PricedUnit | None:
    """The price of usage with these dimensions: the match with most keys."""
    had = set(dimensions)
    matching = [one for one in prices if one.meter == meter and had.issuperset(one.dimensions)]
    return max(matching, key=lambda one: len(one.dimensions), default=None)
