"""Records of subscriptions: terms, pauses and addons, each a half-open range of days."""

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
    """A plan version and its days; open-ended while none follows."""

    id: UUID
    plan_code: str
    plan_version: int
    plan_version_id: UUID
    effective_from: date
    effective_to: date | None
    by_tenant: bool = False
    """Whether its tenant made the change, so that the tenant may cancel it."""
    migration_id: UUID | None = None
    """The migration that scheduled it, if any."""
    noticed_on: date | None = None
    """The day on which a migration announced it."""


@dataclass(frozen=True, slots=True)
class PauseSpan:
    """Days that are not billed; open-ended while it is paused."""

    paused_on: date
    resumed_on: date | None


@dataclass(frozen=True, slots=True)
class AttachedAddon:
    """An attached addon with its terms at that time and its days."""

    id: UUID
    code: str
    terms: AddonTerms
    attached_on: date
    detached_on: date | None
    attached_by_tenant: bool = False
    detached_by_tenant: bool = False
    """Whether its tenant made the respective change, so that the tenant may cancel it."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription with all its spans, oldest first, which determine its state on a day.

    No span extends beyond its end; see `cut_to_end`.
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
    """Whether its tenant set its end, so that the tenant may remove it."""

    def status_on(self, day: date) -> SubscriptionStatus:
        """Its status on a day; before its first day it is active or cancelled."""
        if self.ends_on is not None and self.ends_on <= max(day, self.starts_on):
            return SubscriptionStatus.CANCELLED
        if any(covers(pause.paused_on, pause.resumed_on, day) for pause in self.pauses):
            return SubscriptionStatus.PAUSED
        return SubscriptionStatus.ACTIVE

    def term_on(self, day: date) -> PlanTerm:
        """The terms of a day; before its first day the first, after its end the last."""
        held = [term for term in self.terms if term.effective_from <= day]
        return held[-1] if held else self.terms[0]

    def period_on(self, day: date) -> Period:
        """The billing month of a day."""
        last = day if self.ends_on is None else min(day, self.ends_on - timedelta(days=1))
        return month_of(max(last, self.starts_on))

    def addons_from(self, day: date) -> list[AttachedAddon]:
        """The addons attached on a day or later."""
        return [
            addon
            for addon in self.addons
            if addon.detached_on is None or addon.detached_on > max(day, addon.attached_on)
        ]


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """A filter; empty fields do not restrict it."""

    tenant_id: str = ""
    deployment_id: UUID | None = None
    status: str = ""
    plan_code: str = ""


def covers(start: date, end: date | None, day: date) -> bool:
    """Whether a half-open range, possibly open-ended, contains a day."""
    return start <= day and (end is None or day < end)


def cut_to_end(
    end: date | None,
    terms: Sequence[PlanTerm],
    pauses: Sequence[PauseSpan],
    addons: Sequence[AttachedAddon],
) -> tuple[tuple[PlanTerm, ...], tuple[PauseSpan, ...], tuple[AttachedAddon, ...]]:
    """Cuts the stored spans of a subscription to its end.

    They are stored uncut, so that removing the end restores them. The first term is kept even
    without a day, because it says what was subscribed to.
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
    """The end of a half-open range, cut to `end` but not before its start."""
    return max(start, end if until is None else min(until, end))
