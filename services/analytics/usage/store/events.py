"""Usage events: taken in once each, into their own day, and marked to be added up.

Taking events in waits for no other work and holds nobody up: it locks neither a day nor a month.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.analytics.deployments import Owner
from services.analytics.store.passes import prepare_month
from services.analytics.usage.events import Receipt, Refusal, SentEvent, Sifted
from services.analytics.usage.store.folding import Figure, mark
from services.analytics.usage.store.months import which_are_closed
from services.common.database import WriteSession

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
SELECT k.source, k.idempotency_key, k.content_digest
FROM usage_event_keys AS k
JOIN unnest(%(sources)b::text[], %(keys)b::text[]) AS g (source, idempotency_key)
    USING (source, idempotency_key)
"""
TAKE: Final = """
INSERT INTO usage_events (source, idempotency_key, day, tenant_id, deployment_id, resource_kind,
                          qty, occurred_at, received_at)
SELECT g.source, g.key, g.day, g.tenant_id, g.deployment_id, g.resource_kind, g.qty,
       g.occurred_at, %(now)s
FROM unnest(%(sources)b::text[], %(keys)b::text[], %(days)b::date[], %(tenants)b::text[],
            %(deployments)b::text[], %(kinds)b::text[], %(quantities)b::numeric[],
            %(instants)b::timestamptz[])
     AS g (source, key, day, tenant_id, deployment_id, resource_kind, qty, occurred_at)
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch, and the figures that it changed."""

    receipt: Receipt
    on_time: frozenset[Figure]
    """Of months that are open. None is added up anew yet; all are marked so."""


async def take_events(
    session: WriteSession, batch: Sifted, owners: Mapping[int, Owner], *, now: datetime
) -> Taken:
    """Takes in what is new of a batch; `owners` has the deployment of each event by its index.

    Nothing counts twice, whoever sends it again and whenever.
    """
    new, duplicates, refused = await _claim(session, batch)
    for month in sorted({event.day.replace(day=1) for event in new}):
        await prepare_month(session, month, "usage_events")
    figures = [_figure(event, owners[event.index]) for event in new]
    driver = await session.driver()
    await driver.execute(
        TAKE,
        {
            "sources": [event.source for event in new],
            "keys": [event.idempotency_key for event in new],
            "quantities": [event.qty for event in new],
            "instants": [event.occurred_at for event in new],
            "now": now,
            **_columns(figures),
        },
    )
    await mark(session, figures)
    closed = await which_are_closed(session, {figure.day for figure in figures})
    late = [figure for figure in figures if figure.day.replace(day=1) in closed]
    receipt = Receipt(
        len(new), batch.duplicates + duplicates, len(late), [*batch.refused, *refused]
    )
    return Taken(receipt, frozenset(figures) - frozenset(late))


async def _claim(
    session: WriteSession, batch: Sifted
) -> tuple[list[SentEvent], int, list[Refusal]]:
    """Those that are new, how many are known, and those whose key named another event."""
    driver = await session.driver()
    keys: dict[str, Any] = {
        "sources": [event.source for event in batch.events],
        "keys": [event.idempotency_key for event in batch.events],
        "digests": [event.digest for event in batch.events],
        "days": [event.day for event in batch.events],
    }
    claimed = set(await (await driver.execute(CLAIM, keys)).fetchall())
    new = [event for event in batch.events if event.key in claimed]
    rest = [event for event in batch.events if event.key not in claimed]
    if not rest:
        return new, 0, []
    asked = {
        "sources": [event.source for event in rest],
        "keys": [event.idempotency_key for event in rest],
    }
    rows = await (await driver.execute(KNOWN, asked)).fetchall()
    digests = {(source, key): digest for source, key, digest in rows}
    reused = [event for event in rest if digests[event.key] != event.digest]
    return new, len(rest) - len(reused), [Refusal.of_reused_key(event) for event in reused]


def _figure(event: SentEvent, owner: Owner) -> Figure:
    return Figure(event.day, owner.tenant_id, owner.deployment_id, event.resource_kind)


def _columns(figures: Sequence[Figure]) -> dict[str, Any]:
    return {
        "days": [figure.day for figure in figures],
        "tenants": [figure.tenant_id for figure in figures],
        "deployments": [figure.deployment_id for figure in figures],
        "kinds": [figure.resource_kind for figure in figures],
    }
