"""Trials that are over, ended a batch at a time: however many there are, in four statements."""

from typing import Final

from sqlalchemy import text

from services.catalog.deployments import Cause
from services.catalog.lifecycle import State
from services.catalog.vocabulary import EventType
from services.common.database import WriteSession

__all__ = ["end_trials"]

# What somebody moves at this moment is left to them: a later batch finds what is left.
DUE: Final = text("""
SELECT id FROM deployments
WHERE state = 'trial' AND trial_ends_on <= CAST(:day AS date) AND NOT billing_action_suspended
ORDER BY trial_ends_on, id
LIMIT :limit
FOR NO KEY UPDATE SKIP LOCKED
""")

MOVE: Final = text("""
UPDATE deployments SET state = :state, state_changed_at = :at WHERE id = ANY(CAST(:ids AS uuid[]))
""")

RECORD: Final = text("""
INSERT INTO deployment_events
    (deployment_id, tenant_id, type, from_state, to_state, actor, reason, request_id, occurred_at)
SELECT d.id, d.tenant_id, :type, 'trial', d.state, :actor, :reason, :request_id, :at
FROM deployments AS d WHERE d.id = ANY(CAST(:ids AS uuid[]))
""")

CUT: Final = text("""
UPDATE subscriptions SET trial_end = greatest(starts_on, CAST(:day AS date))
WHERE deployment_id = ANY(CAST(:ids AS uuid[])) AND (ends_on IS NULL OR ends_on > :day)
  AND (trial_end IS NULL OR trial_end > :day)
""")


async def end_trials(session: WriteSession, cause: Cause, limit: int) -> int:
    """Makes deployments active whose trial is over; how many, and never more than the limit.

    Leaves those alone whose billing actions are suspended.
    """
    due = (await session.execute(DUE, {"day": cause.day, "limit": limit})).all()
    if not due:
        return 0
    ids = [row.id for row in due]
    await session.execute(MOVE, {"state": State.ACTIVE, "at": cause.at, "ids": ids})
    await session.execute(
        RECORD,
        {
            "type": EventType.TRANSITIONED, "actor": cause.actor, "reason": cause.reason,
            "request_id": cause.request_id, "at": cause.at, "ids": ids,
        },
    )  # fmt: skip
    await session.execute(CUT, {"day": cause.day, "ids": ids})
    return len(ids)
