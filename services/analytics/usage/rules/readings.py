"""Computes the usage of a meter in a span of time.

A reading is the usage of a resource since the start of the month, rounded to twelve decimal places.
The usage in a span is the difference of the readings at its ends. So the usage of adjacent spans
always adds up exactly, wherever a span is split, although usage may not be a finite decimal (a
third of an hour). A gigabyte for a whole month is exactly one GB-month, a whole hour exactly one
hour.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from kinds import RESOURCE_KINDS
from kinds.metering import Basis, MeterRule
from services.common.values.periods import Period, month_of

__all__ = ["RULES", "quantity"]

PLACES: Final = 12
"""Decimal places of a reading: the maximum of a quantity in the API."""

SECOND: Final = timedelta(seconds=1)
"""The time granularity of every rule."""

SECONDS_A_DAY: Final = 86_400
SECONDS_AN_HOUR: Final = 3_600

RULES: Final[Mapping[str, tuple[MeterRule, ...]]] = {
    kind.name: kind.meters for kind in RESOURCE_KINDS.values() if kind.meters
}
"""Rules by inventory kind; other kinds are not metered."""


def quantity(basis: Basis, amount: Decimal, start: datetime, end: datetime) -> Decimal:
    """The exact usage of `amount` in a half-open span, in units of the meter."""
    total = Decimal(0)
    while start < end:
        month = month_of(start.date())
        until = min(end, month.end_at)
        total += _reading(basis, amount, month, until) - _reading(basis, amount, month, start)
        start = until
    return total


def _reading(basis: Basis, amount: Decimal, month: Period, at: datetime) -> Decimal:
    """The reading at `at`: the usage since the start of the month, as if present throughout."""
    seconds = (at - month.start_at) // SECOND
    whole = SECONDS_AN_HOUR if basis is Basis.HOURS else month.days * SECONDS_A_DAY
    return _rounded(Fraction(amount) * Fraction(seconds, whole))


def _rounded(value: Fraction) -> Decimal:
    """Rounds half up; values are never negative here."""
    scaled = (2 * value.numerator * 10**PLACES + value.denominator) // (2 * value.denominator)
    return Decimal(scaled).scaleb(-PLACES)
