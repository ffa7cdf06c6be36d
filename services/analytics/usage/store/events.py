"""Usage events: taken in once each, into their own day or, when its month is closed, as late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.deployments import Owner
from services.analytics.store.passes import prepare_month
from services.analytics.usage.events import Receipt, Refusal, SentEvent, Sifted
from services.analytics.usage.store.facts import Figure
from services.analytics.usage.store.months import closed_months
from services.common.database import WriteSession

__all__ = ["Taken", "take_events"]

# In the order of the keys, so that batches that share some wait for each other in turn.
CLAIM: Final = """
INSERT INTO usage_event_keys (source, idempotency_key, content_digest)
SELECT * FROM unnest(%(sources)b::text[], %(keys)b::text[], %(digests)b::bigint[])
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
                          qty, occurred_at, received_at, adjustment_id)
SELECT g.source, g.key, g.day, g.tenant_id, g.deployment_id, g.resource_kind, g.qty,
       g.occurred_at, %(now)s, g.adjustment_id
FROM unnest(%(sources)b::text[], %(keys)b::text[], %(days)b::date[], %(tenants)b::text[],
            %(deployments)b::text[], %(kinds)b::text[], %(quantities)b::numeric[],
            %(instants)b::timestamptz[], %(adjustments)b::uuid[])
     AS g (source, key, day, tenant_id, deployment_id, resource_kind, qty, occurred_at,
           adjustment_id)
"""
MARK: Final = """
INSERT INTO unfolded_usage (day, tenant_id, deployment_id, resource_kind)
SELECT * FROM unnest(%(days)b::date[], %(tenants)b::text[], %(deployments)b::text[],
                     %(kinds)b::text[])
"""
FIND_ADJUSTMENTS: Final = text("""
SELECT DISTINCT ON (a.tenant_id, a.period, a.deployment_id, a.resource_kind)
       a.id, a.tenant_id, a.period, a.deployment_id, a.resource_kind
FROM usage_adjustments AS a
JOIN unnest(CAST(:tenants AS text[]), CAST(:periods AS date[]), CAST(:deployments AS text[]),
            CAST(:kinds AS text[])) AS g (tenant_id, period, deployment_id, resource_kind)
    USING (tenant_id, period, deployment_id, resource_kind)
WHERE a.invoice_id IS NULL
ORDER BY a.tenant_id, a.period, a.deployment_id, a.resource_kind, a.id
""")
# One that an invoice takes at this moment is no longer open: the update tells.
LOCK_ADJUSTMENTS: Final = text("""
SELECT id FROM usage_adjustments WHERE id = ANY(CAST(:ids AS uuid[])) AND invoice_id IS NULL
ORDER BY id FOR UPDATE
""")
MAKE_ADJUSTMENTS: Final = text("""
INSERT INTO usage_adjustments
    (tenant_id, period, deployment_id, resource_kind, qty, fact_count, facts_hash, created_at)
SELECT g.*, 0, 0, '', :now
FROM unnest(CAST(:tenants AS text[]), CAST(:periods AS date[]), CAST(:deployments AS text[]),
            CAST(:kinds AS text[])) AS g
RETURNING id, tenant_id, period, deployment_id, resource_kind
""")
ADD_UP_ADJUSTMENTS: Final = text("""
UPDATE usage_adjustments AS a SET qty = e.qty, fact_count = e.fact_count, facts_hash = e.facts_hash
FROM (
    SELECT adjustment_id, sum(qty) AS qty, count(*) AS fact_count,
           encode(sha256(convert_to(string_agg(line, E'\\n' ORDER BY line COLLATE "C"), 'UTF8')),
                  'hex') AS facts_hash
    FROM (SELECT adjustment_id, qty,
                 format('event %s %s %s %s', to_json(source), to_json(idempotency_key),
                        extract(epoch FROM occurred_at), trim_scale(qty)) AS line
          FROM usage_events WHERE adjustment_id = ANY(CAST(:ids AS uuid[]))) AS lines
    GROUP BY adjustment_id
) AS e
WHERE a.id = e.adjustment_id
""")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch, and the figures that it changed."""

    receipt: Receipt
    figures: frozenset[Figure]
    """Not added up anew yet, and marked so."""


async def take_events(
    session: WriteSession, batch: Sifted, owners: Mapping[int, Owner], *, now: datetime
) -> Taken:
    """Takes in what is new of a batch; `owners` has the deployment of each event by its index.

    Nothing counts twice, whoever sends it again and whenever.
    """
    closed = await closed_months(session, {event.day for event in batch.events})
    new, duplicates, refused = await _claim(session, batch)
    for month in sorted({event.day.replace(day=1) for event in new}):
        await prepare_month(session, month, "usage_events")
    figures = [_figure(event, owners[event.index]) for event in new]
    late = {figure for figure in figures if figure.day.replace(day=1) in closed}
    adjustments = await _adjustments(session, late, now=now)
    driver = await session.driver()
    await driver.execute(
        TAKE,
        {
            "sources": [event.source for event in new],
            "keys": [event.idempotency_key for event in new],
            "quantities": [event.qty for event in new],
            "instants": [event.occurred_at for event in new],
            "adjustments": [adjustments.get(_of_month(figure)) for figure in figures],
            "now": now,
            **_columns(figures),
        },
    )
    if adjustments:
        await session.execute(ADD_UP_ADJUSTMENTS, {"ids": list(adjustments.values())})
    on_time = frozenset(figures) - late
    if on_time:
        await driver.execute(MARK, _columns(sorted(on_time)))
    late_count = sum(figure in late for figure in figures)
    receipt = Receipt(
        len(new), batch.duplicates + duplicates, late_count, [*batch.refused, *refused]
    )
    return Taken(receipt, on_time)


async def _claim(
    session: WriteSession, batch: Sifted
) -> tuple[list[SentEvent], int, list[Refusal]]:
    """Those that are new, how many are known, and those whose key named another event."""
    driver = await session.driver()
    keys: dict[str, Any] = {
        "sources": [event.source for event in batch.events],
        "keys": [event.idempotency_key for event in batch.events],
        "digests": [event.digest for event in batch.events],
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


async def _adjustments(
    session: WriteSession, late: set[Figure], *, now: datetime
) -> dict[Figure, UUID]:
    """The open adjustment of each late figure's month, made where there is none."""
    months = sorted({_of_month(figure) for figure in late})
    if not months:
        return {}
    rows = await session.execute(FIND_ADJUSTMENTS, _of_periods(months))
    found = {_adjusted(row): row.id for row in rows}
    locked = await session.execute(LOCK_ADJUSTMENTS, {"ids": list(found.values())})
    still_open = set(locked.scalars())
    known = {figure: id_ for figure, id_ in found.items() if id_ in still_open}
    missing = [figure for figure in months if figure not in known]
    if missing:
        made = await session.execute(MAKE_ADJUSTMENTS, {**_of_periods(missing), "now": now})
        known |= {_adjusted(row): row.id for row in made}
    return known


def _figure(event: SentEvent, owner: Owner) -> Figure:
    return Figure(event.day, owner.tenant_id, owner.deployment_id, event.resource_kind)


def _of_month(figure: Figure) -> Figure:
    """The figure of the whole month: what an adjustment is about."""
    first: date = figure.day.replace(day=1)
    return Figure(first, figure.tenant_id, figure.deployment_id, figure.resource_kind)


def _adjusted(row: Any) -> Figure:  # noqa: ANN401
    return Figure(row.period, row.tenant_id, row.deployment_id, row.resource_kind)


def _columns(figures: Sequence[Figure]) -> dict[str, Any]:
    return {
        "days": [figure.day for figure in figures],
        "tenants": [figure.tenant_id for figure in figures],
        "deployments": [figure.deployment_id for figure in figures],
        "kinds": [figure.resource_kind for figure in figures],
    }


def _of_periods(months: Sequence[Figure]) -> dict[str, Any]:
    columns = _columns(months)
    columns["periods"] = columns.pop("days")
    return columns
