"""Folding: sums facts and events to figures by dimensions.

Figures of meters that are not summed are folded by `contribution_folds`.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from kinds.metering import Aggregation
from services.analytics.generations.store import Generation, prepare_month
from services.analytics.usage.rules.figures import Figure
from services.analytics.usage.store.contribution_folds import (
    fold_aggregates,
    fold_levels_of_day,
    months_changed_by,
)
from services.analytics.usage.store.months import closed_months
from services.analytics.usage.store.replacing import FORGOTTEN, REPLACE, noting
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import arrays_of, records_of, unnested

__all__ = [
    "count_day",
    "fold_figures",
    "fold_marked",
    "fold_marked_of",
    "lock_days",
    "mark",
    "newest_mark",
    "replace_day",
]

SUM: Final = Aggregation.SUM

# One canonical line per fact. A figure's hash is over its sorted lines, so it does not depend on
# the order of arrival. Without dimensions a line is what it was before there were any.
LINES: Final = """
lines AS (
    SELECT f.day, f.tenant_id, f.deployment_id, f.resource_kind, f.dimensions, f.qty,
           format('interval %%s %%s %%s %%s %%s', f.resource_id, extract(epoch FROM f.fact_from),
                  extract(epoch FROM f.fact_to), coalesce(trim_scale(f.size_gb)::text, '-'),
                  trim_scale(f.qty)) AS line
    FROM usage_facts AS f JOIN wanted USING (day, pass_id{key})
    UNION ALL
    SELECT e.day, e.tenant_id, e.deployment_id, e.resource_kind, e.dimensions, e.qty,
           format('event %%s %%s %%s %%s', to_json(e.source), to_json(e.idempotency_key),
                  extract(epoch FROM e.occurred_at), trim_scale(e.qty))
    FROM usage_events AS e JOIN wanted USING (day{key})
    WHERE e.aggregation = 'sum'
)
"""
# Metering a day again may know dimensions that it did not know before, or that it did not keep.
# That alone is no late usage: the month was billed without them. So usage is compared by the
# dimensions that its figures had before.
BY_KNOWN: Final = """(
    SELECT day, tenant_id, deployment_id, resource_kind,
           (SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each(dimensions)
            WHERE key = ANY(known.keys)) AS dimensions,
           sum(qty) AS qty
    FROM {figures} LEFT JOIN (
        SELECT day, tenant_id, deployment_id, resource_kind, array_agg(DISTINCT key) AS keys
        FROM forgotten CROSS JOIN LATERAL jsonb_object_keys(dimensions) AS key
        GROUP BY 1, 2, 3, 4
    ) AS known USING (day, tenant_id, deployment_id, resource_kind)
    GROUP BY 1, 2, 3, 4, 5
)"""

DAY_LOCK: Final = text("""
SELECT pg_advisory_xact_lock(hashtextextended('usage/' || day, 0))
FROM (SELECT DISTINCT day FROM unnest(CAST(:days AS date[])) AS day ORDER BY day) AS days
""")
PASSES: Final = {
    "pass_id": "w.pass_id",
    "passes": "JOIN (SELECT DISTINCT day, pass_id FROM wanted) AS w USING (day)",
}

UNMARK_DAY: Final = text("""
DELETE FROM unfolded_usage WHERE day = :day AND aggregation = 'sum'
""")
FORGET_FACTS: Final = text("DELETE FROM usage_facts WHERE day = :day AND pass_id = ANY(:pass_ids)")
REPLACE_DAY: Final = f"""
WITH wanted AS (SELECT CAST(%(day)s AS date) AS day, CAST(%(pass_id)s AS bigint) AS pass_id),
forgotten AS (
    DELETE FROM daily_usage AS u WHERE u.day = %(day)s AND u.aggregation = 'sum' {FORGOTTEN}
),
{LINES.format(key="")},
{
    REPLACE.format(
        found=BY_KNOWN.format(figures="found"),
        forgotten=BY_KNOWN.format(figures="forgotten"),
        aggregation="sum",
        **PASSES,
    )
}
"""
COUNT_DAY: Final = text("SELECT count(*) FROM daily_usage WHERE day = :day")

GIVEN: Final = unnested(Figure, "given")
UNMARK: Final = f"""
DELETE FROM unfolded_usage AS u USING {GIVEN}
WHERE (u.day, u.tenant_id, u.deployment_id, u.resource_kind)
    = (given.day, given.tenant_id, given.deployment_id, given.resource_kind)
"""
REPLACE_GIVEN: Final = f"""
WITH wanted AS (
    SELECT given.*, p.id AS pass_id
    FROM {GIVEN} LEFT JOIN work_passes AS p
      ON p.work = 'metering' AND p.subject = given.day AND p.state = 'current'
),
forgotten AS (
    DELETE FROM daily_usage AS u USING wanted AS w
    WHERE (u.day, u.tenant_id, u.deployment_id, u.resource_kind)
        = (w.day, w.tenant_id, w.deployment_id, w.resource_kind) AND u.aggregation = 'sum'
    {FORGOTTEN}
),
{LINES.format(key=", tenant_id, deployment_id, resource_kind")},
{REPLACE.format(found="found", forgotten="forgotten", aggregation="sum", **PASSES)}
"""

MARK: Final = f"""
INSERT INTO unfolded_usage (day, tenant_id, deployment_id, resource_kind, aggregation)
SELECT * FROM {GIVEN}
"""
NEWEST_MARK: Final = text("SELECT coalesce(max(id), 0) FROM unfolded_usage")
MARKED: Final = text("""
SELECT DISTINCT day, tenant_id, deployment_id, resource_kind, aggregation FROM (
    SELECT * FROM unfolded_usage WHERE id <= :up_to AND (aggregation = 'sum') = :summed
    ORDER BY id LIMIT :limit) AS oldest
""")
MARKED_OF: Final = text("""
SELECT DISTINCT day, tenant_id, deployment_id, resource_kind, aggregation FROM unfolded_usage
WHERE day >= :start AND day < :end
""")


async def replace_day(
    session: WriteSession, of: Generation, replaced: Sequence[int], *, now: datetime
) -> int:
    """Replaces a day's sums with those of a generation and the events; returns its figures' number.

    Levels that hold on the day are recomputed too.
    """
    await prepare_month(session, of.subject, "usage_facts", "usage_events", "daily_usage")
    closed = await closed_months(session, [of.subject])
    await session.execute(DAY_LOCK, {"days": [of.subject]})
    # Read the marks first: an event that is not visible below has a mark that is not visible
    # here.
    day = {"day": of.subject}
    await session.execute(UNMARK_DAY, day)
    if replaced:
        await session.execute(FORGET_FACTS, {**day, "pass_ids": list(replaced)})
    driver = await session.driver()
    await driver.execute(REPLACE_DAY, {**day, "pass_id": of.id, **noting(closed, now)})
    await fold_levels_of_day(session, of.subject, closed, now=now)
    return await count_day(session, of.subject)


async def count_day(session: ReadSession, day: date) -> int:
    """The number of figures of a day."""
    return int((await session.execute(COUNT_DAY, {"day": day})).scalar_one())


async def fold_figures(session: WriteSession, figures: Iterable[Figure], *, now: datetime) -> None:
    """Recomputes figures whose facts or events changed."""
    wanted = sorted(set(figures))
    if not wanted:
        return
    months = months_changed_by(wanted, now)
    for month in months:
        await prepare_month(session, month, "usage_facts", "usage_events", "daily_usage")
    closed = await closed_months(session, months)
    summed = [figure for figure in wanted if figure.aggregation is SUM]
    await session.execute(DAY_LOCK, {"days": sorted({figure.day for figure in summed})})
    driver = await session.driver()
    await driver.execute(UNMARK, arrays_of(Figure, wanted, "given"))
    if summed:
        given = arrays_of(Figure, summed, "given")
        await driver.execute(REPLACE_GIVEN, given | noting(closed, now))
    others = [figure for figure in wanted if figure.aggregation is not SUM]
    await fold_aggregates(session, others, closed, now=now)


async def lock_days(session: WriteSession, days: Iterable[date]) -> None:
    """Locks days against other folds, and their months against closing, in this transaction."""
    wanted = sorted(set(days))
    await closed_months(session, wanted)
    await session.execute(DAY_LOCK, {"days": wanted})


async def mark(session: WriteSession, figures: Iterable[Figure]) -> None:
    """Marks figures whose events changed; the next fold recomputes them."""
    changed = sorted(set(figures))
    if changed:
        await (await session.driver()).execute(MARK, arrays_of(Figure, changed, "given"))


async def newest_mark(session: ReadSession) -> int:
    """The id of the newest mark; 0 for none."""
    return int((await session.execute(NEWEST_MARK)).scalar_one())


async def fold_marked(
    session: WriteSession, *, up_to: int, limit: int, summed: bool, now: datetime
) -> bool:
    """Recomputes at most `limit` marked figures, oldest marks first: sums, or all others.

    Returns whether there was one up to the given mark. Call it in a separate transaction, because
    it locks days in order.
    """
    given = {"up_to": up_to, "limit": limit, "summed": summed}
    found = records_of(Figure, await session.execute(MARKED, given))
    await fold_figures(session, found, now=now)
    return bool(found)


async def fold_marked_of(session: WriteSession, start: date, end: date, *, now: datetime) -> None:
    """Recomputes all marked figures of a half-open range of days."""
    rows = await session.execute(MARKED_OF, {"start": start, "end": end})
    await fold_figures(session, records_of(Figure, rows), now=now)
