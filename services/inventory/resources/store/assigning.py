"""Whose resources are: any number is read and written in a constant number of statements."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text, update

from services.common.db.database import WriteSession
from services.common.db.records import (
    arrays_of,
    columns_of,
    record_of,
    records_of,
    rows_as,
    unnested,
)
from services.common.errors import NotFound
from services.inventory.resources.rules.assigning import HeldResource, OwnerChange
from services.inventory.resources.rules.recording import Cause
from services.inventory.resources.store.assignments import keep_history
from services.inventory.resources.store.history import event_arrays, prepare_months, writing_events
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.sync.rules.projects import MemberKey, Project
from services.inventory.tables import cloud_projects as projects
from services.inventory.vocabulary import KINDS, PROJECT, Classification

__all__ = [
    "change_owners",
    "class_project",
    "held_by_id",
    "held_by_tag",
    "held_in_project",
    "newcomers",
]

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
    """The resources of these ids, locked: nobody else changes their owners now.

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
    """The living resources that have one of these tags, and an owner by their tags."""
    return records_of(HeldResource, await session.execute(HELD_BY_TAG, {"tags": sorted(set(tags))}))


async def held_in_project(session: WriteSession, project_id: UUID) -> list[HeldResource]:
    """The living resources of a project."""
    return records_of(HeldResource, await session.execute(HELD_IN_PROJECT, {"id": project_id}))


async def newcomers(
    session: WriteSession, provider: str, project_id: UUID, members: Sequence[MemberKey]
) -> list[HeldResource]:
    """Those members of a project that the inventory knows, and not in it."""
    driver = await session.driver()
    async with driver.cursor(binary=True, row_factory=rows_as(HeldResource)) as cursor:
        given = {"provider": provider, "project_id": project_id}
        await cursor.execute(NEWCOMERS, given | arrays_of(MemberKey, members, "g"))
        return await cursor.fetchall()


async def class_project(
    session: WriteSession, project_id: UUID, classification: Classification, tenant_id: str | None
) -> Project:
    """Classes a project under the locks of all kinds. Raises NotFound for an unknown one."""
    provider = (await session.execute(PROVIDER_OF, {"id": project_id})).scalar_one_or_none()
    if provider is None:
        raise NotFound("project", str(project_id))
    # Of all kinds: nothing moves in or out meanwhile, and no sighting decides by what was.
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
) -> None:
    """Writes owners, the project where one is given, events and history."""
    if not changes:
        return
    events = event_arrays(((one.id, event) for one in changes for event in one.events), cause)
    await prepare_months(session)
    driver = await session.driver()
    async with driver.cursor() as cursor:
        given = {"project_id": project_id, **arrays_of(OwnerChange, changes, "g"), **events}
        await cursor.execute(CHANGE, given, prepare=False)
    await keep_history(session, [one.id for one in changes], cause=cause, reason=reason)
