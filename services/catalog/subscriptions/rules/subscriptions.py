"""What a deployment is billed by: terms, pauses and addons, each a half-open span of days."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from services.catalog.plans.rules.plans import AddonTerms
from services.catalog.vocabulary import SubscriptionStatus
from services.common.values.periods import Period, month_of

__all__ = [
    "AttachedAddon",
    "PauseSpan",
    "PlanTerm",
    "Subscription",
    "SubscriptionFilter",
    "covers",
    "cut_to_end",
]


@dataclass(frozen=True, slots=True)
class PlanTerm:
    """A plan version, and the days in which it holds; without an end while none follows."""

    id: UUID
    plan_code: str
    plan_version: int
    plan_version_id: UUID
    effective_from: date
    effective_to: date | None
    by_tenant: bool = False
    """Whether its tenant agreed it: then the tenant may take it back."""


@dataclass(frozen=True, slots=True)
class PauseSpan:
    """Days that are not billed; without an end while it is paused."""

    paused_on: date
    resumed_on: date | None


@dataclass(frozen=True, slots=True)
class AttachedAddon:
    """An addon as it was when it was attached, and the days in which it holds."""

    id: UUID
    code: str
    terms: AddonTerms
    attached_on: date
    detached_on: date | None
    attached_by_tenant: bool = False
    detached_by_tenant: bool = False
    """Whether its tenant agreed the one or the other: then the tenant may take it back."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription with all its spans, oldest first. What it is on a day follows from them.

    No span outlives its end; see `cut_to_end`.
    """

    id: UUID
    deployment_id: UUID
    tenant_id: str
    starts_on: date
    ends_on: date | None
    trial_end: date | None
    created_at: datetime
    terms: tuple[PlanTerm, ...]
    pauses: tuple[PauseSpan, ...]
    addons: tuple[AttachedAddon, ...]
    ended_by_tenant: bool = False
    """Whether its tenant agreed its end: then the tenant may take it back."""

    def status_on(self, day: date) -> SubscriptionStatus:
        """What it is on a day; one that has yet to begin is active, or cancelled, already."""
        if self.ends_on is not None and self.ends_on <= max(day, self.starts_on):
            return SubscriptionStatus.CANCELLED
        if any(covers(pause.paused_on, pause.resumed_on, day) for pause in self.pauses):
            return SubscriptionStatus.PAUSED
        return SubscriptionStatus.ACTIVE

    def term_on(self, day: date) -> PlanTerm:
        """The terms of a day: the first before it begins, the last after it ended."""
        held = [term for term in self.terms if term.effective_from <= day]
        return held[-1] if held else self.terms[0]

    def period_on(self, day: date) -> Period:
        """The calendar month that is its current one on a day."""
        last = day if self.ends_on is None else min(day, self.ends_on - timedelta(days=1))
        return month_of(max(last, self.starts_on))

    def addons_from(self, day: date) -> list[AttachedAddon]:
        """The addons that are attached on a day or later."""
        return [
            addon
            for addon in self.addons
            if addon.detached_on is None or addon.detached_on > max(day, addon.attached_on)
        ]


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """Which ones to list; what is empty filters nothing."""

    tenant_id: str = ""
    deployment_id: UUID | None = None
    status: str = ""
    plan_code: str = ""


def covers(start: date, end: date | None, day: date) -> bool:
    """Whether a half-open span, which may have no end yet, has a day in it."""
    return start <= day and (end is None or day < end)


def cut_to_end(
    end: date | None,
    terms: Sequence[PlanTerm],
    pauses: Sequence[PauseSpan],
    addons: Sequence[AttachedAddon],
) -> tuple[tuple[PlanTerm, ...], tuple[PauseSpan, ...], tuple[AttachedAddon, ...]]:
    """The spans of a subscription as they end with it, from those that were agreed.

    They are kept as agreed, so that a cancellation which is taken back gives them back. The
    first term stays, also without a day: it says what was subscribed to.
    """
    if end is None:
        return tuple(terms), tuple(pauses), tuple(addons)
    first, *later = terms
    return (
        tuple(
            [
                replace(term, effective_to=_cut(term.effective_from, term.effective_to, end))
                for term in (first, *(term for term in later if term.effective_from < end))
            ]
        ),
        tuple(
            [
                replace(pause, resumed_on=_cut(pause.paused_on, pause.resumed_on, end))
                for pause in pauses
                if pause.paused_on < end
            ]
        ),
        tuple(
            [
                replace(addon, detached_on=_cut(addon.attached_on, addon.detached_on, end))
                for addon in addons
            ]
        ),
    )


def _cut(start: date, until: date | None, end: date) -> date:
    """The end of a half-open span that does not outlive `end`; never before its start."""
    return max(start, end if until is None else min(until, end))
