"""The provider's projects, and which resources live in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, text

from services.common.db.database import ReadSession, WriteSession
from services.common.errors import NotFound
from services.common.rpc.access import Scope
from services.inventory.resources.rules.ownership import Ownership, OwnershipSource
from services.inventory.resources.store.assignments import keep_history
from services.inventory.resources.store.deployment_names import known_deployments
from services.inventory.resources.store.history import Cause, EventArrays, prepare_months
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.sync.rules.projects import Member, ProjectRef, SightedProject, move
from services.inventory.sync.store.evidence import add_evidence
from services.inventory.tables import cloud_projects as projects
from services.inventory.vocabulary import PROJECT

__all__ = [
    "ProjectCounts",
    "list_projects",
    "lookup_projects",
    "record_members",
    "record_projects",
]

# `old` is the row before, null for a new one.
KEEP: Final = """
INSERT INTO cloud_projects AS p (
    provider, provider_id, name, description, purpose, environment, is_default,
    classification, first_seen_at, last_seen_at)
SELECT %(provider)s, g.provider_id, g.name, g.description, g.purpose, g.environment,
       g.is_default, g.classification, now(), now()
FROM unnest(
    %(provider_ids)b::text[], %(names)b::text[], %(descriptions)b::text[],
    %(purposes)b::text[], %(environments)b::text[], %(defaults)b::boolean[],
    %(classifications)b::text[]
) AS g (provider_id, name, description, purpose, environment, is_default, classification)
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

NEWCOMERS: Final = """
SELECT r.id, r.kind, r.tags, r.tenant_id, r.deployment_id, r.ownership_source,
       r.project_id::text
FROM unnest(%(kinds)b::text[], %(provider_ids)b::text[]) AS g (kind, provider_id)
CROSS JOIN LATERAL (
    SELECT * FROM cloud_resources
    WHERE provider = %(provider)s AND kind = g.kind AND provider_id = g.provider_id
    OFFSET 0
) AS r
WHERE r.deleted_at IS NULL AND r.project_id IS DISTINCT FROM %(project)s
"""

MOVE: Final = """
WITH moved AS (
    UPDATE cloud_resources AS r
    SET project_id = %(project)s,
        tenant_id = g.tenant_id,
        deployment_id = g.deployment_id,
        ownership_source = g.source
    FROM unnest(%(ids)b::uuid[], %(tenants)b::text[], %(deployments)b::text[],
                %(sources)b::text[]) AS g (id, tenant_id, deployment_id, source)
    WHERE r.id = g.id
    RETURNING r.id, r.kind
)
INSERT INTO cloud_resource_events
    (resource_id, kind, tenant_id, type, changes, actor, request_id, occurred_at)
SELECT moved.id, moved.kind, e.tenant_id, e.type, e.changes::jsonb,
       %(actor)s, %(request_id)s, now()
FROM unnest(%(event_keys)b::uuid[], %(event_tenants)b::text[], %(event_types)b::text[],
            %(event_changes)b::text[])
     WITH ORDINALITY AS e (id, tenant_id, type, changes, position)
JOIN moved USING (id)
ORDER BY e.position
"""

LOOKUP: Final = text("""
SELECT id, name, classification, tenant_id, provider_id, first_seen_at AS lived_from,
       CASE WHEN deleted_at IS NOT NULL THEN last_seen_at END AS lived_to
FROM cloud_projects
WHERE provider = :provider
  AND (id = ANY (CAST(:ids AS uuid[])) OR tenant_id = ANY (CAST(:tenants AS text[]))
       OR lower(name) IN (SELECT lower(n) FROM unnest(CAST(:names AS text[])) AS n))
ORDER BY id
""")


@dataclass(frozen=True, slots=True)
class ProjectCounts:
    """What became of a batch of projects; one that came back counts as updated."""

    discovered: int
    updated: int
    restored: int
    unchanged: int


async def record_projects(
    session: WriteSession,
    provider: str,
    sighted: Sequence[SightedProject],
    *,
    sweep_id: UUID | None,
) -> ProjectCounts:
    """Records a batch of projects, each once; the same batch again changes nothing.

    Raises as `record_sightings` does for a sweep that is unknown or closed.
    """
    await lock_kinds(session, provider, [PROJECT])
    driver = await session.driver()
    async with driver.cursor() as cursor:
        await cursor.execute(
            KEEP,
            {
                "provider": provider,
                "provider_ids": [project.provider_id for project in sighted],
                "names": [project.name for project in sighted],
                "descriptions": [project.description for project in sighted],
                "purposes": [project.purpose for project in sighted],
                "environments": [project.environment for project in sighted],
                "defaults": [project.is_default for project in sighted],
                "classifications": [project.classification.value for project in sighted],
            },
        )
        became = [row[0] for row in await cursor.fetchall()]
    counts = ProjectCounts(
        *(became.count(word) for word in ("discovered", "updated", "restored", "unchanged"))
    )
    if sweep_id is not None:
        await add_evidence(
            session,
            sweep_id,
            provider=provider,
            kind=PROJECT,
            provider_ids=[project.provider_id for project in sighted],
            discovered=counts.discovered,
            updated=counts.updated,
            restored=counts.restored,
        )
    return counts


async def record_members(
    session: WriteSession,
    provider: str,
    project_provider_id: str,
    members: Iterable[tuple[str, str]],
    *,
    cause: Cause,
) -> int:
    """Moves the given (kind, provider id) into a project; answers how many were not in it.

    What the inventory does not know (yet) is left for a later sweep. Raises NotFound for
    an unknown project.
    """
    wanted = sorted(set(members))
    await lock_kinds(session, provider, (kind for kind, _ in wanted))
    # Read under the locks, which a classification takes too.
    project = await _project(session, provider, project_provider_id)
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(
            NEWCOMERS,
            {
                "provider": provider,
                "project": project.id,
                "kinds": [kind for kind, _ in wanted],
                "provider_ids": [provider_id for _, provider_id in wanted],
            },
        )
        newcomers = [
            Member(row[0], row[2], Ownership(row[3], row[4], OwnershipSource(row[5])), row[6])
            for row in await cursor.fetchall()
        ]
        if not newcomers:
            return 0
        deployments = await known_deployments(session, (one.tags for one in newcomers))
        moves = [move(member, project, deployments) for member in newcomers]
        events = EventArrays.of((moved.id, event) for moved in moves for event in moved.events)
        await prepare_months(session)
        await cursor.execute(
            MOVE,
            {
                "project": project.id,
                "ids": [moved.id for moved in moves],
                "tenants": [moved.ownership.tenant_id for moved in moves],
                "deployments": [moved.ownership.deployment_id for moved in moves],
                "sources": [moved.ownership.source.value for moved in moves],
                "event_keys": events.keys,
                "event_tenants": events.tenants,
                "event_types": events.types,
                "event_changes": events.changes,
                "actor": cause.actor,
                "request_id": cause.request_id,
            },
            prepare=False,
        )
    await keep_history(session, [moved.id for moved in moves], cause=cause)
    return len(moves)


async def list_projects(
    session: ReadSession, scope: Scope, *, tenant_id: str, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Living projects in the order of their discovery; `after` is the last one known."""
    statement = (
        select(projects).where(projects.c.deleted_at.is_(None)).order_by(projects.c.id).limit(limit)
    )
    if not scope.everything:
        statement = statement.where(projects.c.tenant_id == scope.tenant_id)
    if tenant_id:
        statement = statement.where(projects.c.tenant_id == tenant_id)
    if after is not None:
        statement = statement.where(projects.c.id > after)
    return (await session.execute(statement)).all()


async def lookup_projects(
    session: ReadSession,
    provider: str,
    *,
    names: Sequence[str],
    ids: Sequence[UUID],
    tenants: Sequence[str],
) -> Sequence[Row[Any]]:
    """Every project that one of the names (whatever their case), ids or tenants means.

    Those that are gone too; in the order of their discovery.
    """
    parameters = {
        "provider": provider,
        "names": list(names),
        "ids": list(ids),
        "tenants": list(tenants),
    }
    return (await session.execute(LOOKUP, parameters)).all()


async def _project(session: WriteSession, provider: str, provider_id: str) -> ProjectRef:
    found = (
        await session.execute(
            select(projects.c.id, projects.c.tenant_id).where(
                projects.c.provider == provider, projects.c.provider_id == provider_id
            )
        )
    ).first()
    if found is None:
        raise NotFound("project", provider_id)
    return ProjectRef(found.id, found.tenant_id)
