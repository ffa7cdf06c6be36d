"""The engine's results: lines and quotes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from services.catalog.quoting.errors import MAX_AMOUNT, AmountOutOfRange
from services.catalog.quoting.inputs import Spans
from services.catalog.quoting.numbers import EXACT, cents, quantity_text, text_of
from services.catalog.quoting.spans import days_in

__all__ = [
    "Line",
    "LineKind",
    "PlanChange",
    "Quote",
    "ServiceDays",
    "content_of",
    "line",
    "line_json",
    "service_of",
    "total",
]


class LineKind(StrEnum):
    """The kind of a line."""

    PLAN_BASE = "plan_base"
    ADDON = "addon"
    OVERAGE = "overage"
    AD_HOC = "ad_hoc"
    REBILLED = "rebilled"


class ServiceDays(NamedTuple):
    """The days of a line: first day, exclusive end, and number.

    The days may have gaps.
    """

    start: date
    end: date
    days: int


@lru_cache(maxsize=4096)
def service_of(spans: Spans) -> ServiceDays | None:
    """The line days of some ranges; None if they are empty."""
    if not spans:
        return None
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    return ServiceDays(start, end, days_in(spans))


class Line(NamedTuple):
    """A line, as stored on invoices; numbers are exact decimals as text.

    The amount is `qty` times `unit_price_cents` over `price_base_qty`, rounded half up.
    """

    kind: LineKind
    resource_kind: str
    description: str
    qty: str
    unit: str
    unit_price_cents: str
    price_base_qty: str
    amount_cents: int
    service: ServiceDays | None
    meta: Mapping[str, str]
    dimensions: tuple[tuple[str, str], ...] = ()


def line(
    kind: LineKind,
    resource_kind: str,
    description: str,
    *,
    qty: Decimal,
    over: int,
    unit: str,
    unit_price: Decimal,
    base: int,
    service: ServiceDays | None,
    meta: dict[str, str],
    dimensions: tuple[tuple[str, str], ...] = (),
) -> Line:
    """Builds a line of `qty` / `over` units at a price for `base` of them; rounds once.

    Raises AmountOutOfRange.
    """
    amount = cents(qty * unit_price, over * base)
    if abs(amount) > MAX_AMOUNT:
        raise AmountOutOfRange(resource_kind)
    shown, exact = quantity_text(qty, over)
    if exact:
        meta["exact_qty"] = exact
        if cents(EXACT.multiply(Decimal(shown), unit_price), base) != amount:
            # The shown quantity would multiply to another amount, so it is shown as an integer
            # multiple, with the price for as many.
            shown, base = text_of(qty), over * base
    return Line(
        kind,
        resource_kind,
        description,
        shown,
        unit,
        text_of(unit_price),
        str(base),
        amount,
        service,
        meta,
        dimensions,
    )


def content_of(line: Line) -> dict[str, Any]:
    """The fields of a line in canonical JSON."""
    said = {
        "amount_cents": line.amount_cents,
        "description": line.description,
        "kind": line.kind,
        "meta": line.meta,
        "price_base_qty": line.price_base_qty,
        "qty": line.qty,
        "resource_kind": line.resource_kind,
        "service": None if line.service is None else _service_content(line.service),
        "unit": line.unit,
        "unit_price_cents": line.unit_price_cents,
    }
    if line.dimensions:
        said["dimensions"] = dict(line.dimensions)
    return said


@lru_cache(maxsize=1024)
def _service_content(service: ServiceDays) -> list[Any]:
    return [service.start.isoformat(), service.end.isoformat(), service.days]


def line_json(line: Line) -> orjson.Fragment:
    """A line as canonical JSON."""
    return orjson.Fragment(orjson.dumps(content_of(line), option=orjson.OPT_SORT_KEYS))


@dataclass(frozen=True, slots=True)
class PlanChange:
    """The price of a change in its month; credits are negative."""

    credits: tuple[Line, ...]
    charges: tuple[Line, ...]

    @property
    def net_cents(self) -> int:
        """The sum: the month's bill with the change less the bill without it."""
        return total(self.credits) + total(self.charges)


@dataclass(frozen=True, slots=True)
class Quote:
    """The result of inputs; amounts in whole cents, without tax."""

    recurring: tuple[Line, ...]
    first_invoice: tuple[Line, ...]
    overage: tuple[Line, ...]
    ad_hoc: tuple[Line, ...]
    change: PlanChange | None
    fixed_json: tuple[Sequence[Any], Sequence[Any]] | None = field(
        default=None, compare=False, repr=False
    )
    """The first two as canonical JSON, if they were built from common terms."""
    rebilled: tuple[Line, ...] = ()

    @property
    def all_in_monthly_cents(self) -> int:
        """The sum of recurring, overage, ad hoc and rebilled lines."""
        usage = total(self.overage) + total(self.ad_hoc) + total(self.rebilled)
        return total(self.recurring) + usage


def total(lines: Sequence[Line]) -> int:
    """The sum of lines, in whole cents."""
    return sum([line.amount_cents for line in lines]) if lines else 0
