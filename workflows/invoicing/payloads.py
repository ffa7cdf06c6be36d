"""Payloads of invoices: ids, counts and cursors, never records."""

from dataclasses import dataclass

from contracts.invoicing import RollupInput

__all__ = [
    "BillState",
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
    """The initial values of a roll-up, with its key."""

    request: RollupInput
    key: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """The stale sources of a month, in words."""

    stale: tuple[str, ...] = ()
    """Stale sources to wait for."""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BillState:
    """Whether the provider's bill of a month is complete, and attributed to tenants as it is."""

    complete: bool = False
    attributed: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The pages with tenants to draft."""

    cursors: tuple[str, ...] = ()
    tenant_count: int = 0


@dataclass(frozen=True, slots=True)
class PageInput:
    """A page of tenants to draft."""

    rollup_id: str
    cursor: str


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """The numbers of tenants: drafted, skipped, failed, and waiting for the provider's bill."""

    drafted_count: int = 0
    skipped_count: int = 0
    failed_count: int = 0
    waiting_count: int = 0

    def in_words(self) -> str:
        """In one line."""
        waiting = f", {self.waiting_count:,} waiting for the bill" if self.waiting_count else ""
        return (
            f"{self.drafted_count:,} tenants drafted, {self.skipped_count:,} skipped,"
            f" {self.failed_count:,} failed{waiting}"
        )


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The totals of a roll-up, and its inconsistencies."""

    pages: PageOutcome
    totals: tuple[str, ...] = ()
    """Totals with currency, such as `AUD 1,234.50`."""
    differences: tuple[str, ...] = ()
    unbilled: tuple[str, ...] = ()
    """The unbilled usage, in words."""

    def warning(self) -> str:
        """The unbilled usage in one line; empty if there is none."""
        return "; ".join(self.unbilled)


@dataclass(frozen=True, slots=True)
class IssueInput:
    """The drafts of a roll-up, with the day of issue."""

    rollup_id: str
    issued_on: str


@dataclass(frozen=True, slots=True)
class IssueOutcome:
    """The numbers of issued (or voided) and remaining drafts."""

    done_count: int = 0
    remaining_count: int = 0


@dataclass(frozen=True, slots=True)
class StatusInput:
    """The status of a roll-up."""

    rollup_id: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RollupResult:
    """The progress of a roll-up."""

    rollup_id: str = ""
    step: str = ""
    """The current step, in words."""
    tenant_count: int = 0
    pages: PageOutcome = PageOutcome()
    totals: tuple[str, ...] = ()
    issued_count: int = 0
    notes: tuple[str, ...] = ()

    def in_words(self) -> str:
        """A few lines for the Temporal UI."""
        lines = [f"- {self.step}", f"- {self.pages.in_words()}"]
        lines += [f"- comes to {total}" for total in self.totals]
        if self.issued_count:
            lines.append(f"- {self.issued_count:,} invoices issued")
        return "\n".join([*lines, *(f"- {note}" for note in self.notes)])


@dataclass(frozen=True, slots=True)
class HandOverRound:
    """A round: one attempt per undelivered document."""

    invoice_id: str
    rollup_id: str
    is_last: bool
    """Whether this is the last round, which gives up failing documents."""


@dataclass(frozen=True, slots=True)
class HandOverResult:
    """The numbers of delivered, abandoned and waiting documents, with a reason."""

    delivered_count: int = 0
    failed_count: int = 0
    waiting_count: int = 0
    reason: str = ""
    page_token: str = ""
    """The cursor of a round."""

    def in_words(self) -> str:
        """In one line."""
        told = (
            f"{self.delivered_count:,} handed over, {self.waiting_count:,} waiting,"
            f" {self.failed_count:,} failed"
        )
        return f"{told}: {self.reason}" if self.reason else told
