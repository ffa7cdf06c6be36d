"""Usage events: idempotent inserts by key, into the partition of their day; and their voids."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import text

from services.analytics.generations.store import prepare_month
from services.analytics.usage.rules.dimensions import json_of
from services.analytics.usage.rules.events import EventKey, OwnedEvent
from services.analytics.usage.rules.figures import Figure, VoidedEvent
from services.analytics.usage.store.aggregation import fold_figures
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import arrays_of, records_of
from services.common.identity.callers import Scope
from services.common.rpc.paging import Page, PageRequest

__all__ = ["KeptKey", "claim_keys", "insert_events", "list_voids", "read_keys", "void_events"]

# Sorted by key, so that batches with common keys do not deadlock.
CLAIM: Final = """
INSERT INTO usage_event_keys (source, idempotency_key, content_digest, day)
SELECT * FROM unnest(%(sources)b::text[], %(keys)b::text[], %(digests)b::bigint[],
                     %(days)b::date[])
ON CONFLICT DO NOTHING
RETURNING source, idempotency_key
"""
KNOWN: Final = """
SELECT k.source, k.idempotency_key, k.content_digest, v.source IS NOT NULL
FROM usage_event_keys AS k
JOIN unnest(%(sources)b::text[], %(keys)b::text[]) AS g (source, idempotency_key)
    USING (source, idempotency_key)
LEFT JOIN usage_voids AS v USING (source, idempotency_key)
"""
TAKE: Final = """
INSERT INTO usage_events (source, idempotency_key, day, tenant_id, deployment_id, resource_kind,
                          aggregation, qty, occurred_at, received_at, dimensions, unique_digest)
SELECT g.source, g.key, g.day, g.tenant_id, g.deployment_id, g.resource_kind, g.aggregation,
       g.qty, g.occurred_at, %(now)s, g.dimensions::jsonb, g.unique_digest
FROM unnest(%(sources)b::text[], %(keys)b::text[], %(figure_day)b::date[],
            %(figure_tenant_id)b::text[], %(figure_deployment_id)b::text[],
            %(figure_resource_kind)b::text[], %(figure_aggregation)b::text[],
            %(quantities)b::numeric[], %(instants)b::timestamptz[], %(dimensions)b::text[],
            %(unique_digests)b::bytea[])
     AS g (source, key, day, tenant_id, deployment_id, resource_kind, aggregation, qty,
           occurred_at, dimensions, unique_digest)
"""
# Sorted, so that batches with common series do not deadlock.
KEEP_LEVELS: Final = """
INSERT INTO usage_levels (tenant_id, deployment_id, resource_kind, dimensions, basis)
SELECT DISTINCT tenant_id, deployment_id, resource_kind, dimensions::jsonb, basis
FROM unnest(%(tenant_ids)b::text[], %(deployment_ids)b::text[], %(resource_kinds)b::text[],
            %(dimensions)b::text[], %(bases)b::text[])
     AS g (tenant_id, deployment_id, resource_kind, dimensions, basis)
ORDER BY 1, 2, 3, 4
ON CONFLICT DO NOTHING
"""


async def claim_keys(
    session: WriteSession, events: Sequence[OwnedEvent]
) -> tuple[list[OwnedEvent], list[OwnedEvent]]:
    """The new events, and those whose key exists."""
    keys: dict[str, Any] = {
        **_keys(events),
        "digests": [event.digest for event in events],
        "days": [event.day for event in events],
    }
    claimed = set(await session.on_driver(CLAIM, keys))
    new = [event for event in events if event.key in claimed]
    return new, [event for event in events if event.key not in claimed]


async def insert_events(
    session: WriteSession,
    events: Sequence[OwnedEvent],
    figures: Sequence[Figure],
    *,
    now: datetime,
) -> None:
    """Inserts new events."""
    for month in sorted({event.day.replace(day=1) for event in events}):
        await prepare_month(session, month, "usage_events")
    given = {
        **_keys(events),
        "quantities": [event.sent.qty for event in events],
        "instants": [event.sent.occurred_at for event in events],
        "dimensions": [json_of(event.sent.dimensions) for event in events],
        "unique_digests": [event.unique_digest for event in events],
        "now": now,
        **arrays_of(Figure, figures, "figure"),
    }
    await session.on_driver(TAKE, given)
    await _keep_levels(session, [event for event in events if event.sent.is_level])


async def _keep_levels(session: WriteSession, events: Sequence[OwnedEvent]) -> None:
    """Keeps the series of time-weighted events, whose levels hold on days without events."""
    if not events:
        return
    given = {
        "tenant_ids": [event.owner.tenant_id for event in events],
        "deployment_ids": [event.owner.deployment_id for event in events],
        "resource_kinds": [event.sent.resource_kind for event in events],
        "dimensions": [json_of(event.sent.dimensions) for event in events],
        "bases": [event.sent.basis.value for event in events],
    }
    await session.on_driver(KEEP_LEVELS, given)


@dataclass(frozen=True, slots=True)
class KeptKey:
    """The stored event of a key."""

    digest: int
    is_voided: bool


async def read_keys(
    session: WriteSession, events: Sequence[OwnedEvent]
) -> dict[tuple[str, str], KeptKey]:
    """The stored events of the given keys."""
    if not events:
        return {}
    rows = await session.on_driver(KNOWN, _keys(events))
    return {(source, key): KeptKey(digest, voided) for source, key, digest, voided in rows}


def _keys(events: Sequence[OwnedEvent]) -> dict[str, Any]:
    return {
        "sources": [event.sent.source for event in events],
        "keys": [event.sent.idempotency_key for event in events],
    }


# One batch at a time, because batches with common events could deadlock.
ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('usage/voids', 0))")
GIVEN: Final = """
unnest(CAST(:sources AS text[]), CAST(:keys AS text[])) AS g (source, idempotency_key)
"""
# The key gives the day, and so the partition.
VOID: Final = text(f"""
WITH wanted AS (
    SELECT k.day, k.source, k.idempotency_key
    FROM (SELECT DISTINCT * FROM {GIVEN}) AS g JOIN usage_event_keys AS k
        USING (source, idempotency_key)
    WHERE k.day IS NOT NULL
),
gone AS (
    DELETE FROM usage_events AS e USING wanted AS w
    WHERE (e.day, e.source, e.idempotency_key) = (w.day, w.source, w.idempotency_key)
    RETURNING e.*
),
kept AS (
    INSERT INTO usage_voids (source, idempotency_key, day, tenant_id, deployment_id,
                             resource_kind, dimensions, qty, occurred_at, received_at, reason,
                             voided_by, voided_at)
    SELECT source, idempotency_key, day, tenant_id, deployment_id, resource_kind, dimensions, qty,
           occurred_at, received_at, :reason, :voided_by, :now
    FROM gone
)
SELECT source, idempotency_key, day, tenant_id, deployment_id, resource_kind, aggregation
FROM gone
""")
FIND: Final = text(f"""
SELECT v.* FROM usage_voids AS v JOIN (SELECT DISTINCT * FROM {GIVEN}) AS g
    USING (source, idempotency_key)
""")


async def void_events(
    session: WriteSession, keys: Sequence[EventKey], *, reason: str, by: str, now: datetime
) -> tuple[set[tuple[str, str]], dict[tuple[str, str], VoidedEvent]]:
    """Voids the events of these keys and recomputes their figures. Idempotent.

    Returns the keys voided now, and all voids by key; a key that is not among them has no event.
    """
    await session.execute(ONE_AT_A_TIME)
    given: dict[str, Any] = {
        "sources": [key.source for key in keys],
        "keys": [key.idempotency_key for key in keys],
    }
    made = await session.execute(VOID, {**given, "reason": reason, "voided_by": by, "now": now})
    voided = made.all()
    await fold_figures(session, records_of(Figure, voided), now=now)
    kept = records_of(VoidedEvent, await session.execute(FIND, given))
    return (
        {(row.source, row.idempotency_key) for row in voided},
        {(one.source, one.idempotency_key): one for one in kept},
    )


async def list_voids(
    session: ReadSession, scope: Scope, page: PageRequest, *, tenant_id: str, deployment_id: str
) -> Page[VoidedEvent]:
    """Voids, newest first."""
    asked = ["true"]
    values: dict[str, Any] = {"limit": page.limit}
    for name, value in (("tenant_id", tenant_id), ("deployment_id", deployment_id)):
        if value:
            asked.append(f"{name} = :{name}")
            values[name] = value
    if not scope.everything:
        # Restricts to the tenant in addition to row-level security.
        asked.append("tenant_id = :scope")
        values["scope"] = scope.tenant_id
    if page.after is not None:
        asked.append(
            "voided_at <= :after_at AND (voided_at < :after_at"
            " OR (source, idempotency_key) > (:after_source, :after_key))"
        )
        values |= dict(zip(("after_at", "after_source", "after_key"), page.after, strict=True))
    statement = text(
        f"SELECT * FROM usage_voids WHERE {' AND '.join(asked)}"
        " ORDER BY voided_at DESC, source, idempotency_key LIMIT :limit"
    )
    voids = records_of(VoidedEvent, await session.execute(statement, values))
    return page.page(voids, attrgetter("voided_at", "source", "idempotency_key"))
