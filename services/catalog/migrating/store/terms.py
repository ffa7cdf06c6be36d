"""Schedules and takes back the terms of migrated subscriptions, in sets."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.deployments.rules.deployments import Cause, Deployment
from services.catalog.deployments.store.deployments import COLUMNS
from services.catalog.migrating.rules.migrations import Migration
from services.catalog.vocabulary import EventType
from services.common.db.database import WriteSession, uuid_array
from services.common.db.records import records_of

__all__ = ["lock_deployments", "record_events", "schedule_terms", "take_back_terms"]

# In the order of their ids, as every change of a subscription locks its deployment.
LOCK_DEPLOYMENTS: Final = text(f"""
SELECT {COLUMNS} FROM deployments AS d
WHERE d.id IN (SELECT deployment_id FROM subscriptions WHERE id = ANY(CAST(:ids AS uuid[])))
ORDER BY d.id FOR NO KEY UPDATE
""")
CUT: Final = text("""
UPDATE subscription_terms SET effective_to = :day
WHERE subscription_id = ANY(CAST(:ids AS uuid[])) AND effective_from < :day
  AND (effective_to IS NULL OR effective_to > :day)
""")
ADD: Final = text("""
INSERT INTO subscription_terms
    (subscription_id, tenant_id, plan_version_id, effective_from, by_tenant, migration_id,
     noticed_on)
SELECT s.id, s.tenant_id, :plan_version_id, :day, false, :migration_id, :today
FROM subscriptions AS s WHERE s.id = ANY(CAST(:ids AS uuid[]))
""")
DROP: Final = text("""
DELETE FROM subscription_terms
WHERE migration_id = :migration_id AND subscription_id = ANY(CAST(:ids AS uuid[]))
  AND effective_from > :day
RETURNING subscription_id, effective_from, effective_to
""")
LENGTHEN: Final = text("""
UPDATE subscription_terms AS term SET effective_to = gone.until
FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[]), CAST(:untils AS date[]))
     AS gone (id, day, until)
WHERE term.subscription_id = gone.id AND term.effective_to = gone.day
""")
EVENTS: Final = text("""
INSERT INTO deployment_events
    (deployment_id, tenant_id, type, from_state, to_state, actor, reason, request_id, occurred_at)
SELECT d.id, d.tenant_id, :type, d.state, d.state, :actor, :reason, :request_id, :at
FROM deployments AS d WHERE d.id = ANY(CAST(:ids AS uuid[])) ORDER BY d.id
""")


async def lock_deployments(
    session: WriteSession, subscription_ids: Sequence[UUID]
) -> dict[UUID, Deployment]:
    """The deployments of subscriptions, locked until the transaction ends."""
    rows = await session.execute(LOCK_DEPLOYMENTS, {"ids": uuid_array(subscription_ids)})
    return {one.id: one for one in records_of(Deployment, rows)}


async def schedule_terms(
    session: WriteSession, migration: Migration, ids: Sequence[UUID], today: date
) -> None:
    """Moves locked subscriptions without a later term to the version, from the effective day."""
    values = {
        "ids": uuid_array(ids),
        "day": migration.effective_on,
        "plan_version_id": migration.plan_version_id,
        "migration_id": migration.id,
        "today": today,
    }
    await session.execute(CUT, {name: values[name] for name in ("ids", "day")})
    await session.execute(ADD, values)


async def take_back_terms(
    session: WriteSession, migration: Migration, ids: Sequence[UUID], day: date
) -> dict[UUID, date]:
    """Drops what a migration scheduled after a day; returns when each would have begun."""
    values = {"migration_id": migration.id, "ids": uuid_array(ids), "day": day}
    dropped = (await session.execute(DROP, values)).all()
    gone = {
        "ids": [row.subscription_id for row in dropped],
        "days": [row.effective_from for row in dropped],
        "untils": [row.effective_to for row in dropped],
    }
    await session.execute(LENGTHEN, gone)
    return {row.subscription_id: row.effective_from for row in dropped}


async def record_events(
    session: WriteSession, deployment_ids: Sequence[UUID], type_: EventType, cause: Cause
) -> None:
    """Adds an entry to the history of each deployment."""
    values = {
        "ids": uuid_array(deployment_ids),
        "type": type_,
        "actor": cause.actor,
        "reason": cause.reason,
        "request_id": cause.request_id,
        "at": cause.at,
    }
    await session.execute(EVENTS, values)
