"""Payloads of usage and margin: days, months, counts and cursors."""

from dataclasses import dataclass
from datetime import date

__all__ = [
    "Accrued",
    "AttributeInput",
    "AttributedCosts",
    "DayMetered",
    "MarginResult",
    "MeterDayInput",
    "MeteringResult",
    "MonthInput",
    "MonthMetered",
    "PassCursor",
]


@dataclass(frozen=True, slots=True)
class MeterDayInput:
    """A day to meter."""

    day: date
    pass_key: str
    """The key of the generation, which makes metering idempotent."""


@dataclass(frozen=True, slots=True)
class PassCursor:
    """The cursor of a generation: earlier pages are written."""

    page_token: str = ""
    counts: tuple[int, ...] = ()
    restarts: int = 0
    """How often it was restarted because its source changed."""


@dataclass(frozen=True, slots=True)
class DayMetered:
    """The outcome of a day."""

    day: date
    interval_count: int
    unmetered_count: int
    usage_count: int
    overtaken: bool = False
    """Whether a younger generation of the day finished before."""

    def in_words(self) -> str:
        """One line for the Temporal UI."""
        if self.overtaken:
            return f"{self.day}: already metered by a newer run"
        return (
            f"{self.day}: {self.usage_count:,} figures from {self.interval_count:,} intervals,"
            f" {self.unmetered_count:,} of them without deployment or size"
        )


@dataclass(frozen=True, slots=True)
class MonthMetered:
    """The outcome of a month that was metered again."""

    period: date
    day_count: int
    usage_count: int

    def in_words(self) -> str:
        """One line for the Temporal UI."""
        return f"{self.period:%Y-%m} again: {self.usage_count:,} figures of {self.day_count} days"


@dataclass(frozen=True, slots=True)
class AttributeInput:
    """Costs to attribute: a half-open range of days, or a month's bill."""

    from_day: date
    to_day: date
    pass_key: str


@dataclass(frozen=True, slots=True)
class AttributedCosts:
    """The numbers of costs by owner type."""

    tenant_count: int = 0
    internal_count: int = 0
    unattributed_count: int = 0
    shared_count: int = 0

    def in_words(self) -> str:
        """One line for the Temporal UI."""
        return (
            f"{self.tenant_count:,} costs of tenants, {self.internal_count:,} internal,"
            f" {self.unattributed_count:,} without a known resource, {self.shared_count:,} shared"
        )


@dataclass(frozen=True, slots=True)
class MonthInput:
    """A month, by its first day, with the key of the generation."""

    period: date
    pass_key: str


@dataclass(frozen=True, slots=True)
class Accrued:
    """The numbers of priced and failed subscriptions."""

    priced_count: int = 0
    failed_count: int = 0

    def in_words(self) -> str:
        """One line for the Temporal UI."""
        return f"{self.priced_count:,} subscriptions priced, {self.failed_count:,} failed"


@dataclass(frozen=True, slots=True)
class MeteringResult:
    """The outcome of a run; failed steps are last."""

    lines: tuple[str, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarginResult:
    """The counts of a month's margin."""

    period: date
    costs: AttributedCosts
    tenant_count: int
    deployment_count: int

    def in_words(self) -> str:
        """One line for the Temporal UI."""
        return (
            f"{self.period:%Y-%m}: {self.tenant_count:,} tenants,"
            f" {self.deployment_count:,} deployments; {self.costs.in_words()}"
        )
