"""What usage that came too late for its own invoice adds to the next one.

The closed month is quoted twice, without and with what came late. What differs is billed:
allowances, caps and prices of that month hold, and nothing is billed twice.
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

    Both quotes are of the same subscription and month, whose period the lines name as their
    own. Late usage within the allowance makes no line.
    """
    before, now = _by_kind(billed), _by_kind(known_now)
    made = (_difference(before.get(key), now.get(key)) for key in sorted({*before, *now}))
    return tuple(line for line in made if line is not None and line.amount_cents)


def _by_kind(lines: Iterable[Line]) -> dict[Key, Line]:
    return {
        (line.kind, line.resource_kind, price_of(line.kind, line.meta)[1]): line
        for line in lines
        if line.kind in USED_LINES
    }


def _difference(before: Line | None, now: Line | None) -> Line | None:
    line = now or before
    if line is None:
        return None
    qty_before = before.qty if before else Decimal(0)
    qty_now = now.qty if now else Decimal(0)
    amount_before = before.amount_cents if before else 0
    amount_now = now.amount_cents if now else 0
    return replace(
        line,
        kind=ADJUSTMENT,
        description=f"Late usage of {line.service.start:%B %Y}: {line.description}",
        qty=qty_now - qty_before,
        amount_cents=amount_now - amount_before,
        meta={
            **line.meta,
            "adjusts_kind": line.kind,
            "adjusts_period": line.service.start.isoformat(),
            "billed_cents": str(amount_before),
        },
    )
