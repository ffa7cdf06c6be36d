"""Changes subscriptions from a day on: plan, addons, pauses, end. Each change is recorded."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.catalog.deployments.rules.deployments import Cause, Deployment
from services.catalog.deployments.rules.lifecycle import State
from services.catalog.deployments.store.deployments import lock_deployment
from services.catalog.deployments.store.events import record_event
from services.catalog.deployments.store.locks import lock_catalog_shared
from services.catalog.limits.check_quota import check_quota
from services.catalog.plans.rules.plans import PlanVersion, VersionTerms
from services.catalog.plans.rules.terms import check_addon, check_currency
from services.catalog.plans.store.versions import find_version, read_versions
from services.catalog.subscriptions.rules import changes
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.catalog.subscriptions.rules.upcoming import check_replaces
from services.catalog.subscriptions.store import spans
from services.catalog.subscriptions.store.backdated import record_backdated
from services.catalog.subscriptions.store.subscriptions import (
    deployment_subscriptions,
    read_subscription,
)
from services.catalog.subscriptions.subscribe import active_version, addons_to_attach
from services.catalog.vocabulary import EventType
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from services.common.identity.callers import Scope
from services.common.limits.declared import ADDONS_A_SUBSCRIPTION

__all__ = [
    "SubscriptionChange",
    "attach_addon",
    "cancel",
    "change_plan",
    "detach_addon",
    "lock_subscription",
    "move_end",
    "pause",
    "record_change",
    "resume",
]


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """The subscription to change, the effective day (default today), and who changes it."""

    subscription_id: UUID
    scope: Scope
    said: date | None
    by_tenant: bool
    cause: Cause


@dataclass(frozen=True, slots=True)
class _Locked:
    """A locked subscription, and the effective day of its change."""

    deployment: Deployment
    subscription: Subscription
    day: date


async def change_plan(
    session: WriteSession, change: SubscriptionChange, *, plan_code: str, version: int
) -> Subscription:
    """Changes a subscription to another version (0 for the active one) from a day on.

    Replaces scheduled changes on that day or later. Raises InvalidArgument for a plan that is not
    sold or an unknown version, FailedPrecondition if nothing would change or the version is not
    allowed, PermissionDenied if a tenant would replace an operator's scheduled change.
    """
    locked = await _lock(session, change)
    changes.check_ahead("effective_on", locked.day, change.cause.day, by_tenant=change.by_tenant)
    await lock_catalog_shared(session)
    if change.by_tenant:
        check_replaces(locked.subscription, locked.day, change.cause.day)
    wanted = await _version(session, plan_code, version)
    changes.check_version(wanted, by_tenant=change.by_tenant)
    held_terms = await _terms(session, locked)
    check_currency("plan_code", wanted.terms.currency, held_terms.currency)
    for addon in locked.subscription.addons_from(locked.day):
        check_addon("plan_code", addon.terms.resource_kind, wanted.terms.items)
    if change.by_tenant and locked.subscription.starts_on <= change.cause.day:
        now = locked.subscription.term_on(change.cause.day).plan_version_id
        known = await read_versions(session, [now])
        changes.check_dearer(wanted, known[now], locked.day, change.cause.day)
    held = [term for term in locked.subscription.terms if term.effective_from <= locked.day]
    if held[-1:] == list(locked.subscription.terms[-1:]) and (
        held[-1].plan_version_id == wanted.id
    ):
        raise FailedPrecondition(
            f"plan_code: the subscription is already on version {wanted.version} of {plan_code!r}",
            reason="NOTHING_CHANGES",
            metadata={"field": "plan_code"},
        )
    await spans.change_terms(
        session, locked.subscription, wanted.id, locked.day, by_tenant=change.by_tenant
    )
    words = f"{plan_code} version {wanted.version} from {locked.day}"
    return await _changed(session, locked, change, EventType.PLAN_CHANGED, words)


async def attach_addon(
    session: WriteSession, change: SubscriptionChange, code: str
) -> tuple[Subscription, UUID]:
    """Attaches an addon with its current terms; also returns its id."""
    locked = await _lock(session, change)
    changes.check_ahead("effective_on", locked.day, change.cause.day, by_tenant=change.by_tenant)
    await _check_addons(session, locked.subscription, change.cause.day)
    await lock_catalog_shared(session)
    terms = await _terms(session, locked)
    [addon] = await addons_to_attach(session, [("code", code)], terms)
    identifier = await spans.add_addon(
        session, locked.subscription, addon, locked.day, by_tenant=change.by_tenant
    )
    words = f"{code} from {locked.day}"
    changed = await _changed(session, locked, change, EventType.ADDON_ATTACHED, words)
    return changed, identifier


async def _check_addons(session: WriteSession, subscription: Subscription, today: date) -> None:
    """Attaches one more addon to a subscription whose deployment is locked."""

    async def held(_: WriteSession, __: str) -> int:
        return len(subscription.addons_from(today))

    await check_quota(session, ADDONS_A_SUBSCRIPTION, subscription.tenant_id, held, today)


async def detach_addon(
    session: WriteSession, change: SubscriptionChange, attached_id: UUID
) -> Subscription:
    """Detaches an addon; the day is exclusive."""
    locked = await _lock(session, change)
    addon = changes.addon_to_detach(locked.subscription, attached_id, locked.day)
    day = changes.closing_day(
        locked.day, addon.attached_on, change.cause.day, by_tenant=change.by_tenant
    )
    changes.addon_to_detach(locked.subscription, attached_id, day)
    await spans.detach(session, addon.id, day, by_tenant=change.by_tenant)
    words = f"{addon.code} until {day}"
    return await _changed(session, locked, change, EventType.ADDON_DETACHED, words)


async def pause(session: WriteSession, change: SubscriptionChange) -> Subscription:
    """Pauses a subscription; the day is the first that is not billed."""
    locked = await _lock(session, change)
    changes.check_pausable(locked.subscription, locked.day)
    await spans.add_pause(session, locked.subscription, locked.day)
    return await _changed(session, locked, change, EventType.SUBSCRIPTION_PAUSED)


async def resume(session: WriteSession, change: SubscriptionChange) -> Subscription:
    """Resumes a paused subscription; the day is the first that is billed again."""
    locked = await _lock(session, change)
    span = changes.pause_to_end(locked.subscription, locked.day)
    await spans.end_pause(session, locked.subscription, span.paused_on, locked.day)
    return await _changed(session, locked, change, EventType.SUBSCRIPTION_RESUMED)


async def cancel(session: WriteSession, change: SubscriptionChange) -> Subscription:
    """Ends a subscription, or moves its end."""
    locked = await _lock(session, change, ends=True)
    # An end set by an operator remains the operator's, even if the tenant moves it earlier.
    is_own = locked.subscription.ends_on is None or locked.subscription.ended_by_tenant
    await move_end(
        session, locked.deployment, locked.subscription, change, locked.day,
        by_tenant=change.by_tenant and is_own,
    )  # fmt: skip  # a table
    words = f"from {locked.day}"
    return await _changed(session, locked, change, EventType.SUBSCRIPTION_CANCELLED, words)


async def move_end(
    session: WriteSession,
    deployment: Deployment,
    subscription: Subscription,
    change: SubscriptionChange,
    day: date | None,
    *,
    by_tenant: bool,
) -> None:
    """Sets, moves or (None) removes the end of a subscription whose deployment is locked.

    `by_tenant` says whether the end is now the tenant's.

    Raises FailedPrecondition if the end is unchanged, or a later end would overlap another
    subscription or the deployment has ended; PermissionDenied if a tenant sets a later end than an
    operator.
    """
    before = subscription.ends_on
    if day is not None and day == before:
        changes.check_running(subscription, day)
    is_later = before is not None and (day is None or day > before)
    if is_later:
        if day is None or day > change.cause.day:
            changes.check_deployment(deployment)
        if change.by_tenant and not subscription.ended_by_tenant:
            raise PermissionDenied(
                f"an operator ended it on {before}; only an operator may set a later end",
                reason="OPERATOR_ONLY",
            )
        others = await deployment_subscriptions(session, deployment.id)
        changes.check_room(subscription, day, others)
    await spans.end_subscription(session, subscription.id, day, by_tenant=by_tenant)


async def lock_subscription(
    session: WriteSession, change: SubscriptionChange
) -> tuple[Deployment, Subscription]:
    """Locks the deployment, then reads the subscription. Raises NotFound."""
    found = await read_subscription(session, change.scope, change.subscription_id)
    deployment = await lock_deployment(session, change.scope, found.deployment_id)
    return deployment, await read_subscription(session, change.scope, found.id)


async def _lock(
    session: WriteSession, change: SubscriptionChange, *, ends: bool = False
) -> _Locked:
    """Locks a subscription to change or end it from a day on.

    Raises NotFound, and FailedPrecondition if it has ended by then. An operator who gives a day may
    also change an ended subscription's past.
    """
    deployment, subscription = await lock_subscription(session, change)
    today = change.cause.day
    if change.by_tenant or change.said is None:
        changes.check_running(subscription, today)
    day = changes.effective_day(change.said, subscription, today, by_tenant=change.by_tenant)
    if ends:
        day = changes.closing_day(day, subscription.starts_on, today, by_tenant=change.by_tenant)
    else:
        changes.check_running(subscription, day)
    return _Locked(deployment, subscription, day)


async def _version(session: WriteSession, plan_code: str, version: int) -> PlanVersion:
    """The version of a plan by number, the active one for 0. Raises InvalidArgument."""
    active = await active_version(session, plan_code)
    if not version:
        return active
    try:
        return await find_version(session, plan_code, version)
    except NotFound:
        raise InvalidArgument(
            "plan_version", f"{plan_code!r} has no version {version}", reason="UNKNOWN_VERSION"
        ) from None


async def _terms(session: WriteSession, locked: _Locked) -> VersionTerms:
    """The terms of a subscription on the day of its change."""
    identifier = locked.subscription.term_on(locked.day).plan_version_id
    return (await read_versions(session, [identifier]))[identifier].terms


async def _changed(
    session: WriteSession,
    locked: _Locked,
    change: SubscriptionChange,
    type_: EventType,
    words: str = "",
) -> Subscription:
    """Records the change in the history and returns the current subscription."""
    cause = replace(change.cause, reason=change.cause.reason or words or f"from {locked.day}")
    return await record_change(
        session, change.scope, locked.deployment, locked.subscription, type_, cause
    )


async def record_change(
    session: WriteSession,
    scope: Scope,
    deployment: Deployment,
    before: Subscription,
    type_: EventType,
    cause: Cause,
) -> Subscription:
    """Records an applied change in the history and returns the current subscription.

    A change that affects an earlier month is also recorded as backdated.
    """
    await record_event(session, deployment, type_, cause, from_state=deployment.state)
    after = await read_subscription(session, scope, before.id)
    is_trial = deployment.state is State.TRIAL
    await record_backdated(session, before, after, cause.at, was_trial=is_trial, is_trial=is_trial)
    return after
