"""What the engine answers: lines of one shape, and the quote that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from services.catalog.quoting.numbers import cents, fraction

__all__ = ["AmountOutOfRange", "Line", "LineKind", "PlanChange", "Quote", "line", "total"]


LARGEST_AMOUNT: Final = 10**15
"""Of a line, in cents: what comes to more is a mistake, and sums of it fit no 64 bits."""


class AmountOutOfRange(ValueError):
    """A line that comes to more than anybody owes: its price or its quantity is a mistake."""

    def __init__(self, resource_kind: str) -> None:
        super().__init__(f"{resource_kind} comes to more than {LARGEST_AMOUNT} cents")
        self.resource_kind = resource_kind


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
    if abs(whole) > LARGEST_AMOUNT:
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
