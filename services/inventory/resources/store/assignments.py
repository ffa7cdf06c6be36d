"""Whose each resource was, and when: spans that follow the ownership columns of the rows.

Whatever changes the owner of rows calls `keep_history` after it, in the same transaction
and under the lock of the kind. So the open span of a living resource always says what its
row says, and the spans of a resource cover its life without gap or overlap.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, text

from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import columns_of, records_of
from services.inventory.resources.rules.assigning import Assignment
from services.inventory.resources.rules.recording import Cause
from services.inventory.resources.store.history import EPOCH
from services.inventory.tables import cloud_resource_assignments as assignments

__all__ = ["assignment_position", "end_spans", "keep_history", "list_assignments"]

MICROSECOND: Final = timedelta(microseconds=1)

# A transaction that waited for the lock may have begun before the span that it ends: such a
# span is kept, as short as can be.
# The last span of each is looked up by the key, whatever PostgreSQL believes about the table
# (the index that forbids overlaps would do too, and takes many times as long).
END: Final = """
WITH ending AS MATERIALIZED (
    SELECT last.resource_id, last.valid_from
    FROM cloud_resources AS r
    CROSS JOIN LATERAL (
        SELECT a.* FROM cloud_resource_assignments AS a
        WHERE a.resource_id = r.id
        ORDER BY a.valid_from DESC
        LIMIT 1
    ) AS last
    WHERE r.id = ANY (%(ids)b::uuid[]) AND last.valid_to IS NULL
      AND (last.tenant_id, last.deployment_id, last.source)
          IS DISTINCT FROM (r.tenant_id, r.deployment_id, r.ownership_source)
)
UPDATE cloud_resource_assignments AS a
SET valid_to = greatest(now(), a.valid_from + interval '1 microsecond')
FROM ending AS e
WHERE a.resource_id = e.resource_id AND a.valid_from = e.valid_from
"""

BEGIN: Final = """
INSERT INTO cloud_resource_assignments
    (resource_id, tenant_id, deployment_id, source, valid_from, actor, reason)
SELECT r.id, r.tenant_id, r.deployment_id, r.ownership_source,
       greatest(now(), last.valid_to), %(actor)s, %(reason)s
FROM cloud_resources AS r
LEFT JOIN LATERAL (
    SELECT a.valid_from, a.valid_to FROM cloud_resource_assignments AS a
    WHERE a.resource_id = r.id
    ORDER BY a.valid_from DESC
    LIMIT 1
) AS last ON true
WHERE r.id = ANY (%(ids)b::uuid[]) AND r.deleted_at IS NULL
  AND (last.valid_from IS NULL OR last.valid_to IS NOT NULL)
"""

END_OF_LIFE: Final = text("""
UPDATE cloud_resource_assignments AS a
SET valid_to = greatest(r.last_seen_at, a.valid_from + interval '1 microsecond')
FROM cloud_resources AS r
WHERE r.id = ANY (CAST(:ids AS uuid[])) AND a.resource_id = r.id AND a.valid_to IS NULL
""")


async def keep_history(
    session: WriteSession, ids: Sequence[UUID], *, cause: Cause, reason: str = ""
) -> None:
    """Brings the spans of these resources to what their rows say now; two statements.

    The caller holds the locks of their kinds. Where nothing changed, nothing is written.
    """
    parameters = {"ids": list(ids), "actor": cause.actor, "reason": reason}
    driver = await session.driver()
    async with driver.cursor() as cursor:
        await cursor.execute(END, parameters, prepare=False)
        await cursor.execute(BEGIN, parameters, prepare=False)


async def end_spans(session: WriteSession, ids: Sequence[UUID]) -> None:
    """Ends the spans of resources that were tombstoned, at their last sighting."""
    await session.execute(END_OF_LIFE, {"ids": list(ids)})


async def list_assignments(
    session: ReadSession, resource_id: UUID, *, before: int | None, limit: int
) -> list[Assignment]:
    """The spans of a resource, newest first.

    `before` is the `assignment_position` of the last one of the page before.
    """
    statement = (
        select(*columns_of(Assignment, assignments))
        .where(assignments.c.resource_id == resource_id)
        .order_by(assignments.c.valid_from.desc())
        .limit(limit)
    )
    if before is not None:
        instant = EPOCH + timedelta(microseconds=before)
        statement = statement.where(assignments.c.valid_from < instant)
    return records_of(Assignment, await session.execute(statement))


def assignment_position(span: Assignment) -> int:
    """Where a span is in its resource's history: its begin, in microseconds since the epoch."""
    return (span.valid_from - EPOCH) // MICROSECOND
