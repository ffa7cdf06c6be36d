"""Writes batches of sightings in a constant number of statements.

An unchanged row costs one digest comparison and one in-place update. Only new, changed or
tombstoned rows are decoded, compared by field and written. Rows are sent as binary arrays, which
are five times as fast as text parameters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from services.common.db.database import WriteSession
from services.common.db.records import arrays_of, rows_as, unnested
from services.inventory.resources.rules.recording import Cause, Recorded, UnchangedBatch
from services.inventory.resources.rules.resources import Json, KnownResource, SightedResource
from services.inventory.resources.store.assignments import beginning_spans, keep_history
from services.inventory.resources.store.history import event_arrays, prepare_months, writing_events

__all__ = [
    "Rest",
    "add_resources",
    "bump",
    "bump_and_note",
    "change_resources",
    "known_resources",
]

# Marks unchanged rows as seen and returns the positions of the rest. Written to force one plan,
# whatever the planner's statistics are: each given id is looked up by the unique key (OFFSET 0
# prevents flattening), and matches are updated by primary key.
BUMPED: Final = """
WITH given AS (
    SELECT * FROM unnest(%(provider_ids)b::text[], %(digests)s::bigint[])
        WITH ORDINALITY AS given (provider_id, digest, position)
), known AS MATERIALIZED (
    SELECT given.position, given.provider_id, known.id,
           known.sighting_digest = given.digest AND known.deleted_at IS NULL AS is_same
    FROM given
    CROSS JOIN LATERAL (
        SELECT r.id, r.sighting_digest, r.deleted_at
        FROM cloud_resources AS r
        WHERE r.provider = %(provider)s AND r.kind = %(kind)s
          AND r.provider_id = given.provider_id
        OFFSET 0
    ) AS known
), bumped AS (
    UPDATE cloud_resources AS r
    SET last_seen_at = greatest(r.last_seen_at, now()),
        stale_strike_count = 0,
        last_strike_sweep_id = NULL
    WHERE r.id = ANY (ARRAY(SELECT id FROM known WHERE is_same))
)
"""
REST: Final = """
    array(SELECT position FROM known WHERE NOT is_same ORDER BY 1)::int[],
    array(SELECT position FROM given EXCEPT SELECT position FROM known ORDER BY 1)::int[]
"""
BUMP: Final = f"{BUMPED} SELECT {REST}"

# Like `add_evidence`, in the same statement.
BUMP_AND_NOTE: Final = f"""{BUMPED}, noted AS (
    INSERT INTO cloud_sweep_sightings
        (sweep_id, provider_ids, discovered_count, updated_count, restored_count)
    SELECT s.id, array(SELECT provider_id FROM known WHERE is_same ORDER BY position), 0, 0, 0
    FROM cloud_sweeps AS s
    WHERE s.id = %(sweep_id)s AND s.provider = %(provider)s AND s.kind = %(kind)s
      AND s.outcome = 'running'
    RETURNING sweep_id
)
SELECT {REST}, EXISTS (SELECT FROM noted)
"""

# Unchanged attributes are not returned, because most changes concern other columns.
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
"""The positions of these columns in a row of KNOWN."""


@dataclass(frozen=True, slots=True)
class KnownRecorded:
    """The result of a sighting, with its row."""

    id: UUID
    recorded: Recorded


# Inserts new rows, their first events and the start of their history. No such row may exist: the
# caller holds the lock of the kind, and checked under it.
ADD: Final = f"""
WITH added AS (
    INSERT INTO cloud_resources (
        provider, kind, provider_id, name, region, size, status, tenant_id, deployment_id,
        ownership_source, tags, attrs, unknown_fields, provider_created_at, sighting_digest,
        first_seen_at, last_seen_at)
    SELECT %(provider)s, %(kind)s, g.provider_id, g.name, g.region, g.size, g.status,
           g.tenant_id, g.deployment_id, g.source,
           string_to_array(g.tags, chr(31)), g.attrs::jsonb,
           string_to_array(g.unknown_fields, chr(31)), g.provider_created_at, g.digest,
           now(), now()
    FROM {unnested(Recorded, "g")}
    RETURNING id, provider_id, tenant_id, deployment_id, ownership_source
), begun AS (
    {beginning_spans("added")}
)
{writing_events("added.id", rows="JOIN added ON added.provider_id = e.key")}
"""

# Attributes that did not change are not given, and are kept.
CHANGE: Final = f"""
WITH changed AS (
    UPDATE cloud_resources AS r SET
        name = g.name,
        region = g.region,
        size = g.size,
        status = g.status,
        tenant_id = g.tenant_id,
        deployment_id = g.deployment_id,
        ownership_source = g.source,
        tags = string_to_array(g.tags, chr(31)),
        attrs = coalesce(g.attrs::jsonb, r.attrs),
        unknown_fields = string_to_array(g.unknown_fields, chr(31)),
        provider_created_at = g.provider_created_at,
        sighting_digest = g.digest,
        last_seen_at = greatest(r.last_seen_at, now()),
        stale_strike_count = 0,
        last_strike_sweep_id = NULL,
        deleted_at = NULL
    FROM {unnested(KnownRecorded, "g")}
    WHERE r.id = g.id
)
{writing_events()}
"""


@dataclass(frozen=True, slots=True)
class Rest:
    """The positions of rows that changed, ascending."""

    changed: list[int]
    """Positions of rows that the inventory knows."""
    new: list[int]


async def bump_and_note(
    session: WriteSession, batch: UnchangedBatch, sweep_id: UUID
) -> tuple[Rest, bool]:
    """Marks unchanged rows as seen by a sweep.

    Returns the rest, and whether the sweep still accepts evidence.
    """
    given = {**_given(batch), "sweep_id": sweep_id}
    [(changed, new, is_noted)] = await session.on_driver(BUMP_AND_NOTE, given)
    return _rest(changed, new), is_noted


async def bump(session: WriteSession, batch: UnchangedBatch) -> Rest:
    """Marks unchanged rows as seen; returns the rest."""
    if not batch.provider_ids:
        return Rest([], [])
    [(changed, new)] = await session.on_driver(BUMP, _given(batch))
    return _rest(changed, new)


def _rest(changed: Sequence[int], new: Sequence[int]) -> Rest:
    """As positions in Python, which begin at 0."""
    return Rest([at - 1 for at in changed], [at - 1 for at in new])


async def known_resources(
    session: WriteSession, provider: str, kind: str, sighted: Sequence[SightedResource]
) -> dict[str, KnownResource]:
    """The known resources among these, by provider id.

    A resource with unchanged attributes has the same object as its sighting.
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


async def add_resources(
    session: WriteSession, batch: UnchangedBatch, recorded: Sequence[Recorded], cause: Cause
) -> None:
    """Adds rows that the inventory does not know, their events, and the start of their history."""
    await prepare_months(session)
    events = ((one.resource.provider_id, event) for one in recorded for event in one.events)
    given = arrays_of(Recorded, recorded, "g") | event_arrays(events, cause)
    given |= {"provider": batch.provider, "kind": batch.kind}
    await session.on_driver(ADD, given, prepare=False)


async def change_resources(
    session: WriteSession,
    kind: str,
    changed: Sequence[tuple[KnownResource, Recorded]],
    cause: Cause,
) -> None:
    """Updates known rows, and inserts their events and new assignments."""
    await prepare_months(session)
    rows = [KnownRecorded(known.id, recorded) for known, recorded in changed]
    events = ((known.id, event) for known, recorded in changed for event in recorded.events)
    given = arrays_of(KnownRecorded, rows, "g") | event_arrays(events, cause)
    given["g_attrs"] = [
        None if recorded.resource.content.attrs is known.content.attrs else attrs
        for (known, recorded), attrs in zip(changed, given["g_attrs"], strict=True)
    ]
    await session.on_driver(CHANGE, {"kind": kind, **given}, prepare=False)
    rehomed = [known.id for known, recorded in changed if recorded.is_another_owners(known)]
    if rehomed:
        await keep_history(session, rehomed, cause=cause)


def _given(batch: UnchangedBatch) -> dict[str, Any]:
    """A batch as parameters; numbers as text are encoded ten times as fast."""
    return {
        "provider": batch.provider,
        "kind": batch.kind,
        "provider_ids": batch.provider_ids,
        "digests": f"{{{','.join(map(str, batch.digests))}}}",
    }
