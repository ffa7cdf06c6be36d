"""Trials: grants, extensions, and ends in batches."""

from dataclasses import asdict
from datetime import date
from typing import Final

from sqlalchemy import text

from services.catalog.deployments.rules.deployments import Cause, Deployment, TrialGrant
from services.catalog.deployments.rules.lifecycle import State
from services.catalog.deployments.store.deployments import COLUMNS
from services.catalog.vocabulary import EventType
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import record_of
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "count_trials",
    "end_trials",
    "grant_trials",
    "list_grants",
    "move_trial_end",
    "read_trial_counts",
]

# Locked rows are skipped; a later batch takes them.
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

# Serialized per tenant, so that concurrent requests cannot exceed the limit.
TURN: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('trials/' || :tenant_id, 0))")

COUNTED: Final = text("""
SELECT (SELECT count(*) FROM deployments WHERE tenant_id = :tenant_id AND began_on_trial) AS used,
       (SELECT coalesce(sum(trials), 0) FROM trial_grants WHERE tenant_id = :tenant_id) AS granted
""")

GRANT_COLUMNS: Final = "id, tenant_id, trials, granted_by, reason, granted_at"

GRANT: Final = text(f"""
INSERT INTO trial_grants (tenant_id, trials, granted_by, reason, granted_at)
VALUES (:tenant_id, :trials, :actor, :reason, :at)
RETURNING {GRANT_COLUMNS}
""")

LIST_GRANTS: Final = text(f"""
SELECT {GRANT_COLUMNS} FROM trial_grants
WHERE (CAST(:tenant_id AS text) = '' OR tenant_id = CAST(:tenant_id AS text))
  AND (CAST(:after AS uuid) IS NULL OR id < CAST(:after AS uuid))
ORDER BY id DESC
LIMIT :limit
""")

EXTEND: Final = text(f"""
UPDATE deployments AS d SET trial_ends_on = :day WHERE d.id = :id RETURNING {COLUMNS}
""")

# For all subscriptions that begin before that day: the days until then are free.
EXTEND_SUBSCRIPTIONS: Final = text("""
UPDATE subscriptions SET trial_end = CAST(:day AS date)
WHERE deployment_id = :id AND starts_on < CAST(:day AS date)
  AND (trial_end IS NULL OR trial_end < CAST(:day AS date))
""")


async def count_trials(session: WriteSession, tenant_id: str) -> tuple[int, int]:
    """The used and granted trials of a tenant, locked until the transaction ends."""
    await session.execute(TURN, {"tenant_id": tenant_id})
    return await read_trial_counts(session, tenant_id)


async def read_trial_counts(session: ReadSession, tenant_id: str) -> tuple[int, int]:
    """The used and granted trials of a tenant."""
    row = (await session.execute(COUNTED, {"tenant_id": tenant_id})).one()
    return row.used, row.granted


async def grant_trials(
    session: WriteSession, tenant_id: str, trials: int, cause: Cause
) -> TrialGrant:
    """Inserts a trial grant."""
    values = {"tenant_id": tenant_id, "trials": trials, **asdict(cause)}
    return record_of(TrialGrant, (await session.execute(GRANT, values)).one())


async def list_grants(session: ReadSession, tenant_id: str, asked: PageRequest) -> Page[TrialGrant]:
    """Trial grants, newest first."""
    return await text_page(session, TrialGrant, LIST_GRANTS, asked, "id", tenant_id=tenant_id)


async def move_trial_end(session: WriteSession, before: Deployment, day: date) -> Deployment:
    """Sets a later end of the trial of a locked deployment and of its subscriptions."""
    values = {"id": before.id, "day": day}
    after = record_of(Deployment, (await session.execute(EXTEND, values)).one())
    await session.execute(EXTEND_SUBSCRIPTIONS, values)
    return after


async def end_trials(session: WriteSession, cause: Cause, limit: int) -> int:
    """Activates at most `limit` deployments whose trial is over; returns their number.

    Skips those whose billing actions are suspended.
    """
    due = (await session.execute(DUE, {"day": cause.day, "limit": limit})).all()
    if not due:
        return 0
    ids = [row.id for row in due]
    await session.execute(MOVE, {"state": State.ACTIVE, "at": cause.at, "ids": ids})
    await session.execute(RECORD, {"type": EventType.TRANSITIONED, "ids": ids, **asdict(cause)})
    await session.execute(CUT, {"day": cause.day, "ids": ids})
    return len(ids)
