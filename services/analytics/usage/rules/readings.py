"""How each kind of resource is metered: one declaration a kind.

Usage is read as from a meter on the wall. What a resource has used since the start of the
month is a reading, exact to twelve digits after the point; what it used in a span is the
difference of the readings at both ends. So readings need not be finite decimals (a third of
an hour is none) and yet spans add up: cut a span where you like, in any order, at midnight
or elsewhere, and the parts make the whole to the last digit. A whole month of a gigabyte is
exactly one GB-month, a whole hour exactly one hour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from services.common.values.periods import Period, month_of

__all__ = ["RULES", "USAGE_KINDS", "MeteringRule", "Unit", "counts", "quantity"]

PLACES: Final = 12
"""Digits after the point of a reading: as many as a quantity may have on the wire."""

SECOND: Final = timedelta(seconds=1)
"""The granularity of every rule."""

SECONDS_A_DAY: Final = 86_400
SECONDS_AN_HOUR: Final = 3_600


class Unit(StrEnum):
    """What a resource counts while it exists."""

    HOURS = "hours"
    MONTHS = "months"
    """Its share of the month, so that a whole month is 1."""
    GB_MONTHS = "gb_months"
    """Its size times its share of the month."""


@dataclass(frozen=True, slots=True)
class MeteringRule:
    """How a kind of resource becomes usage."""

    inventory_kind: str
    resource_kind: str
    """The kind of usage, as in the catalog's plan items."""
    unit: Unit
    counts_powered_off: bool = False
    """Whether it counts while it is powered off."""


POWERED_OFF: Final = frozenset({"off"})
"""The provider's words for it."""

RULES: Final[Mapping[str, MeteringRule]] = {
    rule.inventory_kind: rule
    for rule in (
        MeteringRule("droplet", "droplet_hours", Unit.HOURS),
        MeteringRule("spaces_bucket", "spaces_gb_month", Unit.GB_MONTHS),
        MeteringRule("snapshot", "snapshot_gb_month", Unit.GB_MONTHS),
        # Backups, and images that were uploaded: kept as snapshots are.
        MeteringRule("image", "snapshot_gb_month", Unit.GB_MONTHS),
        MeteringRule("domain", "dns_zones", Unit.MONTHS),
    )
}
"""By the inventory's kind; what is not here is not metered."""

EVENT_KINDS: Final = frozenset({"bandwidth_gb", "llm_tokens"})
"""What no inventory can know; it is sent in as events. So may any other kind be."""

USAGE_KINDS: Final = EVENT_KINDS | {rule.resource_kind for rule in RULES.values()}
"""Every kind of usage."""


def counts(rule: MeteringRule, status: str) -> bool:
    """Whether a resource of the provider's `status` counts."""
    return rule.counts_powered_off or status not in POWERED_OFF


def quantity(
    rule: MeteringRule, start: datetime, end: datetime, size_gb: Decimal | None
) -> Decimal:
    """What a resource used in a half-open span, in units of its usage; exact.

    `size_gb` is what it held, and needed only where the unit asks for it. Raises ValueError
    where it is needed and unknown: unknown is not zero.
    """
    total = Decimal(0)
    while start < end:
        month = month_of(start.date())
        until = min(end, month.end_at)
        total += _reading(rule.unit, month, until, size_gb) - _reading(
            rule.unit, month, start, size_gb
        )
        start = until
    return total


def _reading(unit: Unit, month: Period, at: datetime, size_gb: Decimal | None) -> Decimal:
    """What was used from the start of the month until `at`, had it been there all along."""
    seconds = (at - month.start_at) // SECOND
    if unit is Unit.HOURS:
        return _rounded(Fraction(seconds, SECONDS_AN_HOUR))
    share = Fraction(seconds, month.days * SECONDS_A_DAY)
    if unit is Unit.MONTHS:
        return _rounded(share)
    if size_gb is None:
        raise ValueError("the size is unknown")
    return _rounded(Fraction(size_gb) * share)


def _rounded(value: Fraction) -> Decimal:
    """Half up, to so many places; values are never negative here."""
    scaled = (2 * value.numerator * 10**PLACES + value.denominator) // (2 * value.denominator)
    return Decimal(scaled).scaleb(-PLACES)
