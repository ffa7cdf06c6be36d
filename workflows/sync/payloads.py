"""Payloads of syncs: names, counts and cursors, never records."""

from dataclasses import dataclass, fields
from typing import Final

__all__ = [
    "ClaimInput",
    "ClaimResult",
    "Evidence",
    "FailSweepInput",
    "KindOutcome",
    "MembersCursor",
    "MembersInput",
    "ResourceSyncResult",
    "SuspectsInput",
    "SuspectsResult",
    "SweepCounts",
    "SweepCursor",
    "SweepInput",
    "SweepResult",
]

UNKNOWN_TOTAL: Final = -1
"""The total of a listing without one."""


@dataclass(frozen=True, slots=True)
class ClaimInput:
    """The kinds that a sync claims."""

    provider: str
    kinds: tuple[str, ...]
    sweep_keys: tuple[str, ...] = ()
    """The keys of the sweeps to open with the claim, in the order of the kinds."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """The result of a claim."""

    is_claimed: bool = True
    """False if another sync reads one of them."""
    sweep_ids: tuple[str, ...] = ()
    """The sweeps opened with the claim, in the order of their keys."""


@dataclass(frozen=True, slots=True)
class SweepInput:
    """One pass over a kind."""

    provider: str
    kind: str
    key: str
    """The idempotency key of the sweep."""
    members: str = ""
    """Of a kind that projects list: `later` to leave it until the other kinds are recorded,
    `along` to record all members of the projects along with it; empty: only the kind."""
    projects_sweep_id: str = ""
    """The sweep of projects, in which unreadable members are recorded."""
    one_by_one: bool = False
    """Whether to read pages sequentially: in a fast-changing account, concurrently read pages do
    not add up."""
    sweep_id: str = ""
    """The sweep of that key, if it was opened with the claim."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence of completeness from the pages read so far."""

    finished_total: int = 0
    """The sum of the totals of finished queries; UNKNOWN_TOTAL if one has none."""
    total: int | None = None
    """The total on the last page of the running query; None before its first page."""
    shrank: bool = False
    """Whether a total decreased between two pages, so that a row may have been missed."""
    fingerprint: tuple[str, ...] = ()
    """The visible scope-dependent fields, sorted."""
    skipped_count: int = 0
    """Rows of another kind that the totals include."""
    unpriced_sizes: tuple[str, ...] = ()
    """Sizes without a known list price, sorted."""

    @property
    def reported_total(self) -> int:
        """The provider's total of the kind, after all queries."""
        if self.finished_total == UNKNOWN_TOTAL:
            return UNKNOWN_TOTAL
        return max(self.finished_total - self.skipped_count, 0)


@dataclass(frozen=True, slots=True)
class SweepCursor:
    """The cursor of a pass: everything before it is recorded."""

    kind: str
    sweep_id: str
    query: int = 0
    page: int = 1
    """The next page to read of that query."""
    read_count: int = 0
    """Rows recorded so far, for display; a row read twice counts twice."""
    unreadable_count: int = 0
    """Unreadable rows and parts so far; counted like `read_count`."""
    evidence: Evidence = Evidence()

    def in_words(self) -> str:
        """The progress in one line."""
        total = self.evidence.finished_total + (self.evidence.total or 0)
        of = f" of {total:,}" if total > 0 else ""
        return f"{self.kind}: {self.read_count:,}{of} recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCounts:
    """What a pass found and changed, with the inventory's names."""

    seen_count: int = 0
    discovered_count: int = 0
    updated_count: int = 0
    restored_count: int = 0
    struck_count: int = 0
    deleted_count: int = 0
    withheld_count: int = 0
    unreadable_count: int = 0
    reason: str = ""
    """Why the outcome is another than `completed`."""
    last_complete_at: str = ""
    """When the kind was last read completely, by this pass or an earlier one, in ISO 8601 to the
    minute; empty if never."""
    unpriced_sizes: tuple[str, ...] = ()
    """Used sizes without a price from the provider or the declarations."""


@dataclass(frozen=True, slots=True)
class SweepResult(SweepCounts):
    """The outcome of a pass."""

    sweep_id: str
    outcome: str
    suspect_count: int = 0
    members: "MembersCursor | None" = None
    """The cursor of the project members recorded with it."""


@dataclass(frozen=True, slots=True)
class FailSweepInput:
    """An interrupted pass."""

    sweep: SweepInput
    reason: str


@dataclass(frozen=True, slots=True)
class SuspectsInput:
    """The suspects of a sweep to confirm by reading their ids."""

    provider: str
    kind: str
    sweep_id: str


@dataclass(frozen=True, slots=True)
class SuspectsResult:
    """The results of confirming reads; while running, also the progress."""

    gone_count: int = 0
    found_count: int = 0
    unreadable_count: int = 0
    """Unreadable ones, whether they exist or not."""

    def in_words(self) -> str:
        """The progress in one line."""
        return f"reading unseen resources by id: {self.gone_count} gone, {self.found_count} found"


@dataclass(frozen=True, slots=True)
class MembersInput:
    """The members of all projects."""

    provider: str
    sweep_id: str = ""
    """The sweep of projects, in which unreadable members are recorded."""


@dataclass(frozen=True, slots=True)
class MembersCursor:
    """The cursor of project members."""

    project_provider_id: str = ""
    """The current project; earlier ones are done. Empty at the start."""
    page: int = 1
    """The next page to read of it."""
    read_count: int = 0
    moved_count: int = 0
    unreadable_count: int = 0
    reason: str = ""
    """Why the first of them is unreadable."""

    def in_words(self) -> str:
        """The progress in one line."""
        return f"project members: {self.read_count:,} recorded"


@dataclass(frozen=True, slots=True)
class KindOutcome(SweepCounts):
    """The outcome of a kind or of another step of a sync."""

    kind: str
    outcome: str
    """`completed`, `partial`, `incomplete`, `frozen`, `halted` or `failed`, as a sweep's; `unread`
    where the token may not list a kind, or the account has not one that was added later, and
    never could."""
    moved_count: int = 0
    pass_count: int = 0

    @classmethod
    def of(cls, kind: str, result: SweepResult, number: int) -> "KindOutcome":
        """The outcome of a kind after the pass of that number."""
        counts = {field.name: getattr(result, field.name) for field in fields(SweepCounts)}
        return cls(kind, result.outcome, pass_count=number, **counts)

    @property
    def succeeded(self) -> bool:
        """Whether no retry is needed: frozen and halted kinds were read completely."""
        return self.outcome in {"completed", "partial", "unread", "frozen", "halted"}

    def in_words(self) -> str:
        """One line for the Temporal UI or a terminal."""
        counts = (
            (self.seen_count, "seen"),
            (self.discovered_count, "new"),
            (self.updated_count, "changed"),
            (self.restored_count, "returned"),
            (self.struck_count, "unseen"),
            (self.deleted_count, "gone"),
            (self.withheld_count, "withheld"),
            (self.moved_count, "moved"),
            (self.unreadable_count, "unreadable"),
        )
        words = [f"{count:,} {word}" for count, word in counts if count]
        if self.pass_count > 1:
            words.append(f"{self.pass_count} passes")
        if self.unpriced_sizes:
            words.append(f"no known price for {', '.join(self.unpriced_sizes)}")
        if self.reason:
            words.append(self.reason)
        if self.last_complete_at and self.outcome not in {"completed", "partial"}:
            words.append(f"last read completely {self.last_complete_at}")
        return f"{self.kind}: {self.outcome}" + (f" ({'; '.join(words)})" if words else "")


@dataclass(frozen=True, slots=True)
class ResourceSyncResult:
    """The outcomes of kinds, in the order of completion."""

    outcomes: tuple[KindOutcome, ...]
