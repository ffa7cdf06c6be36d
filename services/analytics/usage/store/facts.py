"""Facts of a day as a pass finds them, and the figures that they add up to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import text

from services.analytics.store.passes import Pass, page_of, prepare_month
from services.analytics.usage.metering import Fact
from services.common.database import ReadSession, WriteSession

__all__ = ["Figure", "count_day", "fold_figures", "replace_day", "write_facts"]

FORGET_PAGE: Final = """
DELETE FROM usage_facts WHERE day = %(day)s AND pass_id = %(pass_id)s AND page = %(page)s
"""
WRITE: Final = """
INSERT INTO usage_facts (day, pass_id, page, tenant_id, deployment_id, resource_kind, resource_id,
                         inventory_kind, resource_name, fact_from, fact_to, size_gb, qty)
SELECT %(day)s, %(pass_id)s, %(page)s, f.*
FROM unnest(%(tenants)b::text[], %(deployments)b::text[], %(kinds)b::text[],
            %(resources)b::uuid[], %(inventory_kinds)b::text[], %(names)b::text[],
            %(starts)b::timestamptz[], %(ends)b::timestamptz[], %(sizes)b::numeric[],
            %(quantities)b::numeric[]) AS f
"""

# One fact, one line, always written the same way; a figure's hash is over its lines in
# their order, whatever order they came in.
LINES: Final = """
    SELECT f.day, f.tenant_id, f.deployment_id, f.resource_kind, f.qty,
           format('interval %s %s %s %s %s', f.resource_id, extract(epoch FROM f.fact_from),
                  extract(epoch FROM f.fact_to), coalesce(trim_scale(f.size_gb)::text, '-'),
                  trim_scale(f.qty)) AS line
    FROM usage_facts AS f JOIN wanted USING (day, pass_id{key})
    UNION ALL
    SELECT e.day, e.tenant_id, e.deployment_id, e.resource_kind, e.qty,
           format('event %s %s %s %s', to_json(e.source), to_json(e.idempotency_key),
                  extract(epoch FROM e.occurred_at), trim_scale(e.qty))
    FROM usage_events AS e JOIN wanted USING (day{key})
    WHERE e.adjustment_id IS NULL
"""
ADD_UP: Final = """
INSERT INTO daily_usage (day, pass_id, tenant_id, deployment_id, resource_kind, qty, fact_count,
                         facts_hash, metered_at)
SELECT l.day, w.pass_id, l.tenant_id, l.deployment_id, l.resource_kind, sum(l.qty), count(*),
       encode(sha256(convert_to(
           string_agg(l.line, E'\\n' ORDER BY l.line COLLATE "C"), 'UTF8')), 'hex'), :now
FROM lines AS l JOIN (SELECT DISTINCT day, pass_id FROM wanted) AS w USING (day)
GROUP BY l.day, w.pass_id, l.tenant_id, l.deployment_id, l.resource_kind
"""

DAY_LOCK: Final = text("""
SELECT pg_advisory_xact_lock(hashtextextended('usage/' || day, 0))
FROM (SELECT DISTINCT day FROM unnest(CAST(:days AS date[])) AS day ORDER BY day) AS days
""")
UNMARK_DAY: Final = text("DELETE FROM unfolded_usage WHERE day = :day")
FORGET_DAY: Final = text("DELETE FROM daily_usage WHERE day = :day")
FORGET_FACTS: Final = text("DELETE FROM usage_facts WHERE day = :day AND pass_id = ANY(:pass_ids)")
ADD_UP_DAY: Final = text(f"""
WITH wanted AS (SELECT CAST(:day AS date) AS day, CAST(:pass_id AS bigint) AS pass_id),
lines AS ({LINES.format(key="")})
{ADD_UP}
""")
COUNT_DAY: Final = text("SELECT count(*) FROM daily_usage WHERE day = :day")

UNMARK: Final = text("""
DELETE FROM unfolded_usage AS u
USING unnest(CAST(:days AS date[]), CAST(:tenants AS text[]), CAST(:deployments AS text[]),
             CAST(:kinds AS text[])) AS g (day, tenant_id, deployment_id, resource_kind)
WHERE (u.day, u.tenant_id, u.deployment_id, u.resource_kind)
    = (g.day, g.tenant_id, g.deployment_id, g.resource_kind)
""")
GIVEN: Final = """
WITH wanted AS (
    SELECT g.*, p.id AS pass_id
    FROM (SELECT DISTINCT * FROM unnest(
             CAST(:days AS date[]), CAST(:tenants AS text[]), CAST(:deployments AS text[]),
             CAST(:kinds AS text[])) AS g (day, tenant_id, deployment_id, resource_kind)) AS g
    LEFT JOIN work_passes AS p
      ON p.work = 'metering' AND p.subject = g.day AND p.state = 'current'
)
"""
FORGET_GIVEN: Final = text(f"""
{GIVEN}
DELETE FROM daily_usage AS u USING wanted AS w
WHERE (u.day, u.tenant_id, u.deployment_id, u.resource_kind)
    = (w.day, w.tenant_id, w.deployment_id, w.resource_kind)
""")
ADD_UP_GIVEN: Final = text(f"""
{GIVEN}, lines AS ({LINES.format(key=", tenant_id, deployment_id, resource_kind")})
{ADD_UP}
""")


@dataclass(frozen=True, slots=True, order=True)
class Figure:
    """What a figure of usage is about."""

    day: date
    tenant_id: str
    deployment_id: str
    resource_kind: str


async def write_facts(session: WriteSession, of: Pass, token: str, facts: Sequence[Fact]) -> None:
    """Writes what a page of a pass over a day found, in place of what it found before."""
    await prepare_month(session, of.subject, "usage_facts")
    driver = await session.driver()
    page: dict[str, Any] = {"day": of.subject, "pass_id": of.id, "page": page_of(token)}
    await driver.execute(FORGET_PAGE, page)
    arrays: dict[str, list[Any]] = {
        "tenants": [fact.tenant_id for fact in facts],
        "deployments": [fact.deployment_id for fact in facts],
        "kinds": [fact.resource_kind for fact in facts],
        "resources": [fact.resource_id for fact in facts],
        "inventory_kinds": [fact.inventory_kind for fact in facts],
        "names": [fact.resource_name for fact in facts],
        "starts": [fact.start for fact in facts],
        "ends": [fact.end for fact in facts],
        "sizes": [fact.size_gb for fact in facts],
        "quantities": [fact.qty for fact in facts],
    }
    await driver.execute(WRITE, {**page, **arrays})


async def replace_day(
    session: WriteSession, of: Pass, replaced: Sequence[int], *, now: datetime
) -> int:
    """Replaces a day's figures by what a pass found, and the day's events; how many it has now."""
    await prepare_month(session, of.subject, "usage_facts", "usage_events", "daily_usage")
    await session.execute(DAY_LOCK, {"days": [of.subject]})
    # The marks first: an event that is not seen below has one that is not seen here.
    day = {"day": of.subject}
    await session.execute(UNMARK_DAY, day)
    if replaced:
        await session.execute(FORGET_FACTS, {**day, "pass_ids": list(replaced)})
    await session.execute(FORGET_DAY, day)
    await session.execute(ADD_UP_DAY, {**day, "pass_id": of.id, "now": now})
    return await count_day(session, of.subject)


async def count_day(session: ReadSession, day: date) -> int:
    """How many figures a day has."""
    return int((await session.execute(COUNT_DAY, {"day": day})).scalar_one())


async def fold_figures(session: WriteSession, figures: Iterable[Figure], *, now: datetime) -> None:
    """Adds up figures anew whose events changed."""
    wanted = sorted(set(figures))
    if not wanted:
        return
    for month in sorted({figure.day.replace(day=1) for figure in wanted}):
        await prepare_month(session, month, "usage_facts", "usage_events", "daily_usage")
    given: dict[str, Any] = {
        "days": [figure.day for figure in wanted],
        "tenants": [figure.tenant_id for figure in wanted],
        "deployments": [figure.deployment_id for figure in wanted],
        "kinds": [figure.resource_kind for figure in wanted],
    }
    await session.execute(DAY_LOCK, {"days": given["days"]})
    await session.execute(UNMARK, given)
    await session.execute(FORGET_GIVEN, given)
    await session.execute(ADD_UP_GIVEN, {**given, "now": now})
