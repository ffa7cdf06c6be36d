"""Adjustments: lines of a later invoice for a billed month whose price changed.

The month is repriced from current data, less what valid invoices already bill for it. The
allowances, caps and prices of that month apply. Whichever of those invoices is voided in the
meantime, the billed amounts and the adjustments add up to the month's price.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

from services.analytics.invoicing.invoices.rules.lines import ADJUSTMENT, Line, price_of
from services.common.values.money import plain, whole_cents
from services.common.values.periods import Period

__all__ = ["adjustment_lines"]

ORDER: Final = ("plan_base", "addon", "overage", "ad_hoc", "rebilled")
"""The order of the kinds of adjusted lines."""

PLACES: Final = Decimal("1e-12")
"""Decimal places of a quantity that no finite decimal equals."""

_WIDE: Final = Context(prec=200)


@dataclass(frozen=True, slots=True)
class Key:
    """The key of lines whose quantities may be added: the same usage at the same price."""

    kind: str
    resource_kind: str
    dimensions: tuple[tuple[str, str], ...]
    price_id: str
    unit: str
    unit_price_cents: Decimal
    price_base_qty: Decimal

    @property
    def place(self) -> tuple[object, ...]:
        """The sort key of its line."""
        order = ORDER.index(self.kind) if self.kind in ORDER else len(ORDER)
        return (order, self.kind, self.resource_kind, self.dimensions, self.price_id, self.unit,
                self.unit_price_cents, self.price_base_qty)  # fmt: skip  # a table


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of the lines of one key."""

    line: Line
    """The last line, which is the template of the adjustment."""
    qty: Fraction
    amount_cents: int
    meta: Mapping[str, str]
    """The metadata that all lines share."""
    service: Period
    """The service period that spans all lines."""
    service_days: int | None


def adjustment_lines(
    billed: Iterable[Line], known_now: Iterable[Line], month: Period
) -> tuple[Line, ...]:
    """The lines that adjust the billed amount of a month to its current price.

    `billed` are the lines of valid invoices, including earlier adjustments; `known_now` those of
    quotes from current data; all of one deployment, month and currency. Late usage within the
    allowance gives no line.
    """
    before, now = _summed(billed), _summed(known_now)
    keys = sorted({*before, *now}, key=lambda key: key.place)
    made = (_difference(key, before.get(key), now.get(key), month) for key in keys)
    return tuple(line for line in made if line is not None)


def _summed(lines: Iterable[Line]) -> dict[Key, Sum]:
    found: dict[Key, Sum] = {}
    for line in lines:
        key = _key(line)
        known = found.get(key)
        one = Sum(line, _qty(line), line.amount_cents, line.meta, line.service, line.service_days)
        found[key] = one if known is None else _added(known, one)
    return found


def _key(line: Line) -> Key:
    meta = line.meta
    adjusts = line.kind == ADJUSTMENT
    return Key(
        kind=meta.get("adjusts_kind", "overage") if adjusts else line.kind,
        resource_kind=line.resource_kind,
        dimensions=tuple(sorted(line.dimensions.items())),
        price_id=price_of(line.kind, meta)[1],
        unit=meta.get("adjusts_unit", line.unit),
        unit_price_cents=Decimal(meta.get("adjusts_unit_price_cents", line.unit_price_cents)),
        price_base_qty=Decimal(meta.get("adjusts_price_base_qty", line.price_base_qty)),
    )


def _qty(line: Line) -> Fraction:
    """The exact quantity of a line."""
    told = line.meta.get("adjusts_qty") or line.meta.get("exact_qty")
    return Fraction(told) if told else Fraction(line.qty)


def _added(one: Sum, other: Sum) -> Sum:
    days, more = one.service_days, other.service_days
    return Sum(
        line=other.line,
        qty=one.qty + other.qty,
        amount_cents=one.amount_cents + other.amount_cents,
        meta={name: said for name, said in one.meta.items() if other.meta.get(name) == said},
        service=Period(
            min(one.service.start, other.service.start), max(one.service.end, other.service.end)
        ),
        service_days=None if days is None or more is None else days + more,
    )


def _difference(key: Key, before: Sum | None, now: Sum | None, month: Period) -> Line | None:
    told = now or before
    if told is None:
        return None
    billed = before.amount_cents if before else 0
    amount = (now.amount_cents if now else 0) - billed
    if not amount:
        return None
    qty = (now.qty if now else Fraction(0)) - (before.qty if before else Fraction(0))
    late = f"Adjustment of {month.start:%B %Y}: "
    meta = {name: said for name, said in told.meta.items() if name not in _OF_THE_DIFFERENCE}
    meta |= {
        "adjusts_kind": key.kind,
        "adjusts_period": month.start.isoformat(),
        "billed_cents": str(billed),
    }
    span = told.service.overlap(month) or month
    line = replace(
        told.line,
        kind=ADJUSTMENT,
        description=f"{late}{told.line.description.removeprefix(late)}",
        unit=key.unit,
        unit_price_cents=key.unit_price_cents,
        price_base_qty=key.price_base_qty,
        amount_cents=amount,
        service_start=span.start,
        service_end=span.end,
        service_days=min(told.service_days, span.days) if told.service_days else None,
    )
    shown = _shown(qty)
    if whole_cents(Fraction(shown) * _price(key)) == amount:
        exact = {} if Fraction(shown) == qty else {"exact_qty": str(qty)}
        return replace(line, qty=shown, meta=meta | exact)
    # No quantity gives the difference of two rounded amounts, so the line has quantity 1 at that
    # amount.
    return replace(
        line,
        qty=Decimal(1),
        unit="adjustment",
        unit_price_cents=Decimal(amount),
        price_base_qty=Decimal(1),
        meta=meta
        | {
            "adjusts_qty": str(qty),
            "adjusts_unit": key.unit,
            "adjusts_unit_price_cents": plain(key.unit_price_cents),
            "adjusts_price_base_qty": plain(key.price_base_qty),
        },
    )


_OF_THE_DIFFERENCE: Final = frozenset(
    {
        "exact_qty", "proration", "adjusts_qty", "adjusts_unit", "adjusts_unit_price_cents",
        "adjusts_price_base_qty", "cost_usd",
    }
)  # fmt: skip  # a table
"""The metadata about a line's quantity, which an adjustment does not inherit."""


def _price(key: Key) -> Fraction:
    return Fraction(key.unit_price_cents) / Fraction(key.price_base_qty)


def _shown(qty: Fraction) -> Decimal:
    """The quantity as a decimal, rounded half up to 12 places if it is not finite."""
    return Decimal(whole_cents(qty / Fraction(PLACES))).scaleb(-12, _WIDE)
