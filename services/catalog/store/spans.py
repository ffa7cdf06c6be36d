"""The days of a subscription and of all that belongs to it, cut at their end."""

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.common.database import WriteSession

__all__ = ["cut_trial", "end_running", "end_subscription"]

RUNNING: Final = text("""
SELECT id, starts_on FROM subscriptions
WHERE deployment_id = :deployment_id AND (ends_on IS NULL OR ends_on > :day)
ORDER BY id
FOR UPDATE
""")

END: Final = text("UPDATE subscriptions SET ends_on = :day WHERE id = :id")

# The first term stays, also without a day: it says what was subscribed to.
DROP_TERMS: Final = text("""
DELETE FROM subscription_terms
WHERE subscription_id = :id AND effective_from >= :day
  AND effective_from > (SELECT starts_on FROM subscriptions WHERE id = :id)
""")

END_TERMS: Final = text("""
UPDATE subscription_terms SET effective_to = greatest(effective_from, :day)
WHERE subscription_id = :id AND (effective_to IS NULL OR effective_to > :day)
""")

END_PAUSES: Final = text("""
UPDATE subscription_pauses SET resumed_on = greatest(paused_on, :day)
WHERE subscription_id = :id AND (resumed_on IS NULL OR resumed_on > :day)
""")

END_ADDONS: Final = text("""
UPDATE subscription_addons SET detached_on = greatest(attached_on, :day)
WHERE subscription_id = :id AND (detached_on IS NULL OR detached_on > :day)
""")

CUT_TRIAL: Final = text("""
UPDATE subscriptions SET trial_end = greatest(starts_on, CAST(:day AS date))
WHERE deployment_id = :deployment_id AND (ends_on IS NULL OR ends_on > :day)
  AND (trial_end IS NULL OR trial_end > :day)
""")


async def end_subscription(session: WriteSession, identifier: UUID, day: date) -> None:
    """Ends a locked subscription, which has begun by then: `day` is the first without it."""
    values = {"id": identifier, "day": day}
    for statement in (END, DROP_TERMS, END_TERMS, END_PAUSES, END_ADDONS):
        await session.execute(statement, values)


async def end_running(session: WriteSession, deployment_id: UUID, day: date) -> bool:
    """Ends what a deployment is subscribed to; one that has yet to begin never does.

    Answers whether there was anything to end.
    """
    values = {"deployment_id": deployment_id, "day": day}
    rows = (await session.execute(RUNNING, values)).all()
    for row in rows:  # one, but for a later one that was agreed already
        await end_subscription(session, row.id, max(day, row.starts_on))
    return bool(rows)


async def cut_trial(session: WriteSession, deployment_id: UUID, day: date) -> None:
    """Ends the trial of what a deployment is subscribed to, unless it is over already."""
    await session.execute(CUT_TRIAL, {"deployment_id": deployment_id, "day": day})
