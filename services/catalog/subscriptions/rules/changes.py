"""Rules of subscription changes and their effective days."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from services.catalog.deployments.rules.deployments import Deployment
from services.catalog.deployments.rules.lifecycle import ENDED, State
from services.catalog.plans.rules.plans import PlanVersion
from services.catalog.subscriptions.rules.subscriptions import (
    AttachedAddon,
    PauseSpan,
    Subscription,
    covers,
)
from services.catalog.vocabulary import VersionStatus
from services.common.errors import FailedPrecondition, InvalidArgument, NotFound

__all__ = [
    "MAX_DAYS_AHEAD",
    "addon_to_detach",
    "check_ahead",
    "check_dearer",
    "check_deployment",
    "check_pausable",
    "check_room",
    "check_running",
    "check_version",
    "closing_day",
    "effective_day",
    "first_changed_day",
    "first_day",
    "pause_to_end",
    "trial_end_of",
]

MAX_DAYS_AHEAD: Final = 92
"""How far ahead a tenant may schedule a change that fixes a price against later increases."""


def check_ahead(field: str, day: date, today: date, *, by_tenant: bool) -> None:
    """Raises InvalidArgument for a tenant's day that would fix today's price for too long."""
    latest = today + timedelta(days=MAX_DAYS_AHEAD)
    if by_tenant and day > latest:
        raise InvalidArgument(field, f"must not be after {latest}", reason="OUT_OF_RANGE")


def first_day(said: date | None, today: date, *, by_tenant: bool) -> date:
    """The first day of a new subscription: today by default.

    Raises InvalidArgument for a tenant's day in the past, which only an operator may use, and for
    one too far ahead.
    """
    if said is None:
        return today
    if by_tenant and said < today:
        raise InvalidArgument("starts_on", "must not be in the past", reason="BACKDATED")
    check_ahead("starts_on", said, today, by_tenant=by_tenant)
    return said


def effective_day(
    said: date | None, subscription: Subscription, today: date, *, by_tenant: bool
) -> date:
    """The effective day of a change: by default today, or the subscription's first day.

    An operator's may be in any month. Raises InvalidArgument for a day before the subscription, and
    for a tenant's day in the past, because used days are owed.
    """
    if said is None:
        return max(today, subscription.starts_on)
    if said < subscription.starts_on:
        raise InvalidArgument(
            "effective_on", "is before the subscription begins", reason="OUT_OF_RANGE"
        )
    if by_tenant and said < today:
        raise InvalidArgument("effective_on", "must not be in the past", reason="BACKDATED")
    return said


def closing_day(day: date, held_since: date, today: date, *, by_tenant: bool) -> date:
    """The first day without something attached since a day.

    A started day is billed: a tenant can give something up from tomorrow on at the earliest.
    Otherwise it could use it every day without paying.
    """
    is_held = held_since <= today
    return max(day, today + timedelta(days=1)) if by_tenant and is_held else day


def check_dearer(wanted: PlanVersion, held: PlanVersion, day: date, today: date) -> None:
    """Raises InvalidArgument for a tenant's change of today to a cheaper version.

    Today is billed by the version in force until now.
    """
    if day <= today and wanted.terms.price_cents < held.terms.price_cents:
        raise InvalidArgument(
            "effective_on",
            f"must be after {today}, which is billed by the plan that was held on it",
            reason="DAY_HELD",
        )


def check_deployment(deployment: Deployment) -> None:
    """Raises FailedPrecondition for a deployment that is no longer billed."""
    if deployment.state in ENDED:
        raise FailedPrecondition(
            f"a deployment that is {deployment.state} cannot be subscribed",
            reason="DEPLOYMENT_ENDED",
            metadata={"state": deployment.state},
        )


def trial_end_of(deployment: Deployment, starts_on: date) -> date | None:
    """The first billed day of a deployment that is on trial until a set day; else None."""
    end = deployment.trial_ends_on
    if deployment.state is not State.TRIAL or end is None:
        return None
    return max(end, starts_on)


def check_running(subscription: Subscription, day: date) -> None:
    """Raises FailedPrecondition if a subscription has ended by a day."""
    if subscription.ends_on is not None and subscription.ends_on <= day:
        raise FailedPrecondition(
            f"the subscription ends on {subscription.ends_on}",
            reason="SUBSCRIPTION_CANCELLED",
            metadata={"ends_on": subscription.ends_on.isoformat()},
        )


def check_room(
    subscription: Subscription, ends_on: date | None, others: Sequence[Subscription]
) -> None:
    """Raises FailedPrecondition if it would overlap another subscription of its deployment."""
    for other in others:
        if other.id == subscription.id or other.ends_on == other.starts_on:
            continue
        begins = ends_on is None or other.starts_on < ends_on
        if begins and (other.ends_on is None or other.ends_on > subscription.starts_on):
            raise FailedPrecondition(
                f"the deployment has another subscription from {other.starts_on}",
                reason="ALREADY_SUBSCRIBED",
                metadata={"subscription_id": str(other.id)},
            )


def check_version(version: PlanVersion, *, by_tenant: bool) -> None:
    """Raises FailedPrecondition for a version that is not allowed.

    A draft is never allowed. A retired version is allowed only for operators, otherwise a tenant
    could return to an old price.
    """
    if version.status is VersionStatus.DRAFT or (
        by_tenant and version.status is VersionStatus.RETIRED
    ):
        raise FailedPrecondition(
            f"plan_version: version {version.version} of {version.plan_code!r} is {version.status}",
            reason="VERSION_NOT_ACTIVE" if by_tenant else "VERSION_NOT_PUBLISHED",
            metadata={"field": "plan_version", "status": version.status},
        )


def addon_to_detach(subscription: Subscription, identifier: UUID, day: date) -> AttachedAddon:
    """An attached addon to detach from a day on.

    Raises NotFound; FailedPrecondition if it is detached by then; InvalidArgument for a day before
    it was attached.
    """
    found = next((addon for addon in subscription.addons if addon.id == identifier), None)
    if found is None:
        raise NotFound("attached addon", str(identifier))
    if day < found.attached_on:
        raise InvalidArgument(
            "effective_on", "is before the addon was attached", reason="OUT_OF_RANGE"
        )
    if found.detached_on is not None and found.detached_on <= day:
        raise FailedPrecondition(
            f"the addon is detached on {found.detached_on}", reason="ADDON_DETACHED"
        )
    return found


def check_pausable(subscription: Subscription, day: date) -> None:
    """Raises FailedPrecondition if it is paused on that day or later."""
    if any(pause.resumed_on is None or pause.resumed_on > day for pause in subscription.pauses):
        raise FailedPrecondition("the subscription is already paused", reason="SUBSCRIPTION_PAUSED")


def pause_to_end(subscription: Subscription, day: date) -> PauseSpan:
    """The last pause, to end on a day.

    Raises FailedPrecondition if there is none; InvalidArgument for a day before it began.
    """
    last = subscription.pauses[-1] if subscription.pauses else None
    # A pause that ends with its subscription has no end itself.
    is_open = last is not None and last.resumed_on == subscription.ends_on
    found = last if is_open and last is not None else None
    if found is None or found.paused_on == found.resumed_on:
        raise FailedPrecondition("the subscription is not paused", reason="SUBSCRIPTION_NOT_PAUSED")
    if day < found.paused_on:
        raise InvalidArgument("effective_on", "is before the pause began", reason="OUT_OF_RANGE")
    return found


def first_changed_day(
    before: Subscription | None, after: Subscription | None, *, was_trial: bool, is_trial: bool
) -> date | None:
    """The first day with different billing; None if there is none.

    `was_trial` and `is_trial` say whether the deployment was and is on trial, for trials without an
    end. Billing can only change on a day on which a span begins or ends.
    """
    days = sorted({day for one in (before, after) if one is not None for day in _bounds(one)})
    for day in days:
        if _held(before, day, on_trial=was_trial) != _held(after, day, on_trial=is_trial):
            return day
    return None


def _bounds(subscription: Subscription) -> Iterator[date]:
    """The days on which a subscription's billing may change."""
    spans: list[tuple[date | None, date | None]] = [
        (subscription.starts_on, subscription.ends_on),
        (subscription.trial_end, None),
        *((term.effective_from, term.effective_to) for term in subscription.terms),
        *((pause.paused_on, pause.resumed_on) for pause in subscription.pauses),
        *((addon.attached_on, addon.detached_on) for addon in subscription.addons),
    ]
    return (day for span in spans for day in span if day is not None)


def _held(subscription: Subscription | None, day: date, *, on_trial: bool) -> object:
    """Everything that determines a day's billing; None on a day that is not billed."""
    if subscription is None or not covers(subscription.starts_on, subscription.ends_on, day):
        return None
    end = subscription.trial_end
    return (
        on_trial if end is None else day < end,
        any(covers(pause.paused_on, pause.resumed_on, day) for pause in subscription.pauses),
        subscription.term_on(day).plan_version_id,
        sorted(
            addon.id
            for addon in subscription.addons
            if covers(addon.attached_on, addon.detached_on, day)
        ),
    )
