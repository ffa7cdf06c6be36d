"""What usage that came too late for its own invoice adds to the next one.

The closed month is quoted twice, without and with all that came late. What differs, less what
invoices that hold already billed of it, is billed: allowances, caps and prices of that month
hold, and nothing is billed twice or lost, whichever of those invoices is voided meanwhile.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from services.analytics.invoicing.lines import ADJUSTMENT, Line
from services.analytics.invoicing.tracing import price_of

__all__ = ["adjustment_lines"]

USED_LINES: Final = ("overage", "ad_hoc")
"""The kinds of line that usage makes; recurring ones do not change by it."""

Key = tuple[str, str, str]
"""The kind of line, of usage, and what priced it: a price may change within a month."""


def adjustment_lines(billed: Iterable[Line], known_now: Iterable[Line]) -> tuple[Line, ...]:
    """The lines of a quote of a closed month that differ by what came late.

    `billed` are the lines of the quote without it, and the adjustments of the month that were
    made before. All are of the same subscription and month, whose period the lines name as
    their own. Late usage within the allowance makes no line.
    """
    before, now = _by_kind(billed), _by_kind(known_now)
    made = (_difference(key, before.get(key), now.get(key)) for key in sorted({*before, *now}))
    return tuple(line for line in made if line is not None and line.amount_cents)


def _by_kind(lines: Iterable[Line]) -> dict[Key, Line]:
    found: dict[Key, Line] = {}
    for line in lines:
        kind = line.meta.get("adjusts_kind", "") if line.kind == ADJUSTMENT else line.kind
        if kind in USED_LINES:
            key = (kind, line.resource_kind, price_of(line.kind, line.meta)[1])
            found[key] = _sum(found[key], line) if key in found else line
    return found


def _sum(one: Line, other: Line) -> Line:
    """Two lines of one price, as when neither plan of a month covers what was used."""
    return replace(
        one,
        qty=one.qty + other.qty,
        amount_cents=one.amount_cents + other.amount_cents,
        meta={name: said for name, said in one.meta.items() if other.meta.get(name) == said},
    )


def _difference(key: Key, before: Line | None, now: Line | None) -> Line | None:
    line = now or before
    if line is None:
        return None
    late = f"Late usage of {line.service.start:%B %Y}: "
    qty_before = before.qty if before else Decimal(0)
    qty_now = now.qty if now else Decimal(0)
    amount_before = before.amount_cents if before else 0
    amount_now = now.amount_cents if now else 0
    return replace(
        line,
        kind=ADJUSTMENT,
        description=f"{late}{line.description.removeprefix(late)}",
        qty=qty_now - qty_before,
        amount_cents=amount_now - amount_before,
        meta={
            **line.meta,
            "adjusts_kind": key[0],
            "adjusts_period": line.service.start.isoformat(),
            "billed_cents": str(amount_before),
        },
    )
