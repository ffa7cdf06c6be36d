"""Computes usage facts from the intervals of resources.

Ownership is point in time: an interval has the owner of its time, so moving a resource later does
not change earlier usage.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from kinds.metering import MeterRule
from services.analytics.usage.rules.dimensions import is_value
from services.analytics.usage.rules.readings import RULES, quantity
from services.common.values.periods import Period

__all__ = ["Interval", "Metered", "MeteredFact", "Unmeasured", "day_of", "meter"]

UNKNOWN_SIZE: Final = "the size is unknown"


@dataclass(frozen=True, slots=True)
class Interval:
    """A span in which a resource existed and no metered property changed."""

    resource_id: UUID
    kind: str
    name: str
    tenant_id: str
    deployment_id: str
    """Empty for none."""
    start: datetime
    end: datetime
    status: str
    size_gb: Decimal | None
    unmeasured: str = ""
    """Why the size is unknown, if the kind has a size."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """The metered properties of its kind, by the inventory's names."""


@dataclass(frozen=True, slots=True)
class MeteredFact:
    """The contribution of one resource to one figure, by dimensions."""

    tenant_id: str
    deployment_id: str
    resource_kind: str
    resource_id: UUID
    inventory_kind: str
    resource_name: str
    fact_from: datetime
    fact_to: datetime
    size_gb: Decimal | None
    """Set if the kind is measured by size."""
    qty: Decimal
    dimensions: Mapping[str, str]
    """Those of its meter that are known, such as `size`."""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A span of a resource that is metered by size, whose size is unknown (not zero)."""

    resource_id: UUID
    inventory_kind: str
    resource_name: str
    tenant_id: str
    deployment_id: str
    resource_kind: str
    span_from: datetime
    span_to: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Metered:
    """The facts of some intervals, and the number of intervals without a fact."""

    facts: Sequence[MeteredFact]
    unmetered: int
    """Without a deployment, of an unmetered kind, or of unknown size."""
    unmeasured: Sequence[Unmeasured] = ()
    """Intervals of unknown size, of any owner."""


def day_of(day: date) -> Period:
    """The period of a day."""
    return Period(day, day + timedelta(days=1))


def meter(intervals: Iterable[Interval], within: Period) -> Metered:
    """The facts of the intervals, clipped to a period.

    A powered-off interval counts as metered but gives no fact.
    """
    facts: list[MeteredFact] = []
    unmeasured: list[Unmeasured] = []
    unmetered = 0
    for interval in intervals:
        rules = RULES.get(interval.kind, ())
        unknown = [
            found for rule in rules if (found := _unmeasured(rule, interval, within)) is not None
        ]
        unmeasured += unknown
        if unknown or not rules or not (interval.tenant_id and interval.deployment_id):
            unmetered += 1
        if interval.tenant_id and interval.deployment_id:
            for rule in rules:
                facts += _facts(rule, interval, within)
    return Metered(facts, unmetered, unmeasured)


def _facts(rule: MeterRule, interval: Interval, within: Period) -> Iterator[MeteredFact]:
    """The facts of an interval by one rule, one for each of its dimensions.

    None if it does not count, or if an amount is unknown.
    """
    start, end = max(interval.start, within.start_at), min(interval.end, within.end_at)
    if start >= end:
        return
    amounts: dict[tuple[tuple[str, str], ...], Decimal] = {}
    for reading in rule.readings(interval.fields, interval.status, interval.size_gb):
        if reading.amount is None:
            return
        # One implausible value must not stop metering; it counts as unknown.
        known = tuple(pair for pair in reading.dimensions if is_value(pair[1]))
        amounts[known] = amounts.get(known, Decimal(0)) + reading.amount
    # Differences of the usage of running sums, so that the rounded parts add up to the whole.
    total, used = Decimal(0), Decimal(0)
    for dimensions in sorted(amounts):
        total += amounts[dimensions]
        before, used = used, quantity(rule.meter.basis, total, start, end)
        yield MeteredFact(
            tenant_id=interval.tenant_id,
            deployment_id=interval.deployment_id,
            resource_kind=rule.code,
            resource_id=interval.resource_id,
            inventory_kind=interval.kind,
            resource_name=interval.name,
            fact_from=start,
            fact_to=end,
            size_gb=None if rule.measure is None else interval.size_gb,
            qty=used - before,
            dimensions=dict(dimensions),
        )


def _unmeasured(rule: MeterRule, interval: Interval, within: Period) -> Unmeasured | None:
    """The part of an interval that cannot be metered because its size is unknown."""
    start, end = max(interval.start, within.start_at), min(interval.end, within.end_at)
    if rule.measure is None or interval.size_gb is not None or start >= end:
        return None
    reason = interval.unmeasured or UNKNOWN_SIZE
    return Unmeasured(
        interval.resource_id, interval.kind, interval.name, interval.tenant_id,
        interval.deployment_id, rule.code, start, end, reason,
    )  # fmt: skip  # a table
