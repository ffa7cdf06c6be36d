"""The provider's projects."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select, text

from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import arrays_of, columns_of, found_of, records_of, unnested
from services.common.identity.callers import Scope
from services.common.rpc.paging import Page, PageRequest
from services.inventory.sync.rules.projects import Project, SightedProject
from services.inventory.tables import cloud_projects as projects

__all__ = ["find_project", "keep_projects", "list_projects", "lookup_projects"]

PROJECT: Final = columns_of(Project, projects)

# `old` is the row before, null for a new one.
KEEP: Final = f"""
INSERT INTO cloud_projects AS p (
    provider, provider_id, name, description, purpose, environment, is_default,
    classification, first_seen_at, last_seen_at)
SELECT %(provider)s, g.*, now(), now() FROM {unnested(SightedProject, "g")}
ON CONFLICT ON CONSTRAINT cloud_projects_provider_id_key DO UPDATE SET
    name = excluded.name,
    description = excluded.description,
    purpose = excluded.purpose,
    environment = excluded.environment,
    is_default = excluded.is_default,
    last_seen_at = greatest(p.last_seen_at, excluded.last_seen_at),
    stale_strike_count = 0,
    last_strike_sweep_id = NULL,
    deleted_at = NULL
RETURNING
    CASE
        WHEN old.id IS NULL THEN 'discovered'
        WHEN old.deleted_at IS NOT NULL THEN 'restored'
        WHEN (old.name, old.description, old.purpose, old.environment, old.is_default)
             IS DISTINCT FROM
             (new.name, new.description, new.purpose, new.environment, new.is_default)
             THEN 'updated'
        ELSE 'unchanged'
    END
"""

LOOKUP: Final = (
    select(*PROJECT)
    .where(
        text("""
provider = :provider
AND (id = ANY (CAST(:ids AS uuid[])) OR tenant_id = ANY (CAST(:tenants AS text[]))
     OR lower(name) IN (SELECT lower(n) FROM unnest(CAST(:names AS text[])) AS n))
""")
    )
    .order_by(projects.c.id)
)


async def keep_projects(
    session: WriteSession, provider: str, sighted: Sequence[SightedProject]
) -> list[str]:
    """Upserts projects; returns the `Became` of each."""
    given = {"provider": provider, **arrays_of(SightedProject, sighted, "g")}
    return [became for (became,) in await session.on_driver(KEEP, given)]


async def find_project(session: WriteSession, provider: str, provider_id: str) -> Project:
    """A project by provider id. Raises NotFound."""
    statement = select(*PROJECT).where(
        projects.c.provider == provider, projects.c.provider_id == provider_id
    )
    return found_of(Project, await session.execute(statement), "project", provider_id)


async def list_projects(
    session: ReadSession, scope: Scope, asked: PageRequest, *, tenant_id: str
) -> Page[Project]:
    """Existing projects in the order of discovery."""
    statement = select(*PROJECT).where(projects.c.deleted_at.is_(None))
    if not scope.everything:
        statement = statement.where(projects.c.tenant_id == scope.tenant_id)
    if tenant_id:
        statement = statement.where(projects.c.tenant_id == tenant_id)
    return await page_of(session, Project, statement, asked, projects.c.id)


async def lookup_projects(
    session: ReadSession,
    provider: str,
    *,
    names: Sequence[str],
    ids: Sequence[UUID],
    tenants: Sequence[str],
) -> list[Project]:
    """Every project that matches one of the names (case-insensitive), ids or tenants.

    Including those that are gone, in the order of discovery.
    """
    given = {
        "provider": provider,
        "names": list(names),
        "ids": list(ids),
        "tenants": list(tenants),
    }
    return records_of(Project, await session.execute(LOOKUP, given))
