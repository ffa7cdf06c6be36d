"""The margin guard: compares a quote's margin with the floor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from services.catalog.quoting.inputs import UsageSeries
from services.common.values.money import in_minor_units, whole_cents

__all__ = [
    "AT_PAR",
    "NOT_NEEDED",
    "UNKNOWN",
    "Conversion",
    "MarginGuard",
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


def guard(
    price_cents: int,
    usage: Iterable[UsageSeries],
    unit_costs_usd: Mapping[str, Decimal],
    *,
    currency: str,
    floor_percent: Decimal,
    conversion: Conversion,
) -> MarginGuard:
    """The cost of a month's projected usage and the margin, in minor units."""
    used = [
        (series.resource_kind, series.projected_qty) for series in usage if series.projected_qty
    ]
    unknown = sorted({kind for kind, _ in used if kind not in unit_costs_usd})
    cost = margin = percent = below = None
    if conversion.known and not unknown:
        exact = sum(
            (Fraction(qty) * Fraction(unit_costs_usd[kind]) for kind, qty in used),
            Fraction(0),
        )
        cost = whole_cents(in_minor_units(exact * Fraction(conversion.rate or 1), currency))
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
        unknown_kinds=tuple(unknown),
        exchange_rate=conversion.rate,
        parity_assumed=conversion.parity_assumed,
    )


def margin_percent(price: Fraction | int, cost: Fraction | int) -> Decimal | None:
    """The margin in percent of the price, rounded half up to one place; None for a price of 0."""
    if not price:
        return None
    return Decimal(whole_cents(Fraction(price - cost) * 1000 / Fraction(price))).scaleb(-1)
