"""Usage events: idempotent inserts by key, into the partition of their day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.analytics.generations.store import prepare_month
from services.analytics.usage.rules.events import OwnedEvent, Sifted
from services.analytics.usage.rules.figures import Figure
from services.common.db.database import WriteSession
from services.common.db.records import arrays_of

__all__ = ["KeptKey", "claim_keys", "insert_events", "read_keys"]

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
                          qty, occurred_at, received_at)
SELECT g.source, g.key, g.day, g.tenant_id, g.deployment_id, g.resource_kind, g.qty,
       g.occurred_at, %(now)s
FROM unnest(%(sources)b::text[], %(keys)b::text[], %(figure_day)b::date[],
            %(figure_tenant_id)b::text[], %(figure_deployment_id)b::text[],
            %(figure_resource_kind)b::text[], %(quantities)b::numeric[],
            %(instants)b::timestamptz[])
     AS g (source, key, day, tenant_id, deployment_id, resource_kind, qty, occurred_at)
"""


async def claim_keys(
    session: WriteSession, batch: Sifted
) -> tuple[list[OwnedEvent], list[OwnedEvent]]:
    """The new events, and those whose key exists."""
    keys: dict[str, Any] = {
        **_keys(batch.events),
        "digests": [event.digest for event in batch.events],
        "days": [event.day for event in batch.events],
    }
    driver = await session.driver()
    claimed = set(await (await driver.execute(CLAIM, keys)).fetchall())
    new = [event for event in batch.events if event.key in claimed]
    return new, [event for event in batch.events if event.key not in claimed]


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
    driver = await session.driver()
    await driver.execute(
        TAKE,
        {
            **_keys(events),
            "quantities": [event.sent.qty for event in events],
            "instants": [event.sent.occurred_at for event in events],
            "now": now,
            **arrays_of(Figure, figures, "figure"),
        },
    )


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
    rows = await (await (await session.driver()).execute(KNOWN, _keys(events))).fetchall()
    return {(source, key): KeptKey(digest, voided) for source, key, digest, voided in rows}


def _keys(events: Sequence[OwnedEvent]) -> dict[str, Any]:
    return {
        "sources": [event.sent.source for event in events],
        "keys": [event.sent.idempotency_key for event in events],
    }
