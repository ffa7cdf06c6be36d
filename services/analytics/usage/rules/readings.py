"""How much of a meter is used in a span of time.

Usage is read as from a meter on the wall. What a resource has used since the start of the
month is a reading, exact to twelve digits after the point; what it used in a span is the
difference of the readings at both ends. So readings need not be finite decimals (a third of
an hour is none) and yet spans add up: cut a span where you like, in any order, at midnight
or elsewhere, and the parts make the whole to the last digit. A whole month of a gigabyte is
exactly one GB-month, a whole hour exactly one hour.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from kinds import RESOURCE_KINDS
from kinds.metering import METERS, Basis, MeterRule
from services.common.values.periods import Period, month_of

__all__ = ["RULES", "USAGE_KINDS", "quantity"]

PLACES: Final = 12
"""Digits after the point of a reading: as many as a quantity may have on the wire."""

SECOND: Final = timedelta(seconds=1)
"""The granularity of every rule."""

SECONDS_A_DAY: Final = 86_400
SECONDS_AN_HOUR: Final = 3_600

RULES: Final[Mapping[str, tuple[MeterRule, ...]]] = {
    kind.name: kind.meters for kind in RESOURCE_KINDS.values() if kind.meters
}
"""By the inventory's kind; what is not here is not metered."""

USAGE_KINDS: Final = frozenset(METERS)
"""Every kind of usage. Those that no rule makes are sent in as events; so may any other be."""


def quantity(basis: Basis, amount: Decimal, start: datetime, end: datetime) -> Decimal:
    """What `amount` of a meter's things use in a half-open span, in units of the meter; exact."""
    total = Decimal(0)
    while start < end:
        month = month_of(start.date())
        until = min(end, month.end_at)
        total += _reading(basis, amount, month, until) - _reading(basis, amount, month, start)
        start = until
    return total


def _reading(basis: Basis, amount: Decimal, month: Period, at: datetime) -> Decimal:
    """What was used from the start of the month until `at`, had it been there all along."""
    seconds = (at - month.start_at) // SECOND
    whole = SECONDS_AN_HOUR if basis is Basis.HOURS else month.days * SECONDS_A_DAY
    return _rounded(Fraction(amount) * Fraction(seconds, whole))


def _rounded(value: Fraction) -> Decimal:
    """Half up, to so many places; values are never negative here."""
    scaled = (2 * value.numerator * 10**PLACES + value.denominator) // (2 * value.denominator)
    return Decimal(scaled).scaleb(-PLACES)
