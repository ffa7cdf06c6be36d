"""What travels through Temporal: names, counts and places; never the records themselves."""

from dataclasses import dataclass
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
    "SweepCursor",
    "SweepInput",
    "SweepResult",
]

UNKNOWN_TOTAL: Final = -1
"""Of a listing that does not say how much it has."""


@dataclass(frozen=True, slots=True)
class ClaimInput:
    """The kinds that a sync reads, to be read by no other meanwhile."""

    provider: str
    kinds: tuple[str, ...]
    sweep_keys: tuple[str, ...] = ()
    """The keys of the sweeps that begin with the claim, in the order of the kinds."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """Whether the kinds were claimed at once."""

    is_claimed: bool = True
    """False where another sync reads one of them."""
    sweep_ids: tuple[str, ...] = ()
    """The sweeps that began with the claim, in the order of their keys."""


@dataclass(frozen=True, slots=True)
class SweepInput:
    """One pass over all of a kind."""

    provider: str
    kind: str
    key: str
    """Names this pass among all sweeps: the same key is the same sweep."""
    members: str = ""
    """Of a kind that projects list: `later` to leave it until the other kinds are recorded,
    `along` to record all members of the projects along with it; empty: only the kind."""
    projects_sweep_id: str = ""
    """The sweep of the projects, which is told of those whose members cannot be read."""
    one_by_one: bool = False
    """Whether pages are read one after the other: where the account changes too fast, pages
    that are read side by side do not add up."""
    sweep_id: str = ""
    """The sweep of that key, where it began with the claim of its kind."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the pages read so far say about how complete they are."""

    finished_total: int = 0
    """The totals of the queries that are through, added up; UNKNOWN_TOTAL once one says nothing."""
    total: int | None = None
    """What the last page of the running query said; None before its first page."""
    shrank: bool = False
    """Whether a total fell between two pages: then a row may have slipped past unread."""
    fingerprint: tuple[str, ...] = ()
    """The scope-dependent fields that some row had, sorted."""
    skipped_count: int = 0
    """Rows that the totals count and that are of another kind."""
    unpriced_sizes: tuple[str, ...] = ()
    """Sizes of some row for which no list price is known, sorted."""

    @property
    def reported_total(self) -> int:
        """What the provider says it has of the kind, once all queries are through."""
        if self.finished_total == UNKNOWN_TOTAL:
            return UNKNOWN_TOTAL
        return max(self.finished_total - self.skipped_count, 0)


@dataclass(frozen=True, slots=True)
class SweepCursor:
    """How far a pass has come: everything before this place is recorded."""

    kind: str
    sweep_id: str
    query: int = 0
    page: int = 1
    """The next page to read of that query."""
    read_count: int = 0
    """Rows recorded so far, for the eye; a row read twice counts twice."""
    unreadable_count: int = 0
    """Rows, and parts of rows, that could not be read so far; counted as `read_count`."""
    evidence: Evidence = Evidence()

    def in_words(self) -> str:
        """How far it is, in a line."""
        total = self.evidence.finished_total + (self.evidence.total or 0)
        of = f" of {total:,}" if total > 0 else ""
        return f"{self.kind}: {self.read_count:,}{of} recorded"


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How a pass ended, in the inventory's words."""

    sweep_id: str
    outcome: str
    reason: str
    seen_count: int
    discovered_count: int
    updated_count: int
    restored_count: int
    struck_count: int
    deleted_count: int
    withheld_count: int
    suspect_count: int
    last_complete_at: str = ""
    """When the kind was last read completely, by this pass or an earlier one, as ISO 8601 to
    the minute; empty when it never was."""
    unpriced_sizes: tuple[str, ...] = ()
    """Sizes that are in use, and of which neither the provider nor our table tells the price."""
    unreadable_count: int = 0
    members: "MembersCursor | None" = None
    """What was recorded of the projects' members along with it."""


@dataclass(frozen=True, slots=True)
class FailSweepInput:
    """A pass that broke off."""

    sweep: SweepInput
    reason: str


@dataclass(frozen=True, slots=True)
class SuspectsInput:
    """The rows at their third strike, to be confirmed by a read of their id."""

    provider: str
    kind: str
    sweep_id: str


@dataclass(frozen=True, slots=True)
class SuspectsResult:
    """What the reads of the suspects said; while they go on, also how far they are."""

    gone_count: int = 0
    found_count: int = 0
    unreadable_count: int = 0
    """Of which nothing is known, or only that they are there."""

    def in_words(self) -> str:
        """How far it is, in a line."""
        return f"reading by id what was not seen: {self.gone_count} gone, {self.found_count} found"


@dataclass(frozen=True, slots=True)
class MembersInput:
    """All projects' members."""

    provider: str
    sweep_id: str = ""
    """The sweep of the projects, which is told of those whose members cannot be read."""


@dataclass(frozen=True, slots=True)
class MembersCursor:
    """How far the projects' members are recorded."""

    project_provider_id: str = ""
    """The project that is being read; the ones listed before it are done. Empty: none yet."""
    page: int = 1
    """The next page to read of it."""
    read_count: int = 0
    moved_count: int = 0
    unreadable_count: int = 0
    reason: str = ""
    """Why the first of them could not be read."""

    def in_words(self) -> str:
        """How far it is, in a line."""
        return f"project members: {self.read_count:,} recorded"


@dataclass(frozen=True, slots=True)
class KindOutcome:
    """What a sync has to say about a kind, or about another step of it."""

    kind: str
    outcome: str
    """`completed`, `partial`, `incomplete`, `frozen`, `halted` or `failed`, as a sweep's; `unread`
    where the token may not list a kind, or the account has not one that was added later, and
    never could."""
    seen_count: int = 0
    discovered_count: int = 0
    updated_count: int = 0
    restored_count: int = 0
    struck_count: int = 0
    deleted_count: int = 0
    withheld_count: int = 0
    moved_count: int = 0
    pass_count: int = 0
    reason: str = ""
    last_complete_at: str = ""
    """As in SweepResult: how stale the kind is, when it did not complete."""
    unpriced_sizes: tuple[str, ...] = ()
    """As in SweepResult."""
    unreadable_count: int = 0

    @property
    def succeeded(self) -> bool:
        """Whether nothing is to be done anew: what is frozen or halted was read to its end."""
        return self.outcome in {"completed", "partial", "unread", "frozen", "halted"}

    def in_words(self) -> str:
        """One line for a reader of the Temporal UI or of a terminal."""
        counts = (
            (self.seen_count, "seen"),
            (self.discovered_count, "new"),
            (self.updated_count, "changed"),
            (self.restored_count, "returned"),
            (self.struck_count, "not seen"),
            (self.deleted_count, "gone"),
            (self.withheld_count, "withheld"),
            (self.moved_count, "moved"),
            (self.unreadable_count, "not readable"),
        )
        words = [f"{count:,} {word}" for count, word in counts if count]
        if self.pass_count > 1:
            words.append(f"read {self.pass_count} times")
        if self.unpriced_sizes:
            words.append(f"no price is known of {', '.join(self.unpriced_sizes)}")
        if self.reason:
            words.append(self.reason)
        if self.last_complete_at and self.outcome not in {"completed", "partial"}:
            words.append(f"last read completely {self.last_complete_at}")
        return f"{self.kind}: {self.outcome}" + (f" ({'; '.join(words)})" if words else "")


@dataclass(frozen=True, slots=True)
class ResourceSyncResult:
    """What became of each kind, in the order of their ending."""

    outcomes: tuple[KindOutcome, ...]
