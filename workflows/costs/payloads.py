"""What travels through Temporal about bills: ids, counts, cursors; never the lines."""

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
    "MatchCounts",
    "MatchCursor",
    "PendingPage",
    "PendingPlace",
    "UploadProgress",
]


@dataclass(frozen=True, slots=True)
class HistoryCursor:
    """How far the history is walked: the pages before this one are recorded."""

    page: int = 1
    discovered_count: int = 0
    updated_count: int = 0
    unchanged_count: int = 0
    entry_count: int = 0
    unreadable: tuple[str, ...] = ()
    """Of the entries that cannot be read the first ones, a line each."""
    unreadable_count: int = 0
    alike: tuple[tuple[str, int], ...] = ()
    """How often each entry with the time of the page's last entry occurred so far."""

    def in_words(self) -> str:
        """One line for a reader of the Temporal UI."""
        words = (
            f"{self.discovered_count} new invoices, {self.updated_count} changed,"
            f" {self.unchanged_count} as before"
        )
        if not self.unreadable_count:
            return words
        return f"{words}; {self.unreadable_count} unreadable: {'; '.join(self.unreadable)}"


@dataclass(frozen=True, slots=True)
class PendingPlace:
    """Where a list of pending invoices goes on."""

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
    """How much of the CSV form is uploaded; at the end, how many rows it had."""

    byte_count: int = 0
    row_count: int = 0
    amount_usd: str = "0"


@dataclass(frozen=True, slots=True)
class ItemsCursor:
    """How far the JSON form is recorded: the pages before this one are."""

    page: int = 1
    item_count: int = 0


@dataclass(frozen=True, slots=True)
class FailIngestInput:
    """An ingest that broke off."""

    ingest_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class CompletedIngest:
    """What an ingest came to; amounts are exact decimals in USD."""

    period: str
    line_count: int
    total_usd: str
    residual_usd: str
    outcome: str
    """`balanced`, `residual`, or `unconfirmed` when there was no summary to hold it against."""


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """How lines were matched."""

    provider_id_count: int = 0
    name_count: int = 0
    group_project_count: int = 0
    ambiguous_count: int = 0
    unmatched_count: int = 0
    not_applicable_count: int = 0

    def in_words(self) -> str:
        """One line for a reader of the Temporal UI."""
        matched = self.provider_id_count + self.name_count + self.group_project_count
        return (
            f"{matched:,} lines matched, {self.ambiguous_count:,} ambiguous,"
            f" {self.unmatched_count:,} unmatched, {self.not_applicable_count:,} of no resource"
        )


@dataclass(frozen=True, slots=True)
class MatchCursor:
    """How far an invoice's lines are matched: everything before this page is."""

    page_token: str = ""
    counts: MatchCounts = field(default_factory=MatchCounts)


@dataclass(frozen=True, slots=True)
class InvoiceIngestResult:
    """What became of an invoice."""

    invoice_uuid: str
    ingest: CompletedIngest
    matching: MatchCounts

    def in_words(self) -> str:
        """One line for a reader of the Temporal UI."""
        return (
            f"{self.ingest.period or '?'}: {self.ingest.line_count:,} lines,"
            f" USD {dollars(self.ingest.total_usd)}, residual {self.ingest.residual_usd};"
            f" {self.matching.in_words()}"
        )


@dataclass(frozen=True, slots=True)
class CostRematchResult:
    """A line for each invoice, for a reader of the Temporal UI."""

    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """What became of the walk and of each invoice that was due."""

    walk: HistoryCursor
    ingested: tuple[str, ...] = ()
    """A line each."""
    running_elsewhere: tuple[str, ...] = ()
    """The UUIDs of those whose ingest ran already."""
    failed: tuple[str, ...] = ()
    """A line each."""


@dataclass(frozen=True, slots=True)
class DailyCostsInput:
    """A half-open span of days to read."""

    provider: str
    from_day: date
    to_day: date


@dataclass(frozen=True, slots=True)
class DailyCostsResult:
    """What a span of days comes to; an exact decimal in USD."""

    row_count: int = 0
    amount_usd: str = "0"
