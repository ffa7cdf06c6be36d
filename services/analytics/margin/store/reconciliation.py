"""Reconciles the three records of a month by resource."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from psycopg.rows import namedtuple_row
from sqlalchemy import text

from services.analytics.generations.store import Generation
from services.analytics.margin.rules.reconciling import (
    BILLED_KINDS,
    TOLERANCE_HOURS,
    BookDifference,
    Books,
    Reconciliation,
    difference_of,
)
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import arrays_of, first_of, record_of, unnested
from services.common.rpc.paging import Page, PageRequest
from services.common.values.periods import Period

__all__ = ["list_differences", "read_reconciliation", "reconcile"]

ROWS_AT_ONCE: Final = 5_000

# Resources that agree within the tolerance are only counted in the database.
BOOKS: Final = """
WITH ours AS (
    SELECT resource_id, min(kind) AS kind,
           (array_agg(name ORDER BY span_from DESC))[1] AS name,
           (array_agg(tenant_id ORDER BY span_from DESC))[1] AS tenant_id,
           (array_agg(deployment_id ORDER BY span_from DESC))[1] AS deployment_id,
           sum(extract(epoch FROM span_to - span_from)) / 3600 AS hours,
           min(span_from) AS existed_from, max(span_to) AS existed_to
    FROM resource_spans WHERE period = %(period)s AND pass_id = %(pass_id)s
    GROUP BY resource_id
), theirs AS (
    SELECT coalesce(resource_id, cost_id) AS key,
           (array_agg(resource_id))[1] AS resource_id, min(kind) AS kind,
           min(description) AS name, max(tenant_id) AS tenant_id,
           max(deployment_id) AS deployment_id,
           -- A droplet and its backups are two lines of the same hours, a droplet before and
           -- after its resizing two lines of others: what overlaps counts once.
           sum(hours) * coalesce(
               (SELECT sum(extract(epoch FROM upper(span) - lower(span)))
                FROM unnest(range_agg(tstzrange(start_at, end_at)) FILTER (WHERE billed)) AS span)
               / nullif(sum(extract(epoch FROM end_at - start_at)) FILTER (WHERE billed), 0), 1)
               AS hours,
           min(start_at) AS charged_from, max(end_at) AS charged_to, sum(amount_usd) AS amount
    FROM attributed_costs,
         LATERAL (SELECT hours IS NOT NULL AND start_at < end_at AS billed) AS spans
    WHERE period = %(period)s AND pass_id = %(pass_id)s AND classification = 'resource'
    GROUP BY 1
), metered AS (
    -- A span may have several facts, by meter and dimensions.
    SELECT resource_id, sum(extract(epoch FROM fact_to - fact_from)) / 3600 AS hours
    FROM (
        SELECT DISTINCT f.resource_id, f.fact_from, f.fact_to
        FROM usage_facts AS f
        JOIN work_passes AS p ON p.id = f.pass_id AND p.state = 'current'
        WHERE f.day >= %(period)s AND f.day < %(end)s
    ) AS spans
    GROUP BY resource_id
), books AS (
    SELECT coalesce(o.resource_id, t.resource_id) AS resource_id,
           coalesce(o.kind, t.kind) AS kind, coalesce(o.name, t.name) AS name,
           coalesce(o.tenant_id, t.tenant_id) AS tenant_id,
           coalesce(o.deployment_id, t.deployment_id) AS deployment_id,
           o.hours AS inventory_hours, t.hours AS provider_hours, m.hours AS billed_hours,
           t.amount AS provider_amount_usd, t.key IS NOT NULL AS is_charged,
           coalesce(o.existed_from, k.lived_from) AS existed_from,
           coalesce(o.existed_to, k.lived_to) AS existed_to,
           CASE WHEN k.begin_unknown THEN k.lived_from END AS first_seen,
           t.charged_from, t.charged_to
    FROM ours AS o FULL JOIN theirs AS t ON t.key = o.resource_id
    LEFT JOIN known_lives AS k
      ON k.period = %(period)s AND k.pass_id = %(pass_id)s AND k.resource_id = t.resource_id
    LEFT JOIN metered AS m ON m.resource_id = coalesce(o.resource_id, t.resource_id)
    WHERE t.key IS NOT NULL OR o.kind = ANY(%(billed_kinds)s)
), agreeing AS (
    SELECT *, coalesce(is_charged AND inventory_hours IS NOT NULL
                       AND abs(inventory_hours - coalesce(provider_hours, inventory_hours))
                           <= %(tolerance)s
                       AND abs(inventory_hours - coalesce(billed_hours, inventory_hours))
                           <= %(tolerance)s, false) AS agree
    FROM books
)
SELECT count(*) FILTER (WHERE agree) OVER () AS agreed, * FROM agreeing
ORDER BY agree, abs(coalesce(provider_amount_usd, 0)) DESC, resource_id, name
LIMIT (SELECT greatest(count(*), 1) FROM agreeing WHERE NOT agree)
"""
FORGET: Final = (
    text("DELETE FROM reconciliation_differences WHERE period = :period"),
    text("DELETE FROM reconciliations WHERE period = :period"),
)
WRITE: Final = f"""
INSERT INTO reconciliation_differences
    (period, place, difference_type, resource_id, kind, name, tenant_id, deployment_id,
     inventory_hours, provider_hours, billed_hours, provider_amount_usd, explanation)
SELECT %(period)s, one.* FROM {unnested(BookDifference, "one")}
"""
WRITE_TOTALS: Final = text("""
INSERT INTO reconciliations (period, agreed_count, difference_count, computed_at)
VALUES (:period, :agreed, :differences, :now)
""")
READ: Final = text("""
SELECT m.closed_at, r.agreed_count, r.difference_count
FROM metering_months AS m LEFT JOIN reconciliations AS r USING (period)
WHERE m.period = :period
""")
LIST: Final = text("""
SELECT * FROM reconciliation_differences
WHERE period = :period AND place > coalesce(CAST(:after AS integer), 0)
  AND (:difference_type = '' OR difference_type = :difference_type)
  AND (:tenant_id = '' OR tenant_id = :tenant_id)
ORDER BY place LIMIT :limit
""")


async def reconcile(
    session: WriteSession, period: Period, costs: Generation, *, now: datetime
) -> None:
    """Recomputes the reconciliation of a month."""
    key: dict[str, Any] = {"period": period.start}
    for statement in FORGET:
        await session.execute(statement, key)
    parameters = {
        **key,
        "end": period.end,
        "pass_id": costs.id,
        "billed_kinds": sorted(BILLED_KINDS),
        "tolerance": TOLERANCE_HOURS,
    }
    agreed = written = 0
    driver = await session.driver()
    async with driver.cursor("books", row_factory=namedtuple_row) as cursor:
        await cursor.execute(BOOKS, parameters)
        # A month may have a million differences, so they are processed in batches.
        while fetched := await cursor.fetchmany(ROWS_AT_ONCE):
            rows: Sequence[Any] = fetched
            agreed = rows[0].agreed
            found: list[BookDifference] = []
            for row in rows:
                place = written + len(found) + 1
                if not row.agree and (one := difference_of(record_of(Books, row), place)):
                    found.append(one)
            await driver.execute(WRITE, key | arrays_of(BookDifference, found, "one"))
            written += len(found)
    totals = {"agreed": agreed, "differences": written, "now": now}
    await session.execute(WRITE_TOTALS, {**key, **totals})


async def read_reconciliation(session: ReadSession, period: Period) -> Reconciliation | None:
    """Counts of a month's reconciliation; None if it was never metered."""
    return first_of(Reconciliation, await session.execute(READ, {"period": period.start}))


async def list_differences(
    session: ReadSession, period: Period, asked: PageRequest, **wanted: str
) -> Page[BookDifference]:
    """Differences, largest first; `wanted` are a `difference_type` and a `tenant_id`, or empty."""
    wanted_in = {"period": period.start, **wanted}
    return await text_page(session, BookDifference, LIST, asked, "place", **wanted_in)
