"""Evaluates the evidence of a sweep: when it may strike, and when the breaker stops it.

Only a complete sweep strikes unseen rows. The third consecutive strike makes a row a suspect, which
a read by id must confirm as gone. A row that was listed but could not be read counts as seen: it is
not struck, but makes the sweep partial.
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
"""Consecutive complete sweeps without a row before it is read by id."""

BREAKER_SHARE: Final = Fraction(20, 100)
"""The share of a kind's existing rows that one sweep may tombstone without an operator."""

BREAKER_ROWS: Final = 5
"""This many rows never trip the breaker."""


STRIKING: Final = frozenset({Outcome.COMPLETED, Outcome.PARTIAL})
"""The outcomes of sweeps that strike unseen rows."""

COUNTED: Final = STRIKING | {Outcome.HALTED}
"""The outcomes of sweeps whose evidence was complete."""

READ: Final = COUNTED | {Outcome.FROZEN}

MAX_NAMED: Final = 3
"""Maximum unreadable rows named in the reason of a partial sweep."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep with its counts."""

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
    """The provider's total less the accounted rows; None without a total."""
    scope_fingerprint: tuple[str, ...]
    started_at: datetime
    finished_at: datetime | None
    confirmed_by: str
    confirmed_at: datetime | None

    @property
    def has_changes(self) -> bool:
        """Whether it found new, changed or restored rows."""
        return bool(self.discovered_count or self.updated_count or self.restored_count)


@dataclass(frozen=True, slots=True)
class UnreadablePlace:
    """A row, or a part of one, that was listed but could not be read."""

    place: str
    """Its position, which is the same if the row is read again."""
    provider_id: str
    """Empty if even the id could not be read."""
    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The unreadable rows and parts of rows."""

    count: int = 0
    first: tuple[str, ...] = ()
    """Descriptions of at most MAX_NAMED of them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of a sweep."""

    seen: int
    """Distinct recorded resources."""
    reported_total: int | None
    """The provider's total; None for a listing without one."""
    scopes: frozenset[str]
    """The scope-dependent fields that were visible."""
    known_scopes: frozenset[str] | None
    """The same of the last valid sweep; None if there was none."""
    unread: int = 0
    """Listed resources that were not recorded because their rows could not be read."""
    unreadable: Unreadable = Unreadable()
    """The unreadable rows and parts of rows."""
    accepted_difference: int = 0
    """The accepted excess of the provider's total; negative for a shortfall."""

    @property
    def difference(self) -> int | None:
        """The provider's total less the accounted rows; None without a total."""
        if self.reported_total is None:
            return None
        return self.reported_total - self.seen - self.unread


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a sweep and its reason, which is empty if it completed."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TombstoneCheck:
    """The effect of a sweep on the rows of its kind."""

    living: int
    """Existing rows of the kind before it."""
    gone: int
    """Rows that get their third strike."""
    confirmed: int
    """The number that an operator confirmed for this sweep; 0 without a confirmation."""


ABANDONED: Final = Verdict(Outcome.FAILED, "abandoned: it was never closed")


def judge(evidence: Evidence) -> Verdict:
    """Whether a sweep that read every page may strike unseen rows."""
    if evidence.difference not in (None, 0, evidence.accepted_difference):
        unread = f" ({evidence.unread} more could not be read)" if evidence.unread else ""
        return Verdict(
            Outcome.INCOMPLETE,
            f"the provider reported {evidence.reported_total} and {evidence.seen} were seen"
            + unread,
        )
    # An empty listing shows no fields, so it does not tell the scopes.
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
    """The verdict on an interrupted sweep.

    If the token may no longer list the kind, its scopes shrank, as with a lost field: the kind is
    frozen until an operator acts, and the sweeps do not count as failed.
    """
    if is_denied and was_read and not seen:
        return Verdict(Outcome.FROZEN, f"{reason}; strikes and drift are frozen")
    return Verdict(Outcome.FAILED, reason)


def is_read(outcome: str) -> bool:
    """Whether a sweep read its kind completely, so that its run does not read it again."""
    return outcome in READ


def partial(unreadable: Unreadable) -> Verdict:
    """The verdict on a complete sweep with unreadable rows or parts."""
    others = unreadable.count - len(unreadable.first)
    words = "; ".join(unreadable.first) + (f"; and {others:,} more" if others else "")
    return Verdict(Outcome.PARTIAL, f"{unreadable.count:,} could not be read: {words}")


def may_tombstone(toll: TombstoneCheck) -> Verdict:
    """The breaker's verdict on a complete sweep."""
    within = toll.gone <= BREAKER_ROWS or toll.gone <= BREAKER_SHARE * toll.living
    if within or toll.gone <= toll.confirmed:
        return Verdict(Outcome.COMPLETED)
    return Verdict(
        Outcome.HALTED,
        f"{toll.gone} of {toll.living} would be tombstoned, more than "
        f"{int(BREAKER_SHARE * 100)} % of the kind; an operator must confirm",
    )
