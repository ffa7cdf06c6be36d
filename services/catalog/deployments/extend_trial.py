"""Extends the trial of a deployment."""

from datetime import date

from services.catalog.deployments.rules.deployments import Cause, Deployment
from services.catalog.deployments.rules.lifecycle import State
from services.catalog.deployments.rules.trials import check_extension
from services.catalog.deployments.store.events import record_event
from services.catalog.deployments.store.trials import move_trial_end
from services.catalog.subscriptions.store.backdated import record_backdated
from services.catalog.subscriptions.store.subscriptions import deployment_subscriptions
from services.catalog.vocabulary import EventType
from services.common.db.database import WriteSession

__all__ = ["extend_trial"]


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
