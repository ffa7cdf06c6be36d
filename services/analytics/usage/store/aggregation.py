"""Folding: sums facts and events to figures by dimensions, and records changes of closed months.

A figure always has the current sum. If its month is closed and the quantity changes, the change is
recorded in the same transaction, and the tenant's next roll-up reprices the month.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import text

from services.analytics.generations.store import Generation, prepare_month
from services.analytics.usage.rules.figures import DeploymentRef, Figure, Owner
from services.analytics.usage.store.months import closed_months
from services.analytics.usage.tables import DEPLOYMENT_ID
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import arrays_of, records_of, unnested

__all__ = [
    "adopt_usage",
    "count_day",
    "fold_figures",
    "fold_marked",
    "fold_marked_of",
    "lock_days",
    "mark",
    "names_of_usage",
    "newest_mark",
    "replace_day",
]

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
)
"""
# One statement, so that the recorded change is the difference of deleted and inserted figures.
# The count makes the inserts run after the deletes.
REPLACE: Final = """
found AS (
    SELECT l.day, w.pass_id, l.tenant_id, l.deployment_id, l.resource_kind, l.dimensions,
           sum(l.qty) AS qty, count(*) AS fact_count,
           encode(sha256(convert_to(
               string_agg(l.line || coalesce(' ' || nullif(l.dimensions, '{{}}')::text, ''), E'\\n'
                          ORDER BY l.line COLLATE "C"), 'UTF8')), 'hex')
               AS facts_hash
    FROM lines AS l JOIN (SELECT DISTINCT day, pass_id FROM wanted) AS w USING (day)
    GROUP BY l.day, w.pass_id, l.tenant_id, l.deployment_id, l.resource_kind, l.dimensions
),
noted AS (
    INSERT INTO month_changes (tenant_id, deployment_id, period, cause, noted_at)
    SELECT DISTINCT tenant_id, deployment_id, date_trunc('month', day::timestamp)::date, 'usage',
           CAST(%(now)s AS timestamptz)
    FROM {found} AS found FULL JOIN {forgotten} AS forgotten
        USING (day, tenant_id, deployment_id, resource_kind, dimensions)
    WHERE %(notes)s AND found.qty IS DISTINCT FROM forgotten.qty
      AND date_trunc('month', day::timestamp)::date = ANY(CAST(%(closed)s AS date[]))
)
INSERT INTO daily_usage (day, pass_id, tenant_id, deployment_id, resource_kind, dimensions, qty,
                         fact_count, facts_hash, metered_at)
SELECT day, pass_id, tenant_id, deployment_id, resource_kind, dimensions, qty, fact_count,
       facts_hash, %(now)s
FROM found
WHERE (SELECT count(*) FROM forgotten) >= 0
"""
FORGOTTEN: Final = """
RETURNING u.day, u.tenant_id, u.deployment_id, u.resource_kind, u.dimensions, u.qty
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
UNMARK_DAY: Final = text("DELETE FROM unfolded_usage WHERE day = :day")
FORGET_FACTS: Final = text("DELETE FROM usage_facts WHERE day = :day AND pass_id = ANY(:pass_ids)")
REPLACE_DAY: Final = f"""
WITH wanted AS (SELECT CAST(%(day)s AS date) AS day, CAST(%(pass_id)s AS bigint) AS pass_id),
forgotten AS (DELETE FROM daily_usage AS u WHERE u.day = %(day)s {FORGOTTEN}),
{LINES.format(key="")},
{
    REPLACE.format(
        found=BY_KNOWN.format(figures="found"), forgotten=BY_KNOWN.format(figures="forgotten")
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
        = (w.day, w.tenant_id, w.deployment_id, w.resource_kind)
    {FORGOTTEN}
),
{LINES.format(key=", tenant_id, deployment_id, resource_kind")},
{REPLACE.format(found="found", forgotten="forgotten")}
"""

MARK: Final = f"""
INSERT INTO unfolded_usage (day, tenant_id, deployment_id, resource_kind) SELECT * FROM {GIVEN}
"""
NEWEST_MARK: Final = text("SELECT coalesce(max(id), 0) FROM unfolded_usage")
MARKED: Final = text("""
SELECT DISTINCT day, tenant_id, deployment_id, resource_kind FROM (
    SELECT * FROM unfolded_usage WHERE id <= :up_to ORDER BY id LIMIT :limit) AS oldest
""")
MARKED_OF: Final = text("""
SELECT DISTINCT day, tenant_id, deployment_id, resource_kind FROM unfolded_usage
WHERE day >= :start AND day < :end
""")


async def replace_day(
    session: WriteSession, of: Generation, replaced: Sequence[int], *, now: datetime
) -> int:
    """Replaces a day's figures with those of a generation and the events; returns their number."""
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
    await driver.execute(REPLACE_DAY, {**day, "pass_id": of.id, **_noting(closed, now)})
    return await count_day(session, of.subject)


async def count_day(session: ReadSession, day: date) -> int:
    """The number of figures of a day."""
    return int((await session.execute(COUNT_DAY, {"day": day})).scalar_one())


async def fold_figures(session: WriteSession, figures: Iterable[Figure], *, now: datetime) -> None:
    """Recomputes figures whose facts or events changed."""
    wanted = sorted(set(figures))
    if not wanted:
        return
    for month in sorted({figure.day.replace(day=1) for figure in wanted}):
        await prepare_month(session, month, "usage_facts", "usage_events", "daily_usage")
    days = sorted({figure.day for figure in wanted})
    closed = await closed_months(session, days)
    await session.execute(DAY_LOCK, {"days": days})
    driver, given = await session.driver(), arrays_of(Figure, wanted, "given")
    await driver.execute(UNMARK, given)
    await driver.execute(REPLACE_GIVEN, given | _noting(closed, now))


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


async def fold_marked(session: WriteSession, *, up_to: int, limit: int, now: datetime) -> bool:
    """Recomputes at most `limit` marked figures, oldest marks first.

    Returns whether there was one up to the given mark. Call it in a separate transaction, because
    it locks days in order.
    """
    found = records_of(Figure, await session.execute(MARKED, {"up_to": up_to, "limit": limit}))
    await fold_figures(session, found, now=now)
    return bool(found)


async def fold_marked_of(session: WriteSession, start: date, end: date, *, now: datetime) -> None:
    """Recomputes all marked figures of a half-open range of days."""
    rows = await session.execute(MARKED_OF, {"start": start, "end": end})
    await fold_figures(session, records_of(Figure, rows), now=now)


def _noting(closed: Iterable[date], now: datetime) -> dict[str, Any]:
    months = sorted(closed)
    return {"closed": months, "notes": bool(months), "now": now}


# Must be the same text as in the index.
NAMED: Final = f"deployment_id !~ '{DEPLOYMENT_ID}'"
NAMES: Final = text(f"""
SELECT DISTINCT tenant_id, deployment_id FROM daily_usage
WHERE {NAMED} AND (tenant_id, deployment_id) > (:tenant_id, :deployment_id)
ORDER BY tenant_id, deployment_id LIMIT :limit
""")
FIGURES: Final = text(f"""
SELECT day, tenant_id, deployment_id, resource_kind FROM daily_usage
JOIN unnest(CAST(:tenants AS text[]), CAST(:slugs AS text[])) AS g (tenant_id, deployment_id)
    USING (tenant_id, deployment_id)
WHERE {NAMED}
ORDER BY day, tenant_id, deployment_id, resource_kind LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Adopted:
    """A figure under a slug, with the id of its deployment."""

    figure: Figure
    id: str


REKEY_FACTS: Final = f"""
UPDATE usage_facts AS f SET deployment_id = g.id
FROM {unnested(Adopted, "g")}
JOIN work_passes AS p ON p.work = 'metering' AND p.subject = g.day AND p.state = 'current'
WHERE (f.day, f.pass_id, f.tenant_id, f.deployment_id, f.resource_kind)
    = (g.day, p.id, g.tenant_id, g.deployment_id, g.resource_kind)
"""
REKEY_EVENTS: Final = f"""
UPDATE usage_events AS e SET deployment_id = g.id
FROM {unnested(Adopted, "g")}
WHERE (e.day, e.tenant_id, e.deployment_id, e.resource_kind)
    = (g.day, g.tenant_id, g.deployment_id, g.resource_kind)
"""


async def names_of_usage(
    session: ReadSession, *, after: DeploymentRef, limit: int
) -> list[DeploymentRef]:
    """A page of the tenants and names with usage whose name is not an id."""
    rows = await session.execute(
        NAMES, {"tenant_id": after.tenant_id, "deployment_id": after.deployment, "limit": limit}
    )
    return [DeploymentRef(row.tenant_id, row.deployment_id) for row in rows]


async def adopt_usage(
    session: WriteSession, owners: Mapping[DeploymentRef, Owner], *, limit: int, now: datetime
) -> bool:
    """Re-keys at most `limit` figures of these names to their deployments, oldest first.

    In closed months, both are recorded as changed. Returns whether there was a figure.
    """
    found = await session.execute(FIGURES, {**_named(owners), "limit": limit})
    figures = records_of(Figure, found)
    if not figures:
        return False
    await lock_days(session, {figure.day for figure in figures})
    adopted = [
        Adopted(one, owners[DeploymentRef(one.tenant_id, one.deployment_id)].deployment_id)
        for one in figures
    ]
    driver, given = await session.driver(), arrays_of(Adopted, adopted, "g")
    await driver.execute(REKEY_FACTS, given)
    await driver.execute(REKEY_EVENTS, given)
    changed = [replace(one.figure, deployment_id=one.id) for one in adopted]
    await fold_figures(session, [*figures, *changed], now=now)
    return True


def _named(names: Mapping[DeploymentRef, Owner]) -> dict[str, Any]:
    ordered: Sequence[DeploymentRef] = list(names)
    return {
        "tenants": [one.tenant_id for one in ordered],
        "slugs": [one.deployment for one in ordered],
    }
