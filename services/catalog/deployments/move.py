"""Deployments moved from state to state, with what that means for their subscriptions."""

from datetime import timedelta

from services.catalog.deployments.rules.deployments import Cause, Deployment, DeploymentEvent
from services.catalog.deployments.rules.lifecycle import State, check_move
from services.catalog.deployments.store.deployments import set_state
from services.catalog.deployments.store.events import record_event
from services.catalog.subscriptions.store.backdated import record_backdated
from services.catalog.subscriptions.store.spans import cut_trial, end_running
from services.catalog.subscriptions.store.subscriptions import deployment_subscriptions
from services.catalog.vocabulary import EventType
from services.common.db.database import WriteSession

__all__ = ["impose_pause", "move_deployment"]


async def move_deployment(
    session: WriteSession, before: Deployment, to: State, cause: Cause, *, by_tenant: bool
) -> tuple[Deployment, DeploymentEvent]:
    """Moves a locked deployment, and writes its history.

    Its trial is over when it leaves `trial`; its subscription ends when it is cancelled, by a
    tenant with the end of the day: a day on which it was held is a billed day. Raises
    FailedPrecondition for a move that the lifecycle does not have, PermissionDenied for one that
    a tenant may not ask for.
    """
    check_move(before.state, to, by_tenant=by_tenant, own_pause=before.paused_by_tenant)
    deployment = await _moved(session, before, to, cause, by_tenant=by_tenant)
    event = await record_event(
        session, deployment, EventType.TRANSITIONED, cause, from_state=before.state
    )
    if before.state is State.TRIAL or to is State.CANCELLED:
        await _change_subscriptions(session, before, deployment, cause, by_tenant=by_tenant)
    return deployment, event


async def _change_subscriptions(
    session: WriteSession, before: Deployment, after: Deployment, cause: Cause, *, by_tenant: bool
) -> None:
    """Ends the trial that was left, and what a cancelled deployment was subscribed to."""
    kept = await deployment_subscriptions(session, after.id)
    ends = after.state is State.CANCELLED
    day = cause.day + timedelta(days=1) if ends and by_tenant else cause.day
    ended = ends and await end_running(session, after.id, day, by_tenant=by_tenant)
    if before.state is State.TRIAL:
        # A day of a trial stays free, also the last one.
        await cut_trial(session, after.id, day)
    if ended:
        await record_event(
            session, after, EventType.SUBSCRIPTION_CANCELLED, cause, from_state=after.state
        )
    was_trial, is_trial = before.state is State.TRIAL, after.state is State.TRIAL
    for one, now in zip(kept, await deployment_subscriptions(session, after.id), strict=True):
        await record_backdated(session, one, now, cause.at, was_trial=was_trial, is_trial=is_trial)


async def impose_pause(session: WriteSession, before: Deployment, cause: Cause) -> Deployment:
    """Takes a locked deployment's pause from its tenant, who cannot lift it any more."""
    deployment = await _moved(session, before, State.PAUSED, cause, by_tenant=False)
    await record_event(session, deployment, EventType.TRANSITIONED, cause, from_state=before.state)
    return deployment


async def _moved(
    session: WriteSession, before: Deployment, to: State, cause: Cause, *, by_tenant: bool
) -> Deployment:
    # Whose a pause was is remembered through a suspension of it.
    kept = before.paused_by_tenant and {before.state, to} == {State.PAUSED, State.SUSPENDED}
    by_its_tenant = (by_tenant and to is State.PAUSED) or kept
    return await set_state(session, before, to, at=cause.at, paused_by_tenant=by_its_tenant)
