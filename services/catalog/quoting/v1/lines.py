"""What the engine answers: lines of one shape, and the quote that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from services.catalog.quoting.errors import MAX_AMOUNT, AmountOutOfRange
from services.catalog.quoting.v1.numbers import cents, fraction

__all__ = ["Line", "LineKind", "PlanChange", "Quote", "line", "total"]


class LineKind(StrEnum):
    """What a line charges for."""

    PLAN_BASE = "plan_base"
    ADDON = "addon"
    OVERAGE = "overage"
    AD_HOC = "ad_hoc"


@dataclass(frozen=True, slots=True)
class Line:
    """One line, as an invoice keeps it; numbers are exact decimals as text."""

    kind: LineKind
    resource_kind: str
    description: str
    qty: str
    unit: str
    unit_price_cents: str
    amount_cents: int
    meta: Mapping[str, str]
    numerator: Decimal = field(compare=False)
    denominator: int = field(compare=False)

    @property
    def exact_cents(self) -> Fraction:
        """The amount before it was rounded."""
        return fraction(self.numerator, self.denominator)


def line(
    kind: LineKind,
    resource_kind: str,
    description: str,
    *,
    qty: str,
    unit: str,
    unit_price: str,
    amount: tuple[Decimal, int],
    meta: Mapping[str, str],
) -> Line:
    """A line of an exact amount (numerator and denominator, in cents), rounded here, once.

    Raises AmountOutOfRange.
    """
    whole = cents(*amount)
    if abs(whole) > MAX_AMOUNT:
        raise AmountOutOfRange(resource_kind)
    return Line(kind, resource_kind, description, qty, unit, unit_price, whole, meta, *amount)


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What a change costs in the month in which it is made; credits are negative."""

    credits: tuple[Line, ...]
    charges: tuple[Line, ...]

    @property
    def net_cents(self) -> int:
        """Both together."""
        return total(self.credits) + total(self.charges)


@dataclass(frozen=True, slots=True)
class Quote:
    """What the inputs come to; amounts in whole cents, without tax."""

    recurring: tuple[Line, ...]
    first_invoice: tuple[Line, ...]
    overage: tuple[Line, ...]
    ad_hoc: tuple[Line, ...]
    change: PlanChange | None

    @property
    def all_in_monthly_cents(self) -> int:
        """Recurring, overage and ad hoc together."""
        return total(self.recurring) + total(self.overage) + total(self.ad_hoc)


def total(lines: Sequence[Line]) -> int:
    """The sum of lines, in whole cents."""
    return sum([line.amount_cents for line in lines])
