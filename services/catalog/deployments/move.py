"""Changes the state of deployments, with the effects on their subscriptions."""

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
    """Changes the state of a locked deployment and records it in the history.

    Leaving `trial` ends its trial. Cancelling it ends its subscription; if a tenant cancels, at the
    end of the day, because a started day is billed. Raises FailedPrecondition for a transition that
    the lifecycle does not allow, PermissionDenied for one that a tenant may not request.
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
    """Ends the trial that was left, and the subscription of a cancelled deployment."""
    kept = await deployment_subscriptions(session, after.id)
    ends = after.state is State.CANCELLED
    day = cause.day + timedelta(days=1) if ends and by_tenant else cause.day
    ended = ends and await end_running(session, after.id, day, by_tenant=by_tenant)
    if before.state is State.TRIAL:
        # The last day of a trial stays free.
        await cut_trial(session, after.id, day)
    if ended:
        await record_event(
            session, after, EventType.SUBSCRIPTION_CANCELLED, cause, from_state=after.state
        )
    was_trial, is_trial = before.state is State.TRIAL, after.state is State.TRIAL
    for one, now in zip(kept, await deployment_subscriptions(session, after.id), strict=True):
        await record_backdated(session, one, now, cause.at, was_trial=was_trial, is_trial=is_trial)


async def impose_pause(session: WriteSession, before: Deployment, cause: Cause) -> Deployment:
    """Marks a locked deployment's pause as imposed, so that its tenant cannot lift it."""
    deployment = await _moved(session, before, State.PAUSED, cause, by_tenant=False)
    await record_event(session, deployment, EventType.TRANSITIONED, cause, from_state=before.state)
    return deployment


async def _moved(
    session: WriteSession, before: Deployment, to: State, cause: Cause, *, by_tenant: bool
) -> Deployment:
    # A suspension keeps the information who paused it.
    kept = before.paused_by_tenant and {before.state, to} == {State.PAUSED, State.SUSPENDED}
    by_its_tenant = (by_tenant and to is State.PAUSED) or kept
    return await set_state(session, before, to, at=cause.at, paused_by_tenant=by_its_tenant)
