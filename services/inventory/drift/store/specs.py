"""Specs: upserts, reads and deletes in batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select, text

from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import arrays_of, columns_of, found_of, rows_as, unnested
from services.common.errors import NotFound
from services.inventory.drift.rules.specs import DesiredSpec, Spec, Specifiable
from services.inventory.drift.tables import cloud_provisioned as provisioned
from services.inventory.resources.rules.recording import Cause
from services.inventory.resources.store.history import prepare_months
from services.inventory.resources.store.locks import lock_drift

__all__ = [
    "SpecCounts",
    "complete_specs",
    "read_spec",
    "read_specifiable",
    "record_specs",
    "remove_specs",
]

SPEC: Final = columns_of(Spec, provisioned)

SPECIFIABLE: Final = """
SELECT id, provider, kind, name, region, size, status, tags, project_id::text, attrs,
       unknown_fields, deleted_at IS NOT NULL AS deleted
FROM cloud_resources
WHERE id = ANY (%(ids)b::uuid[])
"""

RECORD: Final = f"""
INSERT INTO cloud_provisioned AS s
    (resource_id, provider, kind, spec, recorded_by, recorded_at)
SELECT r.id, r.provider, r.kind, g.spec::jsonb, %(actor)s, now()
FROM {unnested(DesiredSpec, "g")} JOIN cloud_resources AS r ON r.id = g.resource_id
ON CONFLICT ON CONSTRAINT cloud_provisioned_pkey DO UPDATE SET
    spec = excluded.spec,
    spec_version = s.spec_version + 1,
    recorded_by = excluded.recorded_by,
    recorded_at = excluded.recorded_at
WHERE s.spec IS DISTINCT FROM excluded.spec
RETURNING old.resource_id IS NULL
"""

# An equivalent spec: actor and version are kept.
COMPLETE: Final = f"""
UPDATE cloud_provisioned AS s SET spec = g.spec::jsonb
FROM {unnested(DesiredSpec, "g")}
WHERE s.resource_id = g.resource_id
"""

REMOVE: Final = text("""
WITH removed AS (
    DELETE FROM cloud_provisioned WHERE resource_id = ANY (CAST(:ids AS uuid[]))
    RETURNING resource_id
), closed AS (
    UPDATE cloud_drift AS d
    SET status = 'stale', resolved_at = now(), resolved_by = CAST(:actor AS text)
    FROM removed
    WHERE d.resource_id = removed.resource_id AND d.status = 'open'
    RETURNING d.resource_id, d.kind, d.field, d.actual
), noted AS (
    INSERT INTO cloud_resource_events
        (resource_id, kind, tenant_id, type, changes, actor, request_id, occurred_at)
    SELECT closed.resource_id, closed.kind, r.tenant_id, 'drift_resolved',
           jsonb_build_object(
               closed.field, jsonb_build_object('old', closed.actual, 'new', closed.actual),
               'drift', jsonb_build_object('old', 'open', 'new', 'stale')),
           CAST(:actor AS text), CAST(:request_id AS text), now()
    FROM closed JOIN cloud_resources AS r ON r.id = closed.resource_id
)
SELECT count(*) FROM removed
""")


@dataclass(frozen=True, slots=True)
class SpecCounts:
    """The results of a batch of specs."""

    created: int
    updated: int
    unchanged: int


async def read_specifiable(session: WriteSession, ids: Sequence[UUID]) -> dict[UUID, Specifiable]:
    """The resources by id; takes the drift locks of their kinds.

    Raises NotFound for the first that does not exist.
    """
    rows = await session.on_driver(SPECIFIABLE, {"ids": list(ids)}, rows=rows_as(Specifiable))
    found: dict[UUID, Specifiable] = {one.resource.id: one for one in rows}
    for identifier in ids:
        if identifier not in found:
            raise NotFound("resource", str(identifier))
    await lock_drift(session, ((one.provider, one.kind) for one in found.values()))
    return found


async def record_specs(
    session: WriteSession, specs: Sequence[DesiredSpec], *, actor: str
) -> SpecCounts:
    """Upserts specs; a spec that differs from the stored one gets a new version."""
    given = {"actor": actor, **arrays_of(DesiredSpec, specs, "g")}
    written = [row[0] for row in await session.on_driver(RECORD, given, prepare=False)]
    created = sum(written)
    return SpecCounts(created, len(written) - created, len(specs) - len(written))


async def complete_specs(session: WriteSession, specs: Sequence[DesiredSpec]) -> None:
    """Updates specs without a new version."""
    await session.on_driver(COMPLETE, arrays_of(DesiredSpec, specs, "g"), prepare=False)


async def read_spec(session: ReadSession, resource_id: UUID) -> Spec:
    """The spec of a resource. Raises NotFound if there is none."""
    statement = select(*SPEC).where(provisioned.c.resource_id == resource_id)
    return found_of(Spec, await session.execute(statement), "spec", resource_id)


async def remove_specs(
    session: WriteSession, ids: Sequence[UUID], *, actor: str, cause: Cause
) -> int:
    """Deletes specs and closes their drifts as stale; returns their number."""
    kinds = await session.execute(
        select(provisioned.c.provider, provisioned.c.kind)
        .where(provisioned.c.resource_id.in_(ids))
        .distinct()
    )
    await lock_drift(session, ((row.provider, row.kind) for row in kinds))
    await prepare_months(session)
    removed = await session.execute(
        REMOVE, {"ids": list(ids), "actor": actor, "request_id": cause.request_id}
    )
    return int(removed.scalar_one())
