"""The margin guard: compares a quote's margin with the floor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from services.catalog.list_prices.rules.list_prices import PricedUnit, find_price
from services.catalog.quoting.inputs import UsageSeries
from services.common.values.money import in_minor_units, whole_cents

__all__ = [
    "AT_PAR",
    "NOT_NEEDED",
    "UNKNOWN",
    "Conversion",
    "MarginGuard",
    "StatedCost",
    "guard",
    "margin_percent",
]


@dataclass(frozen=True, slots=True)
class Conversion:
    """How USD is converted: a rate in units of the quote's currency per USD, or at parity."""

    rate: Decimal | None = None
    known: bool = True
    parity_assumed: bool = False


NOT_NEEDED: Final = Conversion()
"""No conversion: the quote is in USD, or there is no amount."""
AT_PAR: Final = Conversion(parity_assumed=True)
"""No rate is set: parity is assumed and reported."""
UNKNOWN: Final = Conversion(known=False)


@dataclass(frozen=True, slots=True)
class StatedCost:
    """What the operator states that `per_qty` units of usage cost: cents, in a currency."""

    cents: Decimal
    per_qty: int
    currency: str

    @property
    def unit_cents(self) -> Fraction:
        """The exact cost of a unit of usage."""
        return Fraction(self.cents) / self.per_qty


@dataclass(frozen=True, slots=True)
class MarginGuard:
    """The cost side of a quote in its currency; None is unknown, not zero."""

    cost_cents: int | None
    margin_cents: int | None
    margin_percent: Decimal | None
    floor_percent: Decimal
    below_floor: bool | None
    unknown_kinds: tuple[str, ...]
    exchange_rate: Decimal | None
    parity_assumed: bool


NOTHING_STATED: Final[Mapping[str, StatedCost]] = MappingProxyType({})


def guard(
    price_cents: int,
    usage: Iterable[UsageSeries],
    list_prices: Iterable[PricedUnit],
    billed_usd: Mapping[str, Decimal],
    stated: Mapping[str, StatedCost] = NOTHING_STATED,
    *,
    currency: str,
    floor_percent: Decimal,
    conversion: Conversion,
) -> MarginGuard:
    """The cost of a month's projected usage and the margin, in minor units.

    A unit costs what the operator states, in USD or in the quote's currency; or the provider's list
    price for its dimensions; where there is none, what the bills say that it costs on average.
    """
    prices = [*list_prices]
    exact, own, unknown = Fraction(0), Fraction(0), set[str]()
    for series in usage:
        if not series.projected_qty:
            continue
        kind = series.resource_kind
        if kind in stated:
            cents = Fraction(series.projected_qty) * stated[kind].unit_cents
            if stated[kind].currency == currency:
                own += cents
            elif stated[kind].currency == "USD":
                exact += cents / 100
            else:
                unknown.add(kind)
            continue
        listed = find_price(prices, kind, series.dimensions)
        if listed is not None:
            exact += Fraction(series.projected_qty) * listed.unit_usd
        elif kind in billed_usd:
            exact += Fraction(series.projected_qty) * Fraction(billed_usd[kind])
        else:
            unknown.add(kind)
    cost = margin = percent = below = None
    if conversion.known and not unknown:
        usd = in_minor_units(exact * Fraction(conversion.rate or 1), currency)
        cost = whole_cents(usd + own)
        margin = price_cents - cost
        percent = margin_percent(price_cents, cost)
        # Compared before rounding; zero price and zero cost are not below the floor.
        below = margin * 100 < floor_percent * price_cents
    return MarginGuard(
        cost_cents=cost,
        margin_cents=margin,
        margin_percent=percent,
        floor_percent=floor_percent,
        below_floor=below,
        unknown_kinds=tuple(sorted(unknown)),
        exchange_rate=conversion.rate,
        parity_assumed=conversion.parity_assumed,
    )


def margin_percent(price: Fraction | int, cost: Fraction | int) -> Decimal | None:
    """The margin in percent of the price, rounded half up to one place; None for a price of 0."""
    if not price:
        return None
    return Decimal(whole_cents(Fraction(price - cost) * 1000 / Fraction(price))).scaleb(-1)
