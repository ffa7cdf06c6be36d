"""Scheduled changes of a subscription: their ids, allowed days and owners."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from services.catalog.subscriptions.rules.subscriptions import (
    AttachedAddon,
    PauseSpan,
    PlanTerm,
    Subscription,
)
from services.common.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied

__all__ = ["ChangeKind", "UpcomingChange", "change_to_come", "check_move_day", "upcoming_changes"]


class ChangeKind(StrEnum):
    """The kind of a scheduled change."""

    PLAN_CHANGE = "plan_change"
    ADDON_ATTACH = "addon_attach"
    ADDON_DETACH = "addon_detach"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class UpcomingChange:
    """A change with its effective day and the days to which it can be moved.

    `earliest` and `latest` are inclusive and follow from adjacent changes; without a `latest`,
    nothing follows.
    """

    id: str
    kind: ChangeKind
    effective_on: date
    by_tenant: bool
    earliest: date
    latest: date | None
    term: PlanTerm | None = None
    addon: AttachedAddon | None = None
    pause: PauseSpan | None = None

    def in_words(self) -> str:
        """A description such as `addon_attach storage_50gb on 2026-05-01`."""
        what = ""
        if self.term is not None:
            what = f" to {self.term.plan_code} version {self.term.plan_version}"
        if self.addon is not None:
            what = f" {self.addon.code}"
        return f"{self.kind}{what} on {self.effective_on}"


def upcoming_changes(subscription: Subscription, today: date) -> list[UpcomingChange]:
    """The changes after today, by day."""
    later = (change for change in _changes(subscription) if change.effective_on > today)
    return sorted(later, key=lambda change: (change.effective_on, change.id))


def change_to_come(
    subscription: Subscription, identifier: str, today: date, *, by_tenant: bool
) -> UpcomingChange:
    """The change with an id, if it may still be moved or cancelled.

    Raises NotFound; FailedPrecondition if it is in effect; PermissionDenied if a tenant cancels an
    operator's change.
    """
    found = next((one for one in _changes(subscription) if one.id == identifier), None)
    if found is None:
        raise NotFound("change", identifier)
    if found.effective_on <= today:
        raise FailedPrecondition(
            f"the change is in effect since {found.effective_on}",
            reason="CHANGE_IN_EFFECT",
            metadata={"effective_on": found.effective_on.isoformat()},
        )
    if by_tenant:
        _check_own(found)
    return found


def check_replaces(subscription: Subscription, day: date, today: date) -> None:
    """Raises PermissionDenied for a tenant's change of plan that replaces an operator's.

    A change from a day on replaces those that are scheduled for that day or later.
    """
    for change in _plan_changes(subscription):
        if change.effective_on >= day and change.effective_on > today:
            _check_own(change)


def check_move_day(change: UpcomingChange, day: date, today: date) -> None:
    """Raises InvalidArgument for a day to which a change cannot be moved.

    Today is not allowed, because an immediate change is a new one.
    """
    earliest = max(change.earliest, today + timedelta(days=1))
    if day < earliest or (change.latest is not None and day > change.latest):
        until = f" to {change.latest}" if change.latest is not None else " or later"
        raise InvalidArgument("effective_on", f"must be {earliest}{until}", reason="OUT_OF_RANGE")


def _check_own(change: UpcomingChange) -> None:
    if not change.by_tenant:
        raise PermissionDenied(
            f"an operator scheduled the change on {change.effective_on}; only an operator may"
            " move, replace or cancel it",
            reason="OPERATOR_ONLY",
        )


def _changes(subscription: Subscription) -> Iterator[UpcomingChange]:
    """All past and scheduled changes of a subscription."""
    yield from _plan_changes(subscription)
    yield from _addon_changes(subscription)
    yield from _pause_changes(subscription)
    if subscription.ends_on is not None:
        yield UpcomingChange(
            id="cancel",
            kind=ChangeKind.CANCEL,
            effective_on=subscription.ends_on,
            by_tenant=subscription.ended_by_tenant,
            earliest=subscription.starts_on,
            latest=None,
        )


def _plan_changes(subscription: Subscription) -> Iterator[UpcomingChange]:
    for before, term in pairwise(subscription.terms):
        yield UpcomingChange(
            id=f"plan-{term.effective_from}",
            kind=ChangeKind.PLAN_CHANGE,
            effective_on=term.effective_from,
            by_tenant=term.by_tenant,
            earliest=_after(before.effective_from),
            latest=_before(term.effective_to),
            term=term,
        )


def _addon_changes(subscription: Subscription) -> Iterator[UpcomingChange]:
    for addon in subscription.addons:
        if addon.detached_on is not None and addon.detached_on <= addon.attached_on:
            continue  # cancelled
        yield UpcomingChange(
            id=f"attach-{addon.id}",
            kind=ChangeKind.ADDON_ATTACH,
            effective_on=addon.attached_on,
            by_tenant=addon.attached_by_tenant,
            earliest=subscription.starts_on,
            latest=_before(addon.detached_on),
            addon=addon,
        )
        if _ends_before(addon.detached_on, subscription):
            yield UpcomingChange(
                id=f"detach-{addon.id}",
                kind=ChangeKind.ADDON_DETACH,
                effective_on=addon.detached_on or date.max,
                by_tenant=addon.detached_by_tenant,
                earliest=_after(addon.attached_on),
                latest=_before(subscription.ends_on),
                addon=addon,
            )


def _pause_changes(subscription: Subscription) -> Iterator[UpcomingChange]:
    """For operators only, because a paused deployment's resources still cost money."""
    pauses = [one for one in subscription.pauses if one.paused_on != one.resumed_on]
    for position, pause in enumerate(pauses):
        former = pauses[position - 1].resumed_on if position else subscription.starts_on
        following = pauses[position + 1].paused_on if position + 1 < len(pauses) else None
        yield UpcomingChange(
            id=f"pause-{pause.paused_on}",
            kind=ChangeKind.PAUSE,
            effective_on=pause.paused_on,
            by_tenant=False,
            earliest=former or subscription.starts_on,
            latest=_before(pause.resumed_on),
            pause=pause,
        )
        if _ends_before(pause.resumed_on, subscription):
            yield UpcomingChange(
                id=f"resume-{pause.paused_on}",
                kind=ChangeKind.RESUME,
                effective_on=pause.resumed_on or date.max,
                by_tenant=False,
                earliest=_after(pause.paused_on),
                latest=following or _before(subscription.ends_on),
                pause=pause,
            )


def _ends_before(day: date | None, subscription: Subscription) -> bool:
    """Whether a span ends on its own and not with the subscription."""
    return day is not None and (subscription.ends_on is None or day < subscription.ends_on)


def _after(day: date) -> date:
    return day + timedelta(days=1)


def _before(day: date | None) -> date | None:
    return None if day is None else day - timedelta(days=1)
