"""Subscribes deployments to plans; locks the catalog, so that the active terms are used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.catalog.deployments.rules.deployments import Cause, Deployment
from services.catalog.deployments.rules.lifecycle import State
from services.catalog.deployments.store.deployments import lock_deployment
from services.catalog.deployments.store.events import record_event
from services.catalog.deployments.store.locks import lock_catalog_shared
from services.catalog.plans.rules.plans import Addon, PlanVersion, VersionTerms
from services.catalog.plans.rules.terms import check_addon, check_currency
from services.catalog.plans.store.addons import read_addons
from services.catalog.plans.store.versions import find_active_version
from services.catalog.subscriptions.rules import changes
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.catalog.subscriptions.store import subscriptions
from services.catalog.subscriptions.store.backdated import record_backdated
from services.catalog.subscriptions.store.spans import add_addon, add_term
from services.catalog.vocabulary import EventType
from services.common.db.database import WriteSession
from services.common.errors import (
    AlreadyExists,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
)
from services.common.identity.callers import Scope

__all__ = ["Order", "active_version", "addons_to_attach", "subscribe"]


@dataclass(frozen=True, slots=True)
class Order:
    """A subscription order; an addon that is named twice is attached twice."""

    deployment_id: UUID
    plan_code: str
    addons: Sequence[str]
    starts_on: date
    by_tenant: bool


async def subscribe(
    session: WriteSession, scope: Scope, order: Order, cause: Cause
) -> Subscription:
    """Subscribes a deployment to the active version of a plan.

    Raises NotFound; InvalidArgument for an unknown plan or addon; FailedPrecondition for a
    deployment that has ended; AlreadyExists if it has a subscription.
    """
    deployment = await lock_deployment(session, scope, order.deployment_id)
    changes.check_deployment(deployment)
    await _check_unsubscribed(session, deployment, order.starts_on, cause.day)
    await lock_catalog_shared(session)
    version = await active_version(session, order.plan_code)
    addons = await addons_to_attach(
        session,
        [(f"addons[{position}]", code) for position, code in enumerate(order.addons)],
        version.terms,
    )
    identifier = await subscriptions.create_subscription(
        session,
        deployment,
        starts_on=order.starts_on,
        trial_end=changes.trial_end_of(deployment, order.starts_on),
        at=cause.at,
    )
    made = await subscriptions.read_subscription(session, scope, identifier)
    by_tenant = order.by_tenant
    await add_term(session, made, version.id, order.starts_on, by_tenant=by_tenant)
    for addon in addons:
        await add_addon(session, made, addon, order.starts_on, by_tenant=by_tenant)
    await _record(session, deployment, version, order, cause)
    made = await subscriptions.read_subscription(session, scope, identifier)
    is_trial = deployment.state is State.TRIAL
    await record_backdated(session, None, made, cause.at, was_trial=is_trial, is_trial=is_trial)
    return made


async def active_version(session: WriteSession, plan_code: str) -> PlanVersion:
    """The active version of a plan. Raises InvalidArgument if there is none."""
    try:
        return await find_active_version(session, plan_code)
    except NotFound:
        raise InvalidArgument(
            "plan_code", f"{plan_code!r} is not a plan that is sold", reason="UNKNOWN_PLAN"
        ) from None


async def addons_to_attach(
    session: WriteSession, codes: Sequence[tuple[str, str]], plan: VersionTerms
) -> list[Addon]:
    """The addons of these (field, code) pairs, including repetitions, for a plan.

    Raises InvalidArgument for an unknown one, FailedPrecondition for another currency or one that
    would add to no item.
    """
    known = await read_addons(session, {code for _, code in codes}) if codes else {}
    found = []
    for field, code in codes:
        if code not in known:
            raise InvalidArgument(field, f"{code!r} is not an addon", reason="UNKNOWN_ADDON")
        check_currency(field, known[code].terms.currency, plan.currency)
        check_addon(field, known[code].terms.resource_kind, plan.items)
        found.append(known[code])
    return found


async def _check_unsubscribed(
    session: WriteSession, deployment: Deployment, starts_on: date, today: date
) -> None:
    before = await subscriptions.subscription_of_deployment(session, deployment.id)
    if before is None or before.ends_on == before.starts_on:
        return  # a subscription cancelled before it began does not block another
    try:
        changes.check_running(before, today)
    except FailedPrecondition:
        if before.ends_on is not None and before.ends_on <= starts_on:
            return
        raise InvalidArgument(
            "starts_on", f"is before the last subscription ended, on {before.ends_on}"
        ) from None
    until = f" until {before.ends_on}" if before.ends_on is not None else ""
    message = f"the deployment already has a subscription{until}"
    raise AlreadyExists(
        f"id: {message}",
        reason="ALREADY_SUBSCRIBED",
        metadata={"subscription_id": str(before.id)},
        violations=(FieldViolation("id", message),),
    )


async def _record(
    session: WriteSession, deployment: Deployment, version: PlanVersion, order: Order, cause: Cause
) -> None:
    words = f"{version.plan_code} version {version.version}"
    if order.addons:
        words += f" with {', '.join(order.addons)}"
    told = Cause(cause.actor, f"{words} from {order.starts_on}", cause.request_id, cause.at)
    await record_event(session, deployment, EventType.SUBSCRIBED, told, from_state=deployment.state)
