"""Attributed costs: ownership spans, lines with their parts, shared costs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.generations.store import Generation, page_of, prepare_month
from services.analytics.margin.rules.attribution import (
    AttributedCost,
    Cost,
    CostPart,
    Holder,
    KnownLifetime,
    OwnedSpan,
)
from services.analytics.margin.rules.shared_costs import (
    BUCKETS,
    DROPLETS,
    SharedSplit,
    SharedTotal,
    SharedUse,
    StoredSpan,
)
from services.analytics.usage.rules.metering import Interval
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import arrays_of, records_of, unnested

__all__ = [
    "forget_costs",
    "keep_split",
    "read_splits",
    "shared_totals",
    "shared_use",
    "spans_of",
    "write_costs",
    "write_lifetimes",
    "write_spans",
]

FORGET_SPANS: Final = """
DELETE FROM resource_spans WHERE period = %(period)s AND pass_id = %(pass_id)s AND page = %(page)s
"""
WRITE_SPANS: Final = f"""
INSERT INTO resource_spans (period, pass_id, page, resource_id, kind, name, tenant_id,
                            deployment_id, span_from, span_to, size_gb)
SELECT %(period)s, %(pass_id)s, %(page)s, span.resource_id, span.kind, span.name, span.tenant_id,
       span.deployment_id, span.start, span."end", span.size_gb
FROM {unnested(Interval, "span")}
"""
SPANS_OF: Final = text("""
SELECT resource_id, tenant_id, deployment_id, span_from, span_to FROM resource_spans
WHERE period = :period AND pass_id = :pass_id
  AND resource_id = ANY(CAST(:resource_ids AS uuid[]))
ORDER BY resource_id, span_from
""")
FORGET_PAGE: Final = text("""
DELETE FROM attributed_costs WHERE period = :period AND pass_id = :pass_id AND page = :page
""")
WRITE: Final = f"""
INSERT INTO attributed_costs
    (period, pass_id, page, cost_id, day, kind, classification, description, resource_id, hours,
     start_at, end_at, attribution, tenant_id, deployment_id, amount_usd, cost_key)
SELECT %(period)s, %(pass_id)s, %(page)s, c.cost_id, c.day, c.kind, c.classification,
       c.description, c.resource_id, c.hours, c.start, c."end", c.attribution, c.tenant_id,
       c.deployment_id, c.amount_usd, c.cost_key
FROM {unnested(AttributedCost, "c")}
"""
WRITE_LIFETIMES: Final = f"""
INSERT INTO known_lives (period, pass_id, resource_id, lived_from, lived_to, begin_unknown)
SELECT %(period)s, %(pass_id)s, life.* FROM {unnested(KnownLifetime, "life")}
ON CONFLICT ON CONSTRAINT known_lives_pkey DO NOTHING
"""
SHARED_TOTALS: Final = text("""
SELECT kind, day, sum(amount_usd) AS amount_usd FROM attributed_costs
WHERE period = :period AND pass_id = :pass_id AND attribution = 'shared'
GROUP BY kind, day ORDER BY kind, day
""")
STORED: Final = text("""
SELECT resource_id, tenant_id, deployment_id, size_gb,
       sum(extract(epoch FROM span_to - span_from))::bigint AS seconds
FROM resource_spans
WHERE period = :period AND pass_id = :pass_id AND kind = :kind
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
""")
EXISTED: Final = text("""
SELECT tenant_id, CASE WHEN tenant_id = '' THEN '' ELSE deployment_id END AS deployment_id,
       sum(extract(epoch FROM span_to - span_from))::bigint AS seconds
FROM resource_spans
WHERE period = :period AND pass_id = :pass_id AND kind = :kind
GROUP BY 1, 2
""")
OUTBOUND: Final = text("""
SELECT tenant_id, deployment_id, sum(qty) AS qty FROM daily_usage
WHERE day >= :period AND day < CAST(CAST(:period AS date) + interval '1 month' AS date)
  AND resource_kind = 'bandwidth_gb'
GROUP BY 1, 2
""")
KEEP_KEY: Final = text("""
INSERT INTO shared_splits (period, pass_id, kind, split_key, remark, unkeyed_owners, amount_usd)
VALUES (:period, :pass_id, :kind, :split_key, :remark, :unkeyed_owners, :amount_usd)
ON CONFLICT ON CONSTRAINT shared_splits_pkey DO UPDATE SET
    split_key = excluded.split_key, remark = excluded.remark,
    unkeyed_owners = excluded.unkeyed_owners, amount_usd = excluded.amount_usd
""")
READ_KEYS: Final = text("""
SELECT kind, split_key, remark, unkeyed_owners, amount_usd FROM shared_splits
WHERE period = :period AND pass_id = :pass_id ORDER BY amount_usd DESC, kind
""")
FORGET: Final = [
    text(f"DELETE FROM {table} WHERE period = :period AND pass_id = ANY(:pass_ids)")
    for table in ("resource_spans", "attributed_costs", "known_lives", "shared_splits")
]

SHARES: Final = "shares"
"""The page id of the parts of shared costs."""


async def write_spans(
    session: WriteSession, of: Generation, token: str, spans: Sequence[Interval]
) -> None:
    """Writes a page of ownership spans, replacing earlier writes of the page."""
    await prepare_month(session, of.subject, "resource_spans")
    page = {**_key(of), "page": page_of(token)}
    await session.on_driver(FORGET_SPANS, page)
    await session.on_driver(WRITE_SPANS, page | arrays_of(Interval, spans, "span"))


async def spans_of(
    session: ReadSession, of: Generation, resource_ids: Iterable[UUID]
) -> dict[UUID, list[OwnedSpan]]:
    """The spans of some resources, oldest first."""
    wanted = {**_key(of), "resource_ids": sorted(set(resource_ids))}
    rows = await session.execute(SPANS_OF, wanted)
    spans: dict[UUID, list[OwnedSpan]] = {}
    for row in rows:
        spans.setdefault(row.resource_id, []).append(
            OwnedSpan(row.tenant_id, row.deployment_id, row.span_from, row.span_to)
        )
    return spans


async def write_costs(
    session: WriteSession,
    of: Generation,
    token: str,
    costs: Iterable[tuple[Cost, Sequence[CostPart]]],
) -> None:
    """Writes a page of costs with their parts, replacing earlier writes of the page."""
    await prepare_month(session, of.subject, "attributed_costs")
    page = {**_key(of), "page": page_of(token)}
    await session.execute(FORGET_PAGE, page)
    rows = [
        # The hours of a line with several owners are stored with the first.
        part.of(cost if part is parts[0] else replace(cost, hours=None))
        for cost, parts in costs
        for part in parts
    ]
    await session.on_driver(WRITE, page | arrays_of(AttributedCost, rows, "c"))


async def write_lifetimes(
    session: WriteSession, of: Generation, lifetimes: Sequence[KnownLifetime]
) -> None:
    """Stores lifetimes beyond the month; existing rows are kept."""
    if lifetimes:
        found = _key(of) | arrays_of(KnownLifetime, lifetimes, "life")
        await session.on_driver(WRITE_LIFETIMES, found)


async def shared_totals(session: ReadSession, of: Generation) -> list[SharedTotal]:
    """The shared costs by kind and day."""
    return records_of(SharedTotal, await session.execute(SHARED_TOTALS, _key(of)))


async def keep_split(session: WriteSession, of: Generation, split: SharedSplit) -> None:
    """Stores the split of a kind of shared cost."""
    await session.execute(KEEP_KEY, _key(of) | asdict(split))


async def read_splits(session: ReadSession, of: Generation) -> list[SharedSplit]:
    """The splits of shared costs, largest first."""
    return records_of(SharedSplit, await session.execute(READ_KEYS, _key(of)))


async def shared_use(session: ReadSession, of: Generation) -> SharedUse:
    """The data that may split shared costs."""
    stored = await session.execute(STORED, {**_key(of), "kind": BUCKETS})
    existed = await session.execute(EXISTED, {**_key(of), "kind": DROPLETS})
    outbound = await session.execute(OUTBOUND, {"period": of.subject})
    return SharedUse(
        stored=[
            StoredSpan(
                row.resource_id,
                Holder.owner(row.tenant_id, row.deployment_id),
                row.seconds,
                row.size_gb,
            )
            for row in stored
        ],
        outbound_gb={Holder.owner(row.tenant_id, row.deployment_id): row.qty for row in outbound},
        droplet_seconds={
            Holder.owner(row.tenant_id, row.deployment_id): row.seconds for row in existed
        },
    )


async def forget_costs(session: WriteSession, period: date, pass_ids: Sequence[int]) -> None:
    """Deletes what replaced generations found."""
    if pass_ids:
        for statement in FORGET:
            await session.execute(statement, {"period": period, "pass_ids": list(pass_ids)})


def _key(of: Generation) -> dict[str, Any]:
    return {"period": of.subject, "pass_id": of.id}
