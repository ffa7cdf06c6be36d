"""The one way into the inventory: a batch of sightings, in a constant number of statements.

An unchanged row costs one comparison of digests and one bump in place. Only what is
new, changed, or was tombstoned is decoded, compared field by field and written. Rows
travel as binary arrays, five times as fast as text parameters.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg

from services.common.db.database import WriteSession
from services.inventory.resources.rules.ownership import Ownership, OwnershipSource
from services.inventory.resources.rules.recording import (
    Recorded,
    SightingBatch,
    UnchangedBatch,
    record,
)
from services.inventory.resources.rules.resources import Content, KnownResource
from services.inventory.resources.store.assignments import keep_history
from services.inventory.resources.store.deployment_names import known_deployments
from services.inventory.resources.store.history import Cause, EventArrays, prepare_months
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.sync.store.evidence import add_evidence, refuse_evidence
from services.inventory.vocabulary import Became

__all__ = ["RecordedCounts", "record_sightings", "record_unchanged"]

SEPARATOR: Final = "\x1f"

# Bumps what is as it was, and answers with the positions of the rest. Written so that
# there is one way to run it, whatever PostgreSQL believes about the table: each given id
# is looked up by the unique key (OFFSET 0 keeps the look-up whole), never the other way
# round, and what matched is bumped by its primary key.
BUMPED: Final = """
WITH given AS (
    SELECT * FROM unnest(%(provider_ids)b::text[], %(digests)s::bigint[])
        WITH ORDINALITY AS given (provider_id, digest, position)
), matched AS MATERIALIZED (
    SELECT given.position, given.provider_id, known.id
    FROM given
    CROSS JOIN LATERAL (
        SELECT r.id, r.sighting_digest, r.deleted_at
        FROM cloud_resources AS r
        WHERE r.provider = %(provider)s AND r.kind = %(kind)s
          AND r.provider_id = given.provider_id
        OFFSET 0
    ) AS known
    WHERE known.sighting_digest = given.digest AND known.deleted_at IS NULL
), bumped AS (
    UPDATE cloud_resources AS r
    SET last_seen_at = greatest(r.last_seen_at, now()),
        stale_strike_count = 0,
        last_strike_sweep_id = NULL
    WHERE r.id = ANY (ARRAY(SELECT id FROM matched))
)
"""
REST: Final = (
    "array(SELECT position FROM given EXCEPT SELECT position FROM matched ORDER BY 1)::int[]"
)
BUMP: Final = f"{BUMPED} SELECT {REST}"

# As `add_evidence`, in the same statement.
BUMP_AND_NOTE: Final = f"""{BUMPED}, noted AS (
    INSERT INTO cloud_sweep_sightings
        (sweep_id, provider_ids, discovered_count, updated_count, restored_count)
    SELECT s.id, array(SELECT provider_id FROM matched ORDER BY position), 0, 0, 0
    FROM cloud_sweeps AS s
    WHERE s.id = %(sweep_id)s AND s.provider = %(provider)s AND s.kind = %(kind)s
      AND s.outcome = 'running'
    RETURNING sweep_id
)
SELECT {REST}, EXISTS (SELECT FROM noted)
"""

KNOWN: Final = """
SELECT r.id, r.provider_id, r.name, r.region, r.size, r.status, r.tags, r.attrs::text,
       r.provider_created_at, r.tenant_id, r.deployment_id, r.ownership_source,
       p.tenant_id, r.deleted_at IS NOT NULL
FROM cloud_resources AS r
LEFT JOIN cloud_projects AS p ON p.id = r.project_id
WHERE r.provider = %(provider)s AND r.kind = %(kind)s
  AND r.provider_id = ANY (%(provider_ids)b::text[])
"""

KEEP: Final = """
WITH kept AS (
    INSERT INTO cloud_resources AS r (
        provider, kind, provider_id, name, region, size, status, tenant_id, deployment_id,
        ownership_source, tags, attrs, unknown_fields, provider_created_at, sighting_digest,
        first_seen_at, last_seen_at)
    SELECT %(provider)s, %(kind)s, g.provider_id, g.name, g.region, g.size, g.status,
           g.tenant_id, g.deployment_id, g.ownership_source,
           string_to_array(g.tags, chr(31)), g.attrs::jsonb,
           string_to_array(g.unknown_fields, chr(31)), g.provider_created_at, g.digest,
           now(), now()
    FROM unnest(
        %(provider_ids)b::text[], %(names)b::text[], %(regions)b::text[], %(sizes)b::text[],
        %(statuses)b::text[], %(tenants)b::text[], %(deployments)b::text[],
        %(sources)b::text[], %(tags)b::text[], %(attrs)b::text[], %(unknown)b::text[],
        %(created)b::timestamptz[], %(digests)b::bigint[]
    ) AS g (provider_id, name, region, size, status, tenant_id, deployment_id,
            ownership_source, tags, attrs, unknown_fields, provider_created_at, digest)
    ON CONFLICT ON CONSTRAINT cloud_resources_provider_id_key DO UPDATE SET
        name = excluded.name,
        region = excluded.region,
        size = excluded.size,
        status = excluded.status,
        tenant_id = excluded.tenant_id,
        deployment_id = excluded.deployment_id,
        ownership_source = excluded.ownership_source,
        tags = excluded.tags,
        attrs = excluded.attrs,
        unknown_fields = excluded.unknown_fields,
        provider_created_at = excluded.provider_created_at,
        sighting_digest = excluded.sighting_digest,
        last_seen_at = greatest(r.last_seen_at, excluded.last_seen_at),
        stale_strike_count = 0,
        last_strike_sweep_id = NULL,
        deleted_at = NULL
    RETURNING r.id, r.provider_id
), written AS (
    INSERT INTO cloud_resource_events
        (resource_id, kind, tenant_id, type, changes, actor, request_id, occurred_at)
    SELECT kept.id, %(kind)s, e.tenant_id, e.type, e.changes::jsonb,
           %(actor)s, %(request_id)s, now()
    FROM unnest(
        %(event_keys)b::text[], %(event_tenants)b::text[], %(event_types)b::text[],
        %(event_changes)b::text[]
    ) WITH ORDINALITY AS e (provider_id, tenant_id, type, changes, position)
    JOIN kept USING (provider_id)
    ORDER BY e.position
)
SELECT array_agg(id) FROM kept WHERE provider_id = ANY (%(rehomed)b::text[])
"""


@dataclass(frozen=True, slots=True)
class RecordedCounts:
    """What became of a batch."""

    discovered: int
    updated: int
    restored: int
    unchanged: int


async def record_sightings(
    session: WriteSession, batch: SightingBatch, *, sweep_id: UUID | None, cause: Cause
) -> RecordedCounts:
    """Records a batch; the same batch again changes nothing.

    Raises NotFound for an unknown sweep, and FailedPrecondition for one that is closed
    or of another kind; the batch is then not recorded.
    """
    await lock_kinds(session, batch.provider, [batch.kind])
    driver = await session.driver()
    recorded = await _record_rest(session, driver, batch, cause)
    became = Counter(row.became for row in recorded)
    counts = RecordedCounts(
        discovered=became[Became.DISCOVERED],
        updated=became[Became.UPDATED],
        restored=became[Became.RESTORED],
        unchanged=len(batch.provider_ids) - len(recorded) + became[Became.UNCHANGED],
    )
    if sweep_id is not None:
        await add_evidence(
            session,
            sweep_id,
            provider=batch.provider,
            kind=batch.kind,
            provider_ids=batch.provider_ids,
            discovered=counts.discovered,
            updated=counts.updated,
            restored=counts.restored,
        )
    return counts


async def record_unchanged(
    session: WriteSession, batch: UnchangedBatch, *, sweep_id: UUID
) -> list[int]:
    """Bumps what is as its digest says; answers the positions of the rest, ascending.

    Of the rest nothing is recorded: neither a row nor that the sweep saw it. Raises as
    `record_sightings`.
    """
    await lock_kinds(session, batch.provider, [batch.kind])
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(BUMP_AND_NOTE, {**_given(batch), "sweep_id": sweep_id})
        answer = await cursor.fetchone()
    rest, is_noted = answer or ([], False)
    if not is_noted:
        await refuse_evidence(session, sweep_id, provider=batch.provider, kind=batch.kind)
    return [position - 1 for position in rest]


def _given(batch: UnchangedBatch) -> dict[str, Any]:
    """A batch as the statements are given it; numbers as text are sent in a tenth of the time."""
    return {
        "provider": batch.provider,
        "kind": batch.kind,
        "provider_ids": batch.provider_ids,
        "digests": f"{{{','.join(map(str, batch.digests))}}}",
    }


async def _bump(cursor: psycopg.AsyncCursor[Any], batch: UnchangedBatch) -> list[int]:
    """Bumps the unchanged; answers the positions of the rest."""
    if not batch.provider_ids:
        return []
    await cursor.execute(BUMP, _given(batch))
    answer = await cursor.fetchone()
    return [position - 1 for position in answer[0]] if answer else []


async def _record_rest(
    session: WriteSession,
    driver: psycopg.AsyncConnection[Any],
    batch: SightingBatch,
    cause: Cause,
) -> list[Recorded]:
    """Bumps the unchanged, and records the rest."""
    async with driver.cursor(binary=True) as cursor:
        rest = await _bump(cursor, batch)
        if not rest:
            return []
        parameters = {
            "provider": batch.provider,
            "kind": batch.kind,
            "provider_ids": [batch.provider_ids[position] for position in rest],
        }
        await cursor.execute(KNOWN, parameters)
        known = {row[1]: _known(row) for row in await cursor.fetchall()}
        sighted = [batch.sighted(position) for position in rest]
        deployments = await known_deployments(
            session,
            (
                *(one.content.tags for one in sighted),
                *(one.content.tags for one in known.values()),
            ),
        )
        recorded = [
            record(one, known.get(one.provider_id), deployments, kind=batch.kind) for one in sighted
        ]
        await prepare_months(session)
        columns = _columns(batch, recorded, [batch.digests[position] for position in rest], cause)
        columns["rehomed"] = [
            row.provider_id for row in recorded if _rehomed(row, known.get(row.provider_id))
        ]
        # Planned for the arrays at hand: a prepared plan would expect ten rows.
        await cursor.execute(KEEP, columns, prepare=False)
        answer = await cursor.fetchone()
    if answer and answer[0]:
        await keep_history(session, answer[0], cause=cause)
    return recorded


def _rehomed(row: Recorded, known: KnownResource | None) -> bool:
    """Whether the history of its owners goes on: with a new life, or a new owner or rule."""
    return known is None or known.deleted or known.ownership != row.ownership


def _known(row: tuple[Any, ...]) -> KnownResource:
    return KnownResource(
        id=row[0],
        provider_id=row[1],
        content=Content(
            name=row[2],
            region=row[3],
            size=row[4],
            status=row[5],
            tags=tuple(row[6]),
            attrs=orjson.loads(row[7]),
            provider_created_at=row[8],
        ),
        ownership=Ownership(row[9], row[10], OwnershipSource(row[11])),
        project_tenant=row[12],
        deleted=row[13],
    )


def _columns(
    batch: SightingBatch, recorded: list[Recorded], digests: list[int], cause: Cause
) -> dict[str, Any]:
    """The rows to keep and their events, column by column."""
    events = EventArrays.of((row.provider_id, event) for row in recorded for event in row.events)
    contents = [row.content for row in recorded]
    return {
        "provider": batch.provider,
        "kind": batch.kind,
        "provider_ids": [row.provider_id for row in recorded],
        "names": [content.name for content in contents],
        "regions": [content.region for content in contents],
        "sizes": [content.size for content in contents],
        "statuses": [content.status for content in contents],
        "tenants": [row.ownership.tenant_id for row in recorded],
        "deployments": [row.ownership.deployment_id for row in recorded],
        "sources": [row.ownership.source.value for row in recorded],
        "tags": [SEPARATOR.join(content.tags) for content in contents],
        "attrs": [orjson.dumps(content.attrs).decode() for content in contents],
        "unknown": [SEPARATOR.join(sorted(row.unknown_fields)) for row in recorded],
        "created": [content.provider_created_at for content in contents],
        "digests": digests,
        "event_keys": events.keys,
        "event_tenants": events.tenants,
        "event_types": events.types,
        "event_changes": events.changes,
        "actor": cause.actor,
        "request_id": cause.request_id,
    }
