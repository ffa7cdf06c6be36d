"""What travels through Temporal about usage and margin: days, months, counts and cursors."""

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
    """Names the pass: the same again goes on with it, and changes nothing once it has ended."""


@dataclass(frozen=True, slots=True)
class PassCursor:
    """How far a pass is: the pages before this one are there."""

    page_token: str = ""
    counts: tuple[int, ...] = ()
    restarts: int = 0
    """How often it was begun anew, because what it reads had changed under it."""


@dataclass(frozen=True, slots=True)
class DayMetered:
    """What became of a day."""

    day: date
    interval_count: int
    unmetered_count: int
    usage_count: int
    overtaken: bool = False
    """Whether a younger pass over the day had ended before."""

    def in_words(self) -> str:
        """One line for a reader of the Temporal UI."""
        if self.overtaken:
            return f"{self.day}: metered by a younger run already"
        return (
            f"{self.day}: {self.usage_count:,} figures from {self.interval_count:,} intervals,"
            f" {self.unmetered_count:,} of them of no deployment or size"
        )


@dataclass(frozen=True, slots=True)
class MonthMetered:
    """What became of a month that was metered again."""

    period: date
    day_count: int
    usage_count: int

    def in_words(self) -> str:
        """One line for a reader of the Temporal UI."""
        return f"{self.period:%Y-%m} again: {self.usage_count:,} figures of {self.day_count} days"


@dataclass(frozen=True, slots=True)
class AttributeInput:
    """Costs to attribute: a half-open span of days, or a whole month's bill."""

    from_day: date
    to_day: date
    pass_key: str


@dataclass(frozen=True, slots=True)
class AttributedCosts:
    """How many costs fell to whom."""

    tenant_count: int = 0
    internal_count: int = 0
    unattributed_count: int = 0
    shared_count: int = 0

    def in_words(self) -> str:
        """One line for a reader of the Temporal UI."""
        return (
            f"{self.tenant_count:,} costs of tenants, {self.internal_count:,} internal,"
            f" {self.unattributed_count:,} of no known resource, {self.shared_count:,} shared"
        )


@dataclass(frozen=True, slots=True)
class MonthInput:
    """A month, by its first day, and the pass over it."""

    period: date
    pass_key: str


@dataclass(frozen=True, slots=True)
class Accrued:
    """How many subscriptions were priced."""

    priced_count: int = 0
    failed_count: int = 0

    def in_words(self) -> str:
        """One line for a reader of the Temporal UI."""
        return f"{self.priced_count:,} subscriptions priced, {self.failed_count:,} could not be"


@dataclass(frozen=True, slots=True)
class MeteringResult:
    """What became of a run; steps that failed are told last."""

    lines: tuple[str, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarginResult:
    """What a month's margin was computed from."""

    period: date
    costs: AttributedCosts
    tenant_count: int
    deployment_count: int

    def in_words(self) -> str:
        """One line for a reader of the Temporal UI."""
        return (
            f"{self.period:%Y-%m}: {self.tenant_count:,} tenants,"
            f" {self.deployment_count:,} deployments; {self.costs.in_words()}"
        )
