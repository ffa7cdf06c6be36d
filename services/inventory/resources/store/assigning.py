"""Changing the owners of resources: any number of them in a constant number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text, update

from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition, NotFound
from services.inventory.resources.rules.assigning import (
    Assignment,
    HeldResource,
    decide_anew,
    give,
    give_back,
)
from services.inventory.resources.rules.ownership import (
    DEPLOYMENT_TAG,
    DeploymentName,
    KnownDeployments,
    Ownership,
    OwnershipSource,
)
from services.inventory.resources.store.assignments import keep_history
from services.inventory.resources.store.deployment_names import keep_deployments, known_deployments
from services.inventory.resources.store.history import Cause, EventArrays, prepare_months
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.tables import cloud_projects as projects
from services.inventory.vocabulary import KINDS, PROJECT, PROVIDERS, Classification

__all__ = ["NewOwner", "assign", "assign_by_rules", "classify_project", "learn_deployments"]

KINDS_OF: Final = text("""
SELECT provider, array_agg(DISTINCT kind) AS kinds
FROM cloud_resources WHERE id = ANY (CAST(:ids AS uuid[]))
GROUP BY provider ORDER BY provider
""")

HELD: Final = """
SELECT r.id, r.tags, r.tenant_id, r.deployment_id, r.ownership_source,
       p.tenant_id AS project_tenant, r.deleted_at IS NOT NULL AS deleted
FROM cloud_resources AS r
LEFT JOIN cloud_projects AS p ON p.id = r.project_id
"""
HELD_BY_ID: Final = text(f"{HELD} WHERE r.id = ANY (CAST(:ids AS uuid[])) ORDER BY r.id")
HELD_BY_TAG: Final = text(f"""
{HELD}
WHERE r.tags && CAST(:tags AS text[]) AND r.ownership_source = 'tag' AND r.deleted_at IS NULL
""")
HELD_IN_PROJECT: Final = text(f"{HELD} WHERE r.project_id = :id AND r.deleted_at IS NULL")

PROVIDER_OF: Final = text("SELECT provider FROM cloud_projects WHERE id = :id")

OWN: Final = """
WITH owned AS (
    UPDATE cloud_resources AS r
    SET tenant_id = g.tenant_id, deployment_id = g.deployment_id, ownership_source = g.source
    FROM unnest(%(ids)b::uuid[], %(tenants)b::text[], %(deployments)b::text[],
                %(sources)b::text[]) AS g (id, tenant_id, deployment_id, source)
    WHERE r.id = g.id
    RETURNING r.id, r.kind
)
INSERT INTO cloud_resource_events
    (resource_id, kind, tenant_id, type, changes, actor, request_id, occurred_at)
SELECT owned.id, owned.kind, e.tenant_id, e.type, e.changes::jsonb,
       %(actor)s, %(request_id)s, now()
FROM unnest(%(event_keys)b::uuid[], %(event_tenants)b::text[], %(event_types)b::text[],
            %(event_changes)b::text[]) AS e (id, tenant_id, type, changes)
JOIN owned USING (id)
"""


@dataclass(frozen=True, slots=True)
class NewOwner:
    """To whom resources are given; both None for nobody."""

    tenant_id: str | None
    deployment_id: str | None


async def assign(
    session: WriteSession, ids: Sequence[UUID], owner: NewOwner, *, cause: Cause, reason: str
) -> int:
    """Gives resources to an owner, explicitly; answers how many changed hands.

    Raises NotFound for an unknown one, FailedPrecondition for one that is gone.
    """
    held = await _held(session, ids)
    gone = next((one for one in held if one.deleted), None)
    if gone is not None:
        raise FailedPrecondition(
            f"resource {gone.id} is gone: it cannot be given to anybody",
            reason="RESOURCE_DELETED",
            metadata={"id": str(gone.id)},
        )
    return await _own(session, give(held, owner.tenant_id, owner.deployment_id), cause, reason)


async def assign_by_rules(
    session: WriteSession, ids: Sequence[UUID], *, cause: Cause, reason: str
) -> int:
    """Takes explicit assignments back; answers how many changed hands.

    What is gone stays whose it was. Raises NotFound for an unknown resource.
    """
    living = [one for one in await _held(session, ids) if not one.deleted]
    known = await known_deployments(session, (one.tags for one in living))
    return await _own(session, give_back(living, known), cause, reason)


async def classify_project(
    session: WriteSession,
    project_id: UUID,
    classification: Classification,
    tenant_id: str | None,
    *,
    cause: Cause,
) -> Row[Any]:
    """Classes a project, and answers it. Raises NotFound.

    What lives in it goes to its tenant, where no tag or operator decided otherwise.
    """
    provider = (await session.execute(PROVIDER_OF, {"id": project_id})).scalar_one_or_none()
    if provider is None:
        raise NotFound("project", str(project_id))
    # Of all kinds: nothing moves in or out meanwhile, and no sighting decides by what was.
    await lock_kinds(session, provider, [*KINDS, PROJECT])
    project = (
        await session.execute(
            update(projects)
            .where(projects.c.id == project_id)
            .values(classification=classification.value, tenant_id=tenant_id)
            .returning(projects)
        )
    ).one()
    held = [_resource(row) for row in await session.execute(HELD_IN_PROJECT, {"id": project_id})]
    known = await known_deployments(session, (one.tags for one in held))
    reason = f"project {project.name} classed as {classification.value} {tenant_id or ''}".rstrip()
    await _own(session, decide_anew(held, known), cause, reason)
    return project


async def learn_deployments(
    session: WriteSession,
    asked: Sequence[DeploymentName],
    found: KnownDeployments,
    *,
    cause: Cause,
) -> int:
    """Keeps what the catalog said of the deployments that tags name.

    What carries those tags goes to the right deployment, and so to its tenant; answers how
    many changed hands.
    """
    before = await known_deployments(session, [[f"{DEPLOYMENT_TAG}{one.slug}"] for one in asked])
    news = [one for one in asked if before.get(one) != found.get(one)]
    if not news:
        return 0
    for provider in sorted(PROVIDERS):
        await lock_kinds(session, provider, KINDS)
    await keep_deployments(session, news, found)
    tags = sorted({f"{DEPLOYMENT_TAG}{one.slug}" for one in news})
    held = [_resource(row) for row in await session.execute(HELD_BY_TAG, {"tags": tags})]
    known = await known_deployments(session, (one.tags for one in held))
    return await _own(session, decide_anew(held, known), cause, "the catalog knows the deployment")


async def _held(session: WriteSession, ids: Sequence[UUID]) -> list[HeldResource]:
    """The resources of these ids, locked: nobody else changes their owners now."""
    wanted = list(ids)
    for row in await session.execute(KINDS_OF, {"ids": wanted}):
        await lock_kinds(session, row.provider, row.kinds)
    held = [_resource(row) for row in await session.execute(HELD_BY_ID, {"ids": wanted})]
    known = {one.id for one in held}
    for identifier in ids:
        if identifier not in known:
            raise NotFound("resource", str(identifier))
    return held


async def _own(
    session: WriteSession, assignments: list[Assignment], cause: Cause, reason: str
) -> int:
    """Writes owners, events and history; answers how many changed hands."""
    if not assignments:
        return 0
    events = EventArrays.of((one.id, event) for one in assignments for event in one.events)
    await prepare_months(session)
    driver = await session.driver()
    async with driver.cursor() as cursor:
        await cursor.execute(
            OWN,
            {
                "ids": [one.id for one in assignments],
                "tenants": [one.ownership.tenant_id for one in assignments],
                "deployments": [one.ownership.deployment_id for one in assignments],
                "sources": [one.ownership.source.value for one in assignments],
                "event_keys": events.keys,
                "event_tenants": events.tenants,
                "event_types": events.types,
                "event_changes": events.changes,
                "actor": cause.actor,
                "request_id": cause.request_id,
            },
            prepare=False,
        )
    await keep_history(session, [one.id for one in assignments], cause=cause, reason=reason)
    return sum(1 for one in assignments if one.events)


def _resource(row: Row[Any]) -> HeldResource:
    return HeldResource(
        id=row.id,
        tags=tuple(row.tags),
        ownership=Ownership(
            row.tenant_id, row.deployment_id, OwnershipSource(row.ownership_source)
        ),
        project_tenant=row.project_tenant,
        deleted=row.deleted,
    )
