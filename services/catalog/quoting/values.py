"""Values usage at the unit prices in force on its days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from services.catalog.quoting.inputs import PriceSnapshot, UsageRun, UsageSeries
from services.catalog.quoting.numbers import EXACT
from services.catalog.quoting.usage import OVERAGE_UNITS

__all__ = ["ValuedRun", "value_of"]


@dataclass(frozen=True, slots=True)
class ValuedRun:
    """A daily quantity on some days, with the value of one day in cents.

    The value is None if no price is in force.
    """

    run: UsageRun
    cents: Decimal | None


def value_of(series: UsageSeries, prices: Sequence[PriceSnapshot]) -> list[ValuedRun]:
    """The value of usage, split where its price changes."""
    of_kind = [price for price in prices if price.resource_kind == series.resource_kind]
    with localcontext(EXACT):
        return [valued for run in series.runs for valued in _valued(run, of_kind)]


def _valued(run: UsageRun, prices: Sequence[PriceSnapshot]) -> Iterator[ValuedRun]:
    start = run.first
    while start < run.end:
        price = next((price for price in prices if price.in_force(start)), None)
        end = min([run.end, *_edges(prices, start)])
        piece = UsageRun(start, (end - start).days, run.qty)
        if price is None:
            yield ValuedRun(piece, None)
        else:
            units = run.qty * OVERAGE_UNITS[price.resource_kind][price.unit]
            yield ValuedRun(piece, units * price.unit_price_cents)
        start = end


def _edges(prices: Sequence[PriceSnapshot], after: date) -> Iterator[date]:
    """The later days on which a price begins or ends."""
    for price in prices:
        for edge in (price.effective_from, price.effective_to):
            if edge is not None and edge > after:
                yield edge
