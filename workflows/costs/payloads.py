"""Payloads of bills: ids, counts and cursors, never lines."""

from dataclasses import dataclass, field
from datetime import date

from contracts.costs import InvoiceIngestInput
from services.common.values.money import dollars

__all__ = [
    "CompletedIngest",
    "CostRematchResult",
    "DailyCostsInput",
    "DailyCostsResult",
    "FailIngestInput",
    "HistoryCursor",
    "HistoryResult",
    "IngestInput",
    "InvoiceIngestResult",
    "ItemsCursor",
    "ListPriceResult",
    "MatchCounts",
    "MatchCursor",
    "PendingPage",
    "PendingPlace",
    "UploadProgress",
]


@dataclass(frozen=True, slots=True)
class HistoryCursor:
    """The cursor of a walk: earlier pages are recorded."""

    page: int = 1
    discovered_count: int = 0
    updated_count: int = 0
    unchanged_count: int = 0
    entry_count: int = 0
    unreadable: tuple[str, ...] = ()
    """The first unreadable entries, one line each."""
    unreadable_count: int = 0
    alike: tuple[tuple[str, int], ...] = ()
    """Counts of each entry with the time of the page's last entry."""

    def in_words(self) -> str:
        """One line for the Temporal UI."""
        words = (
            f"{self.discovered_count} new invoices, {self.updated_count} changed,"
            f" {self.unchanged_count} unchanged"
        )
        if not self.unreadable_count:
            return words
        return f"{words}; {self.unreadable_count} unreadable: {'; '.join(self.unreadable)}"


@dataclass(frozen=True, slots=True)
class PendingPlace:
    """The cursor of a list of pending invoices."""

    page_token: str = ""


@dataclass(frozen=True, slots=True)
class PendingPage:
    """Invoices that are not ingested."""

    invoices: tuple[InvoiceIngestInput, ...]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class IngestInput:
    """An open ingest of an invoice."""

    ingest_id: str
    invoice: InvoiceIngestInput


@dataclass(frozen=True, slots=True)
class UploadProgress:
    """Progress of the CSV upload; at the end, its number of rows."""

    byte_count: int = 0
    row_count: int = 0
    amount_usd: str = "0"


@dataclass(frozen=True, slots=True)
class ItemsCursor:
    """The cursor of the JSON form: earlier pages are recorded."""

    page: int = 1
    item_count: int = 0


@dataclass(frozen=True, slots=True)
class FailIngestInput:
    """A failed ingest."""

    ingest_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class CompletedIngest:
    """The result of an ingest; amounts are exact decimals in USD."""

    period: str
    line_count: int
    total_usd: str
    residual_usd: str
    outcome: str
    """`balanced`, `residual`, or `unconfirmed` without a summary."""


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """Match counts."""

    provider_id_count: int = 0
    name_count: int = 0
    group_project_count: int = 0
    ambiguous_count: int = 0
    unmatched_count: int = 0
    not_applicable_count: int = 0

    def in_words(self) -> str:
        """One line for the Temporal UI."""
        matched = self.provider_id_count + self.name_count + self.group_project_count
        return (
            f"{matched:,} lines matched, {self.ambiguous_count:,} ambiguous,"
            f" {self.unmatched_count:,} unmatched, {self.not_applicable_count:,} without a resource"
        )


@dataclass(frozen=True, slots=True)
class MatchCursor:
    """The cursor of matching: earlier pages are matched."""

    page_token: str = ""
    counts: MatchCounts = field(default_factory=MatchCounts)


@dataclass(frozen=True, slots=True)
class InvoiceIngestResult:
    """The outcome of an invoice."""

    invoice_uuid: str
    ingest: CompletedIngest
    matching: MatchCounts

    def in_words(self) -> str:
        """One line for the Temporal UI."""
        return (
            f"{self.ingest.period or '?'}: {self.ingest.line_count:,} lines,"
            f" USD {dollars(self.ingest.total_usd)}, residual {self.ingest.residual_usd};"
            f" {self.matching.in_words()}"
        )


@dataclass(frozen=True, slots=True)
class CostRematchResult:
    """One line per invoice for the Temporal UI."""

    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """The outcomes of the walk and of each pending invoice."""

    walk: HistoryCursor
    ingested: tuple[str, ...] = ()
    """One line each."""
    running_elsewhere: tuple[str, ...] = ()
    """The UUIDs of invoices whose ingest was already running."""
    failed: tuple[str, ...] = ()
    """One line each."""


@dataclass(frozen=True, slots=True)
class DailyCostsInput:
    """A half-open range of days to read."""

    provider: str
    from_day: date
    to_day: date


@dataclass(frozen=True, slots=True)
class DailyCostsResult:
    """The total of a range of days; an exact decimal in USD."""

    row_count: int = 0
    amount_usd: str = "0"


@dataclass(frozen=True, slots=True)
class ListPriceResult:
    """The outcome of a sync of list prices."""

    added_count: int = 0
    changed_count: int = 0
    unchanged_count: int = 0

    def in_words(self) -> str:
        """One line for the Temporal UI."""
        return (
            f"{self.added_count} list prices added, {self.changed_count} changed,"
            f" {self.unchanged_count} as before"
        )
