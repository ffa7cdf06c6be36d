"""Usage events: taken in once each, into their own day, and marked to be added up.

Taking events in waits for no other work and holds nobody up: it locks neither a day nor a month.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.analytics.generations.store import prepare_month
from services.analytics.usage.rules.events import OwnedEvent, Receipt, Refusal, Sifted
from services.analytics.usage.rules.figures import Figure
from services.analytics.usage.store.folding import mark
from services.analytics.usage.store.months import which_are_closed
from services.common.db.database import WriteSession
from services.common.db.records import arrays_of

__all__ = ["Taken", "take_events"]

# In the order of the keys, so that batches that share some wait for each other in turn.
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


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch, and the figures that it changed."""

    receipt: Receipt
    on_time: frozenset[Figure]
    """Of months that are open: marked as changed, and not recomputed yet."""


async def take_events(session: WriteSession, batch: Sifted, *, now: datetime) -> Taken:
    """Takes in what is new of a batch. Nothing counts twice, whoever sends it again and whenever.

    A voided event keeps its key: sent again it is a duplicate, and said to be voided.
    """
    new, rest = await _claim(session, batch)
    for month in sorted({event.day.replace(day=1) for event in new}):
        await prepare_month(session, month, "usage_events")
    figures = [_figure(event) for event in new]
    driver = await session.driver()
    await driver.execute(
        TAKE,
        {
            **_keys(new),
            "quantities": [event.sent.qty for event in new],
            "instants": [event.sent.occurred_at for event in new],
            "now": now,
            **arrays_of(Figure, figures, "figure"),
        },
    )
    await mark(session, figures)
    closed = await which_are_closed(session, {figure.day for figure in figures})
    late = [figure for figure in figures if figure.day.replace(day=1) in closed]
    known = await _known(session, rest)
    reused, voided = [], []
    for event in rest:
        kept = known[event.key]
        if not event.says(kept.digest):
            reused.append(event)
        elif kept.is_voided:
            voided.append(event.sent.index)
    receipt = Receipt(
        accepted=len(new),
        duplicates=batch.duplicates + len(rest) - len(reused),
        late=len(late),
        refused=[*batch.refused, *map(Refusal.of_reused_key, reused)],
        voided=voided,
    )
    return Taken(receipt, frozenset(figures) - frozenset(late))


async def _claim(session: WriteSession, batch: Sifted) -> tuple[list[OwnedEvent], list[OwnedEvent]]:
    """Those that are new, and those whose key is taken."""
    keys: dict[str, Any] = {
        **_keys(batch.events),
        "digests": [event.digest for event in batch.events],
        "days": [event.day for event in batch.events],
    }
    driver = await session.driver()
    claimed = set(await (await driver.execute(CLAIM, keys)).fetchall())
    new = [event for event in batch.events if event.key in claimed]
    return new, [event for event in batch.events if event.key not in claimed]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept under a key."""

    digest: int
    is_voided: bool


async def _known(
    session: WriteSession, events: Sequence[OwnedEvent]
) -> dict[tuple[str, str], _Known]:
    if not events:
        return {}
    rows = await (await (await session.driver()).execute(KNOWN, _keys(events))).fetchall()
    return {(source, key): _Known(digest, voided) for source, key, digest, voided in rows}


def _keys(events: Sequence[OwnedEvent]) -> dict[str, Any]:
    return {
        "sources": [event.sent.source for event in events],
        "keys": [event.sent.idempotency_key for event in events],
    }


def _figure(event: OwnedEvent) -> Figure:
    owner = event.owner
    return Figure(event.day, owner.tenant_id, owner.deployment_id, event.sent.resource_kind)
