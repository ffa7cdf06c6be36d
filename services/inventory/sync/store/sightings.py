"""The one way into the inventory: a batch of sightings, in a constant number of statements.

An unchanged row costs one comparison of digests and one bump in place. Only what is
new, changed, or was tombstoned is decoded, compared field by field and written. Rows
travel as binary arrays, five times as fast as text parameters.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from services.common.db.database import WriteSession
from services.common.db.records import arrays_of, rows_as, unnested
from services.inventory.resources.rules.recording import Cause, Recorded, UnchangedBatch
from services.inventory.resources.rules.resources import Json, KnownResource, SightedResource
from services.inventory.resources.store.assignments import keep_history
from services.inventory.resources.store.history import event_arrays, prepare_months, writing_events

__all__ = ["bump", "bump_and_note", "keep_resources", "known_resources"]

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

# Attributes that are as they were seen are not read out: most changes are of something else.
KNOWN: Final = """
SELECT r.id, r.provider_id, r.name, r.region, r.size, r.status, r.tags,
       nullif(r.attrs, g.attrs::jsonb) AS attrs,
       r.provider_created_at, r.tenant_id, r.deployment_id, r.ownership_source AS source,
       p.tenant_id AS project_tenant, r.deleted_at IS NOT NULL AS deleted
FROM unnest(%(provider_ids)b::text[], %(attrs)b::text[]) AS g (provider_id, attrs)
CROSS JOIN LATERAL (
    SELECT * FROM cloud_resources
    WHERE provider = %(provider)s AND kind = %(kind)s AND provider_id = g.provider_id
    OFFSET 0
) AS r
LEFT JOIN cloud_projects AS p ON p.id = r.project_id
"""

ID, ATTRS = 1, 7
"""Where these stand in a row of KNOWN."""

KEEP: Final = f"""
WITH kept AS (
    INSERT INTO cloud_resources AS r (
        provider, kind, provider_id, name, region, size, status, tenant_id, deployment_id,
        ownership_source, tags, attrs, unknown_fields, provider_created_at, sighting_digest,
        first_seen_at, last_seen_at)
    SELECT %(provider)s, %(kind)s, g.provider_id, g.name, g.region, g.size, g.status,
           g.tenant_id, g.deployment_id, g.source,
           string_to_array(g.tags, chr(31)), g.attrs::jsonb,
           string_to_array(g.unknown_fields, chr(31)), g.provider_created_at, g.digest,
           now(), now()
    FROM {unnested(Recorded, "g")}
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
    {writing_events("kept.id", rows="JOIN kept ON kept.provider_id = e.key")}
)
SELECT array_agg(id) FROM kept WHERE provider_id = ANY (%(rehomed)b::text[])
"""


async def bump_and_note(
    session: WriteSession, batch: UnchangedBatch, sweep_id: UUID
) -> tuple[list[int], bool]:
    """Bumps the unchanged, and notes that a sweep saw them.

    Answers the positions of the rest, ascending, and whether the sweep still takes evidence.
    """
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(BUMP_AND_NOTE, {**_given(batch), "sweep_id": sweep_id})
        rest, is_noted = await cursor.fetchone() or ([], False)
    return [position - 1 for position in rest], is_noted


async def bump(session: WriteSession, batch: UnchangedBatch) -> list[int]:
    """Bumps the unchanged; answers the positions of the rest, ascending."""
    if not batch.provider_ids:
        return []
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(BUMP, _given(batch))
        [rest] = await cursor.fetchone() or ([],)
    return [position - 1 for position in rest]


async def known_resources(
    session: WriteSession, provider: str, kind: str, sighted: Sequence[SightedResource]
) -> dict[str, KnownResource]:
    """Those of these resources that the inventory knows, by the provider's ids.

    Whose attributes are as they were seen has the very object of its sighting.
    """
    seen = {one.provider_id: one.content.attrs for one in sighted}
    given = {
        "provider": provider,
        "kind": kind,
        "provider_ids": [*seen],
        "attrs": [orjson.dumps(attrs).decode() for attrs in seen.values()],
    }
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(KNOWN, given)
        known_as = rows_as(KnownResource)(cursor)
        return {
            row[ID]: known_as(row if row[ATTRS] is not None else _as_seen(row, seen[row[ID]]))
            for row in await cursor.fetchall()
        }


def _as_seen(row: tuple[Any, ...], attrs: Mapping[str, Json]) -> tuple[Any, ...]:
    return (*row[:ATTRS], attrs, *row[ATTRS + 1 :])


async def keep_resources(
    session: WriteSession,
    batch: UnchangedBatch,
    recorded: Sequence[Recorded],
    rehomed: Sequence[str],
    cause: Cause,
) -> None:
    """Keeps rows as they were recorded, their events, and the history of those rehomed."""
    await prepare_months(session)
    pairs = ((one.resource.provider_id, event) for one in recorded for event in one.events)
    given = {
        "provider": batch.provider,
        "kind": batch.kind,
        "rehomed": list(rehomed),
        **arrays_of(Recorded, recorded, "g"),
        **event_arrays(pairs, cause),
    }
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        # Planned for the arrays at hand: a prepared plan would expect ten rows.
        await cursor.execute(KEEP, given, prepare=False)
        [ids] = await cursor.fetchone() or (None,)
    if ids:
        await keep_history(session, ids, cause=cause)


def _given(batch: UnchangedBatch) -> dict[str, Any]:
    """A batch as the statements are given it; numbers as text are sent in a tenth of the time."""
    return {
        "provider": batch.provider,
        "kind": batch.kind,
        "provider_ids": batch.provider_ids,
        "digests": f"{{{','.join(map(str, batch.digests))}}}",
    }
