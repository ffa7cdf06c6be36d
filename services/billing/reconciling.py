"""Whether an invoice adds up: its lines, the provider's summary and the billing history."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

__all__ = ["PartialSum", "Reconciliation", "reconcile"]

PRECISION = 60
"""Digits of a sum: so many that no sum of amounts is ever rounded."""


@dataclass(frozen=True, slots=True)
class PartialSum:
    """The lines of one classification, together; amounts are in USD."""

    classification: str
    is_overage: bool
    line_count: int
    amount_usd: Decimal


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The three figures of an invoice, and the parts of the first; all in USD."""

    line_count: int
    lines_usd: Decimal
    overages_usd: Decimal
    taxes_usd: Decimal
    credits_usd: Decimal
    total_usd: Decimal
    summary_usd: Decimal | None
    residual_usd: Decimal
    """History less total: zero when the lines add up."""
    balanced: bool | None
    """Whether all three agree; None while the summary is unknown."""


def reconcile(
    sums: Iterable[PartialSum], *, summary_usd: Decimal | None, history_usd: Decimal
) -> Reconciliation:
    """Holds an invoice's lines against what else the provider says of it."""
    parts = {"lines": Decimal(0), "overages": Decimal(0), "tax": Decimal(0), "credit": Decimal(0)}
    count = 0
    with localcontext(prec=PRECISION):
        for one in sums:
            part = one.classification if one.classification in parts else "lines"
            parts["overages" if one.is_overage else part] += one.amount_usd
            count += one.line_count
        total = sum(parts.values(), Decimal(0))
        residual = history_usd - total
    return Reconciliation(
        line_count=count,
        lines_usd=parts["lines"],
        overages_usd=parts["overages"],
        taxes_usd=parts["tax"],
        credits_usd=parts["credit"],
        total_usd=total,
        summary_usd=summary_usd,
        residual_usd=residual,
        balanced=None if summary_usd is None else residual == 0 and summary_usd == total,
    )
