"""Reads and writes migrations and their rows, in sets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.deployments.rules.deployments import Cause
from services.catalog.migrating.rules.migrations import (
    Counts,
    Migration,
    MigrationRow,
    NewMigration,
    Outcome,
    Status,
)
from services.common.db.database import ReadSession, WriteSession, uuid_array
from services.common.db.pages import text_page
from services.common.db.records import found_of, record_of
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "candidates",
    "counts_of",
    "create_migration",
    "fail_late",
    "filters_of",
    "list_migrations",
    "list_rows",
    "locked_migration",
    "next_rows",
    "plan_rows",
    "read_migration",
    "record_outcomes",
    "retry_failed",
    "set_migration",
]

SELECT: Final = """
SELECT m.id, m.from_plan_code, m.from_version, m.plan_version_id, p.code AS plan_code,
       v.version AS plan_version, v.currency, m.tenant_id, m.started_before, m.notice_on,
       m.effective_on, m.notice_days, m.status, m.is_paused, m.reason, m.started_by, m.started_at,
       m.finished_at, m.undo_decided_on
FROM plan_migrations AS m
JOIN plan_versions AS v ON v.id = m.plan_version_id JOIN plans AS p ON p.id = v.plan_id
"""
READ: Final = text(f"{SELECT} WHERE m.id = :id")
LOCK: Final = text(f"{SELECT} WHERE m.id = :id FOR NO KEY UPDATE OF m")
LIST: Final = text(f"""
{SELECT} WHERE CAST(:after AS uuid) IS NULL OR m.id < CAST(:after AS uuid)
ORDER BY m.id DESC LIMIT :limit
""")
CREATE: Final = text("""
INSERT INTO plan_migrations
    (from_plan_code, from_version, plan_version_id, tenant_id, started_before, notice_on,
     effective_on, notice_days, reason, started_by, started_at)
VALUES (:from_plan_code, :from_version, :plan_version_id, :tenant_id, :started_before, :notice_on,
        :effective_on, :notice_days, :reason, :actor, :at)
RETURNING id
""")
SET: Final = text("""
UPDATE plan_migrations
SET status = :status, is_paused = :is_paused,
    finished_at = CASE WHEN :status IN ('in_effect', 'undone')
                       THEN coalesce(finished_at, :at) END,
    undo_decided_on = CASE WHEN :status = 'undoing' THEN coalesce(undo_decided_on, :day)
                           ELSE undo_decided_on END
WHERE id = :id
""")

# The subscriptions that are on the plan on the effective day, by what is scheduled now.
MATCHING: Final = """
SELECT s.id FROM subscriptions AS s
JOIN subscription_terms AS t ON t.subscription_id = s.id
    AND daterange(t.effective_from, t.effective_to) @> CAST(:effective_on AS date)
JOIN plan_versions AS v ON v.id = t.plan_version_id JOIN plans AS p ON p.id = v.plan_id
WHERE p.code = :from_plan_code AND v.id <> :plan_version_id
  AND (CAST(:from_version AS integer) = 0 OR v.version = :from_version)
  AND (CAST(:tenant_id AS text) = '' OR s.tenant_id = :tenant_id)
  AND (CAST(:started_before AS date) IS NULL OR s.starts_on < :started_before)
  AND v.currency = :currency
  AND (s.ends_on IS NULL OR s.ends_on > :effective_on)
"""
CANDIDATES: Final = text(f"""
{MATCHING} AND (CAST(:after AS uuid) IS NULL OR s.id > CAST(:after AS uuid))
ORDER BY s.id LIMIT :limit
""")
PLAN: Final = text(f"""
INSERT INTO plan_migration_subscriptions (migration_id, subscription_id, tenant_id, updated_at)
SELECT :id, s.id, s.tenant_id, :at FROM subscriptions AS s WHERE s.id IN ({MATCHING})
ON CONFLICT DO NOTHING
""")
COUNTS: Final = text("""
SELECT migration_id,
       count(*) FILTER (WHERE outcome = 'planned') AS planned_count,
       count(*) FILTER (WHERE outcome = 'scheduled') AS scheduled_count,
       count(*) FILTER (WHERE outcome = 'skipped') AS skipped_count,
       count(*) FILTER (WHERE outcome = 'failed') AS failed_count,
       count(*) FILTER (WHERE outcome = 'taken_back') AS taken_back_count
FROM plan_migration_subscriptions WHERE migration_id = ANY(CAST(:ids AS uuid[])) GROUP BY 1
""")
ROWS: Final = text("""
SELECT subscription_id, tenant_id, outcome, reason, updated_at
FROM plan_migration_subscriptions
WHERE migration_id = :id AND (CAST(:outcome AS text) = '' OR outcome = :outcome)
  AND (CAST(:after AS uuid) IS NULL OR subscription_id > CAST(:after AS uuid))
ORDER BY subscription_id LIMIT :limit
""")
NEXT: Final = text("""
SELECT subscription_id FROM plan_migration_subscriptions
WHERE migration_id = :id AND outcome = :outcome
ORDER BY subscription_id LIMIT :limit FOR UPDATE
""")
RECORD: Final = text("""
UPDATE plan_migration_subscriptions AS row
SET outcome = said.outcome, reason = said.reason, updated_at = :at
FROM unnest(CAST(:ids AS uuid[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[]))
     AS said (id, outcome, reason)
WHERE row.migration_id = :migration_id AND row.subscription_id = said.id
""")
RETRY: Final = text("""
UPDATE plan_migration_subscriptions SET outcome = 'planned', reason = '', updated_at = :at
WHERE migration_id = :id AND outcome = 'failed'
""")

FAIL_LATE: Final = text("""
UPDATE plan_migration_subscriptions
SET outcome = 'failed', reason = 'NOTICE_TOO_SHORT', updated_at = :at
WHERE migration_id = :id AND outcome = 'planned'
""")


async def create_migration(
    session: WriteSession, new: NewMigration, plan_version_id: UUID, cause: Cause
) -> Migration:
    """Inserts a migration."""
    values = {name: getattr(new, name) for name in NewMigration.__slots__}
    values |= {"plan_version_id": plan_version_id, "actor": cause.actor, "at": cause.at}
    made: UUID = (await session.execute(CREATE, values)).scalar_one()
    return await read_migration(session, made)


async def read_migration(session: ReadSession, identifier: UUID) -> Migration:
    """A migration. Raises NotFound."""
    rows = await session.execute(READ, {"id": identifier})
    return found_of(Migration, rows, "migration", identifier)


async def locked_migration(session: WriteSession, identifier: UUID) -> Migration:
    """A migration, locked until the transaction ends. Raises NotFound."""
    rows = await session.execute(LOCK, {"id": identifier})
    return found_of(Migration, rows, "migration", identifier)


async def list_migrations(session: ReadSession, asked: PageRequest) -> Page[Migration]:
    """Migrations, newest first."""
    return await text_page(session, Migration, LIST, asked, "id")


async def set_migration(
    session: WriteSession, identifier: UUID, status: Status, at: datetime, *, is_paused: bool
) -> None:
    """Sets the state of a locked migration."""
    values = {"id": identifier, "status": status, "is_paused": is_paused, "at": at}
    values["day"] = at.date()
    await session.execute(SET, values)


async def counts_of(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, Counts]:
    """The subscriptions of migrations by outcome; none for one without subscriptions."""
    rows = await session.execute(COUNTS, {"ids": uuid_array(ids)})
    return {row.migration_id: record_of(Counts, row) for row in rows}


async def candidates(
    session: ReadSession, filters: Mapping[str, Any], *, after: UUID | None, limit: int
) -> list[UUID]:
    """The next subscriptions that a filter selects."""
    rows = await session.execute(CANDIDATES, {**filters, "after": after, "limit": limit})
    return list(rows.scalars())


async def plan_rows(session: WriteSession, migration: Migration, at: datetime) -> None:
    """Adds the subscriptions that a migration selects and does not have yet."""
    await session.execute(PLAN, {**filters_of(migration), "id": migration.id, "at": at})


def filters_of(migration: Migration) -> dict[str, Any]:
    """The filter of a migration."""
    names = ("from_plan_code", "from_version", "plan_version_id", "tenant_id", "started_before",
             "effective_on", "currency")  # fmt: skip  # a table
    return {name: getattr(migration, name) for name in names}


async def list_rows(
    session: ReadSession, identifier: UUID, outcome: str, asked: PageRequest
) -> Page[MigrationRow]:
    """The subscriptions of a migration, by id."""
    wanted = {"id": identifier, "outcome": outcome}
    return await text_page(session, MigrationRow, ROWS, asked, "subscription_id", **wanted)


async def next_rows(
    session: WriteSession, identifier: UUID, outcome: Outcome, limit: int
) -> list[UUID]:
    """The next subscriptions of a migration with an outcome, locked."""
    rows = await session.execute(NEXT, {"id": identifier, "outcome": outcome, "limit": limit})
    return list(rows.scalars())


async def record_outcomes(
    session: WriteSession,
    identifier: UUID,
    outcomes: Mapping[UUID, tuple[Outcome, str]],
    at: datetime,
) -> None:
    """Records what became of subscriptions, with reasons."""
    values = {
        "migration_id": identifier,
        "ids": list(outcomes),
        "outcomes": [outcome.value for outcome, _ in outcomes.values()],
        "reasons": [reason for _, reason in outcomes.values()],
        "at": at,
    }
    await session.execute(RECORD, values)


async def retry_failed(session: WriteSession, identifier: UUID, at: datetime) -> None:
    """Plans the failed subscriptions again."""
    await session.execute(RETRY, {"id": identifier, "at": at})


async def fail_late(session: WriteSession, identifier: UUID, at: datetime) -> None:
    """Fails the subscriptions that are still planned: it is too late to announce a change."""
    await session.execute(FAIL_LATE, {"id": identifier, "at": at})
