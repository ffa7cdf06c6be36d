"""Values usage at the unit prices in force on its days: the most specific one for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from services.catalog.plans.rules.matches import winner
from services.catalog.quoting.inputs import PriceSnapshot, UsageRun, UsageSeries
from services.catalog.quoting.numbers import EXACT, quantity_text
from services.catalog.quoting.units import MeterSnapshot, in_units

__all__ = ["ValuedRun", "price_on", "priced_runs", "value_of"]


@dataclass(frozen=True, slots=True)
class ValuedRun:
    """A daily quantity on some days, with the value of one day in cents.

    The value is None if no price is in force.
    """

    run: UsageRun
    cents: Decimal | None


def value_of(
    series: UsageSeries, prices: Sequence[PriceSnapshot], meters: tuple[MeterSnapshot, ...] = ()
) -> list[ValuedRun]:
    """The value of usage, split where its price changes; `meters` are the operator's of it.

    A value that no decimal equals is rounded half up to 12 places.
    """
    of_kind = [price for price in prices if price.resource_kind == series.resource_kind]
    with localcontext(EXACT):
        return [*_valued(series, of_kind, meters)]


def _valued(
    series: UsageSeries, prices: Sequence[PriceSnapshot], meters: tuple[MeterSnapshot, ...]
) -> Iterator[ValuedRun]:
    for run, price in priced_runs(series, prices):
        if price is None:
            yield ValuedRun(run, None)
        else:
            units, over = in_units(run.qty, 1, price.resource_kind, price.unit, meters)
            value, _ = quantity_text(units * price.unit_price_cents, over)
            yield ValuedRun(run, Decimal(value))


def price_on(
    day: date, dimensions: tuple[tuple[str, str], ...], prices: Sequence[PriceSnapshot]
) -> PriceSnapshot | None:
    """The price of usage on a day; None if none is in force."""
    return winner((price for price in prices if price.in_force(day)), dict(dimensions))


def priced_runs(
    series: UsageSeries, prices: Sequence[PriceSnapshot]
) -> Iterator[tuple[UsageRun, PriceSnapshot | None]]:
    """The runs of usage, split where its price changes, with their prices."""
    for run in series.runs:
        start = run.first
        while start < run.end:
            end = min([run.end, *_edges(prices, start)])
            price = price_on(start, series.dimensions, prices)
            yield UsageRun(start, (end - start).days, run.qty), price
            start = end


def _edges(prices: Sequence[PriceSnapshot], after: date) -> Iterator[date]:
    """The later days on which a price begins or ends."""
    for price in prices:
        for edge in (price.effective_from, price.effective_to):
            if edge is not None and edge > after:
                yield edge
