"""What a sweep is evidence for: when it may strike, and when the breaker stops it.

Only a complete sweep strikes what it did not see; the third strike in a row makes a
row a suspect, whose end a read of its id must confirm. A row that was listed and could not be
read is accounted for: it is not struck, and makes the sweep a partial one.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from services.inventory.vocabulary import Outcome

__all__ = [
    "ABANDONED",
    "BREAKER_ROWS",
    "BREAKER_SHARE",
    "COUNTED",
    "MAX_NAMED",
    "STRIKES_TO_CONFIRM",
    "STRIKING",
    "Evidence",
    "Sweep",
    "TombstoneCheck",
    "Unreadable",
    "UnreadablePlace",
    "Verdict",
    "broken_off",
    "is_read",
    "judge",
    "may_tombstone",
    "partial",
]

STRIKES_TO_CONFIRM: Final = 3
"""Complete sweeps in a row that did not see a row, before its id is read."""

BREAKER_SHARE: Final = Fraction(20, 100)
"""Of the living rows of a kind: what one sweep may tombstone at most without an operator."""

BREAKER_ROWS: Final = 5
"""As many as this never trip the breaker, however few there are."""


STRIKING: Final = frozenset({Outcome.COMPLETED, Outcome.PARTIAL})
"""The outcomes of sweeps that strike what they did not see."""

COUNTED: Final = STRIKING | {Outcome.HALTED}
"""The outcomes of sweeps whose evidence was complete."""

READ: Final = COUNTED | {Outcome.FROZEN}

MAX_NAMED: Final = 3
"""Unreadable rows that the reason of a partial sweep names."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep, and what it found so far."""

    id: UUID
    provider: str
    kind: str
    key: str
    run_id: str
    outcome: Outcome
    reason: str
    reported_total: int | None
    seen_count: int
    discovered_count: int
    updated_count: int
    restored_count: int
    struck_count: int
    deleted_count: int
    withheld_count: int
    unreadable_count: int
    total_difference: int | None
    """How many more the provider reported than were accounted for; None without a total."""
    scope_fingerprint: tuple[str, ...]
    started_at: datetime
    finished_at: datetime | None
    confirmed_by: str
    confirmed_at: datetime | None

    @property
    def has_changes(self) -> bool:
        """Whether it found anything new, changed or returned."""
        return bool(self.discovered_count or self.updated_count or self.restored_count)


@dataclass(frozen=True, slots=True)
class UnreadablePlace:
    """A row, or a part of one, that was listed and could not be read."""

    place: str
    """The same row read again is at the same place."""
    provider_id: str
    """Empty where even the id could not be read."""
    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The rows, or parts of rows, that were listed and could not be read."""

    count: int = 0
    first: tuple[str, ...] = ()
    """Some of them in words, at most MAX_NAMED."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sweep brought home."""

    seen: int
    """Distinct resources that were recorded in it."""
    reported_total: int | None
    """What the provider said that it has; None for a listing that says nothing."""
    scopes: frozenset[str]
    """The scope-dependent fields that the token could see."""
    known_scopes: frozenset[str] | None
    """The same of the last sweep that counted; None when there was none."""
    unread: int = 0
    """Resources that were listed and not recorded, because their rows could not be read."""
    unreadable: Unreadable = Unreadable()
    """These rows, and the parts of others that could not be read."""
    accepted_difference: int = 0
    """By how much an operator lets the provider's total be too high; negative: too low."""

    @property
    def difference(self) -> int | None:
        """How many more the provider reported than are accounted for; None without a total."""
        if self.reported_total is None:
            return None
        return self.reported_total - self.seen - self.unread


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a sweep, and why in words; no words are needed when it completed."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TombstoneCheck:
    """What a sweep would tombstone."""

    living: int
    """Living rows of the kind, before."""
    doomed: int
    """Rows that reach their third strike by it."""
    confirmed: int
    """As many as an operator let this sweep tombstone; 0 without a confirmation."""


ABANDONED: Final = Verdict(Outcome.FAILED, "abandoned: it was never closed")


def judge(evidence: Evidence) -> Verdict:
    """Whether a sweep that read every page may strike what it did not see."""
    if evidence.difference not in (None, 0, evidence.accepted_difference):
        unread = f" ({evidence.unread} more could not be read)" if evidence.unread else ""
        return Verdict(
            Outcome.INCOMPLETE,
            f"the provider reported {evidence.reported_total} and {evidence.seen} were seen"
            + unread,
        )
    # An empty listing shows no fields at all: it says nothing about the scopes.
    if evidence.seen and evidence.known_scopes:
        lost = sorted(evidence.known_scopes - evidence.scopes)
        if lost:
            return Verdict(
                Outcome.FROZEN,
                f"the token no longer sees {', '.join(lost)}; strikes and drift are frozen",
            )
    if evidence.unreadable.count:
        return partial(evidence.unreadable)
    return Verdict(Outcome.COMPLETED)


def broken_off(reason: str, *, is_denied: bool, seen: int, was_read: bool) -> Verdict:
    """The verdict on a sweep that broke off.

    A token that may no longer list the kind sees less than before, as one that lost a field's
    scope: that is for an operator to mend, and no failure of each sweep until then.
    """
    if is_denied and was_read and not seen:
        return Verdict(Outcome.FROZEN, f"{reason}; strikes and drift are frozen")
    return Verdict(Outcome.FAILED, reason)


def is_read(outcome: str) -> bool:
    """Whether a sweep read its kind to the end, so that its run does not read it again."""
    return outcome in READ


def partial(unreadable: Unreadable) -> Verdict:
    """The verdict on a complete sweep of which some rows, or parts, could not be read."""
    others = unreadable.count - len(unreadable.first)
    words = "; ".join(unreadable.first) + (f"; and {others:,} more" if others else "")
    return Verdict(Outcome.PARTIAL, f"{unreadable.count:,} could not be read: {words}")


def may_tombstone(toll: TombstoneCheck) -> Verdict:
    """Whether the breaker lets a complete sweep go on."""
    within = toll.doomed <= BREAKER_ROWS or toll.doomed <= BREAKER_SHARE * toll.living
    if within or toll.doomed <= toll.confirmed:
        return Verdict(Outcome.COMPLETED)
    return Verdict(
        Outcome.HALTED,
        f"{toll.doomed} of {toll.living} would be tombstoned, more than "
        f"{int(BREAKER_SHARE * 100)} % of the kind; an operator must confirm",
    )
