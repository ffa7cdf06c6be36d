"""Extends the trial of a deployment."""

from dataclasses import replace
from datetime import date

from services.catalog.deployments.rules.deployments import Cause, Deployment
from services.catalog.deployments.rules.lifecycle import State
from services.catalog.deployments.rules.trials import check_extension, check_trial_left
from services.catalog.deployments.store.events import record_event
from services.catalog.deployments.store.trials import count_trials, grant_trials, move_trial_end
from services.catalog.subscriptions.store.backdated import record_backdated
from services.catalog.subscriptions.store.subscriptions import deployment_subscriptions
from services.catalog.vocabulary import EventType
from services.common.db.database import WriteSession

__all__ = ["extend_trial", "take_trial"]


async def extend_trial(
    session: WriteSession, before: Deployment, day: date, cause: Cause
) -> Deployment:
    """Extends the trial of a locked deployment to a later day, even if the trial is over.

    Raises FailedPrecondition for a deployment without a trial, InvalidArgument if the day is not
    later.
    """
    kept = await deployment_subscriptions(session, before.id)
    check_extension(before, kept, day, cause.day)
    after = await move_trial_end(session, before, day)
    told = cause.with_words(f"trial until {day}")
    await record_event(session, after, EventType.TRIAL_EXTENDED, told, from_state=after.state)
    is_trial = after.state is State.TRIAL
    for one, now in zip(kept, await deployment_subscriptions(session, after.id), strict=True):
        await record_backdated(session, one, now, cause.at, was_trial=is_trial, is_trial=is_trial)
    return after


async def take_trial(
    session: WriteSession, tenant_id: str, cause: Cause, *, by_tenant: bool
) -> None:
    """Counts a trial of a tenant; call it before the deployment is created.

    Raises FailedPrecondition if the tenant has no trial left. If an operator creates the
    deployment, a grant is recorded instead.
    """
    used, granted = await count_trials(session, tenant_id)
    if by_tenant:
        check_trial_left(used, granted)
    elif used > granted:
        told = replace(cause, reason="made a deployment on trial")
        await grant_trials(session, tenant_id, 1, told)
