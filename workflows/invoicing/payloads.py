"""What travels through Temporal about invoices: ids, counts and cursors, never a record."""

from dataclasses import dataclass

from contracts.invoicing import RollupInput

__all__ = [
    "CheckOutcome",
    "Freshness",
    "HandOverResult",
    "HandOverRound",
    "IssueInput",
    "IssueOutcome",
    "PageInput",
    "PageOutcome",
    "Plan",
    "RollupOpening",
    "RollupResult",
    "StatusInput",
]


@dataclass(frozen=True, slots=True)
class RollupOpening:
    """What a roll-up is opened with, under its key."""

    request: RollupInput
    key: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """What is not fresh of that from which a month is metered, in words."""

    stale: tuple[str, ...] = ()
    """Worth waiting for."""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The pages on which a tenant waits to be drafted."""

    cursors: tuple[str, ...] = ()
    tenant_count: int = 0


@dataclass(frozen=True, slots=True)
class PageInput:
    """A page of tenants to draft."""

    rollup_id: str
    cursor: str


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """How many tenants were drafted, skipped and failed."""

    drafted_count: int = 0
    skipped_count: int = 0
    failed_count: int = 0

    def plus(self, other: "PageOutcome") -> "PageOutcome":
        """Both together."""
        return PageOutcome(
            self.drafted_count + other.drafted_count,
            self.skipped_count + other.skipped_count,
            self.failed_count + other.failed_count,
        )

    def in_words(self) -> str:
        """In a line."""
        return (
            f"{self.drafted_count:,} tenants drafted, {self.skipped_count:,} skipped,"
            f" {self.failed_count:,} failed"
        )


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What a roll-up comes to, and what does not add up."""

    pages: PageOutcome
    totals: tuple[str, ...] = ()
    """A currency and its total, such as `AUD 1,234.50`."""
    differences: tuple[str, ...] = ()
    unbilled: tuple[str, ...] = ()
    """What was used and is on no invoice, in words."""

    def warning(self) -> str:
        """What nobody is billed for, in a line; empty where there is nothing."""
        return "; ".join(self.unbilled)


@dataclass(frozen=True, slots=True)
class IssueInput:
    """The drafts of a roll-up, and the day of their issue."""

    rollup_id: str
    issued_on: str


@dataclass(frozen=True, slots=True)
class IssueOutcome:
    """How many were issued (or voided) so far, and how many are left."""

    done_count: int = 0
    remaining_count: int = 0


@dataclass(frozen=True, slots=True)
class StatusInput:
    """Where a roll-up stands."""

    rollup_id: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RollupResult:
    """A roll-up as it stands."""

    rollup_id: str = ""
    step: str = ""
    """What is being done, in words."""
    tenant_count: int = 0
    pages: PageOutcome = PageOutcome()
    totals: tuple[str, ...] = ()
    issued_count: int = 0
    notes: tuple[str, ...] = ()

    def in_words(self) -> str:
        """A few lines for a reader of the Temporal UI."""
        lines = [f"- {self.step}", f"- {self.pages.in_words()}"]
        lines += [f"- comes to {total}" for total in self.totals]
        if self.issued_count:
            lines.append(f"- {self.issued_count:,} invoices issued")
        return "\n".join([*lines, *(f"- {note}" for note in self.notes)])


@dataclass(frozen=True, slots=True)
class HandOverRound:
    """One attempt for each document that accounts receivable does not have."""

    invoice_id: str
    rollup_id: str
    is_last: bool
    """Whether what fails now is given up."""


@dataclass(frozen=True, slots=True)
class HandOverResult:
    """How many are delivered and given up, how many wait for the next round, and why."""

    delivered_count: int = 0
    failed_count: int = 0
    waiting_count: int = 0
    reason: str = ""
    page_token: str = ""
    """How far a round is."""

    def in_words(self) -> str:
        """In a line."""
        told = (
            f"{self.delivered_count:,} handed over, {self.waiting_count:,} waiting,"
            f" {self.failed_count:,} given up"
        )
        return f"{told}: {self.reason}" if self.reason else told
