"""Assignments: the spans of owners, derived from the ownership columns of the rows.

Whatever adds rows begins their spans in the same statement. Every change of an owner calls
`keep_history` in the same transaction and under the lock of the kind. So the open span of an
existing resource always equals its row, and the spans of a resource cover its lifetime without gap
or overlap.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select, text, update

from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import (
    arrays_of,
    columns_of,
    record_of,
    records_of,
    rows_as,
    unnested,
)
from services.common.errors import NotFound
from services.common.rpc.paging import Page, PageRequest
from services.inventory.resources.rules.assigning import Assignment, HeldResource, OwnerChange
from services.inventory.resources.rules.recording import Cause
from services.inventory.resources.store.history import (
    event_arrays,
    prepare_months,
    writing_events,
)
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.sync.rules.projects import MemberKey, Project
from services.inventory.tables import cloud_projects as projects
from services.inventory.tables import cloud_resource_assignments as assignments
from services.inventory.vocabulary import KINDS, PROJECT, Classification

__all__ = [
    "beginning_spans",
    "change_owners",
    "class_project",
    "end_spans",
    "held_by_id",
    "held_by_tag",
    "held_in_project",
    "keep_history",
    "list_assignments",
    "newcomers",
]

# A transaction that waited for the lock may have begun before the span that it ends; that span is
# then kept with the minimum length.
# Forces a lookup of the last span by primary key, whatever the planner's statistics are: the
# exclusion index would take many times as long.
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


def beginning_spans(rows: str) -> str:
    """SQL that begins the history of new resources: of `rows`, which have the row's columns."""
    return f"""
INSERT INTO cloud_resource_assignments
    (resource_id, tenant_id, deployment_id, source, valid_from, actor)
SELECT id, tenant_id, deployment_id, ownership_source, now(), %(actor)s FROM {rows}
"""


async def keep_history(
    session: WriteSession, ids: Sequence[UUID], *, cause: Cause, reason: str = ""
) -> None:
    """Updates the spans of these resources to match their rows; two statements.

    The caller holds the locks of their kinds. Unchanged spans are not written.
    """
    parameters = {"ids": list(ids), "actor": cause.actor, "reason": reason}
    for statement in (END, BEGIN):
        await session.on_driver(statement, parameters, binary=False, prepare=False)


async def end_spans(session: WriteSession, ids: Sequence[UUID]) -> None:
    """Ends the spans of tombstoned resources at their last sighting."""
    await session.execute(END_OF_LIFE, {"ids": list(ids)})


async def list_assignments(
    session: ReadSession, resource_id: UUID, asked: PageRequest
) -> Page[Assignment]:
    """The assignments of a resource, newest first."""
    statement = select(*columns_of(Assignment, assignments)).where(
        assignments.c.resource_id == resource_id
    )
    start = assignments.c.valid_from
    return await page_of(session, Assignment, statement, asked, start, descending=True)


KINDS_OF: Final = text("""
SELECT provider, array_agg(DISTINCT kind) AS kinds
FROM cloud_resources WHERE id = ANY (CAST(:ids AS uuid[]))
GROUP BY provider ORDER BY provider
""")

HELD: Final = """
SELECT r.id, r.tags, r.tenant_id, r.deployment_id, r.ownership_source AS source,
       p.tenant_id AS project_tenant, r.deleted_at IS NOT NULL AS deleted,
       CAST(r.project_id AS text) AS project_id
FROM {resources} AS r
LEFT JOIN cloud_projects AS p ON p.id = r.project_id
WHERE {condition}
"""
HELD_BY_ID: Final = text(
    HELD.format(resources="cloud_resources", condition="r.id = ANY (CAST(:ids AS uuid[]))")
    + " ORDER BY r.id"
)
HELD_BY_TAG: Final = text(
    HELD.format(
        resources="cloud_resources",
        condition="r.tags && CAST(:tags AS text[]) AND r.ownership_source = 'tag'"
        " AND r.deleted_at IS NULL",
    )
)
HELD_IN_PROJECT: Final = text(
    HELD.format(
        resources="cloud_resources", condition="r.project_id = :id AND r.deleted_at IS NULL"
    )
)
NEWCOMERS: Final = HELD.format(
    resources=f"""{unnested(MemberKey, "g")}
CROSS JOIN LATERAL (
    SELECT * FROM cloud_resources
    WHERE provider = %(provider)s AND kind = g.kind AND provider_id = g.provider_id
    OFFSET 0
)""",
    condition="r.deleted_at IS NULL AND r.project_id IS DISTINCT FROM %(project_id)s",
)

PROVIDER_OF: Final = text("SELECT provider FROM cloud_projects WHERE id = :id")

CHANGE: Final = f"""
WITH owned AS (
    UPDATE cloud_resources AS r
    SET tenant_id = g.tenant_id, deployment_id = g.deployment_id, ownership_source = g.source,
        project_id = coalesce(%(project_id)s, r.project_id)
    FROM {unnested(OwnerChange, "g")}
    WHERE r.id = g.id
    RETURNING r.id, r.kind
)
{writing_events("owned.id", "owned.kind", "JOIN owned ON owned.id = e.key::uuid")}
"""


async def held_by_id(session: WriteSession, ids: Sequence[UUID]) -> list[HeldResource]:
    """The resources with these ids, locked against changes of their owners.

    Raises NotFound for the first that does not exist.
    """
    wanted = list(ids)
    for row in await session.execute(KINDS_OF, {"ids": wanted}):
        await lock_kinds(session, row.provider, row.kinds)
    held = records_of(HeldResource, await session.execute(HELD_BY_ID, {"ids": wanted}))
    known = {one.id for one in held}
    for identifier in ids:
        if identifier not in known:
            raise NotFound("resource", str(identifier))
    return held


async def held_by_tag(session: WriteSession, tags: Iterable[str]) -> list[HeldResource]:
    """The existing resources with one of these tags whose owner comes from tags."""
    return records_of(HeldResource, await session.execute(HELD_BY_TAG, {"tags": sorted(set(tags))}))


async def held_in_project(session: WriteSession, project_id: UUID) -> list[HeldResource]:
    """The existing resources of a project."""
    return records_of(HeldResource, await session.execute(HELD_IN_PROJECT, {"id": project_id}))


async def newcomers(
    session: WriteSession, provider: str, project_id: UUID, members: Sequence[MemberKey]
) -> list[HeldResource]:
    """The known resources among these members of a project that are not in it yet."""
    given = {"provider": provider, "project_id": project_id, **arrays_of(MemberKey, members, "g")}
    return await session.on_driver(NEWCOMERS, given, rows=rows_as(HeldResource))


async def class_project(
    session: WriteSession, project_id: UUID, classification: Classification, tenant_id: str | None
) -> Project:
    """Classifies a project under the locks of all kinds. Raises NotFound."""
    provider = (await session.execute(PROVIDER_OF, {"id": project_id})).scalar_one_or_none()
    if provider is None:
        raise NotFound("project", str(project_id))
    # Locks all kinds, so that no resource moves and no sighting uses the old classification.
    await lock_kinds(session, provider, [*KINDS, PROJECT])
    classed = await session.execute(
        update(projects)
        .where(projects.c.id == project_id)
        .values(classification=classification.value, tenant_id=tenant_id)
        .returning(*columns_of(Project, projects))
    )
    return record_of(Project, classed.one())


async def change_owners(
    session: WriteSession,
    changes: Sequence[OwnerChange],
    cause: Cause,
    *,
    reason: str = "",
    project_id: UUID | None = None,
    rehomed: Sequence[UUID] | None = None,
) -> None:
    """Writes owners, the project if given, events and assignments.

    `rehomed` are the resources whose owner or source of ownership changes; all if not given.
    """
    if not changes:
        return
    events = event_arrays(((one.id, event) for one in changes for event in one.events), cause)
    await prepare_months(session)
    given = {"project_id": project_id, **arrays_of(OwnerChange, changes, "g"), **events}
    await session.on_driver(CHANGE, given, binary=False, prepare=False)
    ids = [one.id for one in changes] if rehomed is None else rehomed
    if ids:
        await keep_history(session, ids, cause=cause, reason=reason)
