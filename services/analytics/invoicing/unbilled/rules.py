"""Unbilled usage: usage on days that no subscription bills and no trial covers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from services.analytics.usage.rules.dimensions import json_of
from services.analytics.usage.rules.figures import UsageRun, UsageSeries
from services.common.values.money import plain
from services.common.values.periods import Period

__all__ = [
    "Covered",
    "Unbilled",
    "UnbilledTotal",
    "days_of_runs",
    "reason_of",
    "total_of",
    "unbilled_series",
    "unsold_content",
    "unsold_series",
]


@dataclass(frozen=True, slots=True)
class Covered:
    """Days that a subscription bills or a trial covers."""

    days: Period
    kinds: AbstractSet[str] | None = None
    """The kinds of usage that they cover; None for all."""

    def covers(self, kind: str) -> bool:
        """Whether usage of a kind is billed or free on these days."""
        return self.kinds is None or kind in self.kinds


@dataclass(frozen=True, slots=True)
class Unbilled:
    """The unbilled usage of one kind with the same dimensions by a deployment on one day."""

    tenant_id: str
    deployment_id: str
    resource_kind: str
    day: date
    qty: Decimal
    """In units of the kind, exact."""
    cents: Decimal | None
    """Value at the resource price, exact; None without a unit price in force."""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    """See UnbilledUsage in unbilled_usage_service.proto."""

    @property
    def place(self) -> tuple[str, str, str, int, str]:
        """Its sort key."""
        return (
            self.tenant_id, self.deployment_id, self.resource_kind, self.day.toordinal(),
            json_of(self.dimensions),
        )  # fmt: skip  # a table


@dataclass(frozen=True, slots=True)
class UnbilledTotal:
    """The value of unbilled usage, and how much there is."""

    deployment_count: int
    usage_count: int
    cents: Decimal
    """The sum of the priced figures, exact."""
    unpriced_count: int

    def __add__(self, other: "UnbilledTotal") -> "UnbilledTotal":
        """The sum of two totals without a common deployment."""
        return UnbilledTotal(
            self.deployment_count + other.deployment_count,
            self.usage_count + other.usage_count,
            self.cents + other.cents,
            self.unpriced_count + other.unpriced_count,
        )


def unbilled_series(
    usage: Iterable[UsageSeries], covered: Mapping[tuple[str, str], Sequence[Covered]]
) -> list[UsageSeries]:
    """The usage of days that are not covered, without fully covered series."""
    found = []
    for series in usage:
        of = covered.get((series.tenant_id, series.deployment_id), ())
        spans = [one.days for one in of if one.covers(series.resource_kind)]
        runs = tuple(run for one in series.runs for run in _uncovered(one, spans))
        if runs:
            found.append(replace(series, runs=runs))
    return found


def reason_of(day: date, covered: Iterable[Covered]) -> str:
    """Why usage of a day is not billed, by what covers the days of its deployment."""
    return "not_sold" if any(day in one.days for one in covered) else "no_subscription"


def unsold_content(unsold: Iterable[UsageSeries]) -> dict[str, Any]:
    """Usage in JSON, by kind: dimensions, and runs of a first day, days and quantity."""
    found: dict[str, Any] = {}
    for series in unsold:
        runs = [[run.first_day.isoformat(), run.days, plain(run.qty)] for run in series.runs]
        found.setdefault(series.resource_kind, []).append([dict(series.dimensions), runs])
    return found


def unsold_series(
    tenant_id: str, deployment_id: str, content: Mapping[str, Any]
) -> Iterator[UsageSeries]:
    """The usage of `unsold_content`."""
    for kind, of_kind in content.items():
        for dimensions, runs in of_kind:
            yield UsageSeries(
                tenant_id,
                deployment_id,
                kind,
                tuple(
                    UsageRun(date.fromisoformat(first), days, Decimal(qty))
                    for first, days, qty in runs
                ),
                "",
                dimensions,
            )


def days_of_runs(runs: Iterable[UsageRun]) -> Iterator[tuple[date, Decimal]]:
    """The days of some runs, with their usage."""
    for run in runs:
        for place in range(run.days):
            yield run.first_day + timedelta(days=place), run.qty


def total_of(unbilled: Iterable[Unbilled]) -> UnbilledTotal:
    """The value of unbilled usage, and how much there is."""
    deployments: set[tuple[str, str]] = set()
    cents, usages, unpriced = Decimal(0), 0, 0
    for one in unbilled:
        deployments.add((one.tenant_id, one.deployment_id))
        usages += 1
        if one.cents is None:
            unpriced += 1
        else:
            cents += one.cents
    return UnbilledTotal(len(deployments), usages, cents, unpriced)


def _uncovered(run: UsageRun, covered: Sequence[Period]) -> Iterator[UsageRun]:
    """The days of a run outside all spans, as runs."""
    first, end = run.first_day, run.first_day + timedelta(days=run.days)
    for span in sorted(covered):
        if span.end <= first or span.start >= end:
            continue
        if span.start > first:
            yield UsageRun(first, (span.start - first).days, run.qty)
        first = span.end
        if first >= end:
            return
    yield UsageRun(first, (end - first).days, run.qty)
