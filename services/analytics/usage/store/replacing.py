"""Replaces figures, and records changes of closed months, in one statement.

A figure always has the current quantity. If its month is closed and the quantity changes, the
change is recorded in the same transaction, and the tenant's next roll-up reprices the month.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

__all__ = ["FORGOTTEN", "REPLACE", "noting"]

# One statement, so that the recorded change is the difference of deleted and inserted figures.
# The count makes the inserts run after the deletes.
REPLACE: Final = """
found AS (
    SELECT l.day, {pass_id} AS pass_id, l.tenant_id, l.deployment_id, l.resource_kind,
           l.dimensions, sum(l.qty) AS qty, count(*) AS fact_count,
           encode(sha256(convert_to(
               string_agg(l.line || coalesce(' ' || nullif(l.dimensions, '{{}}')::text, ''), E'\\n'
                          ORDER BY l.line COLLATE "C"), 'UTF8')), 'hex')
               AS facts_hash
    FROM lines AS l {passes}
    GROUP BY l.day, {pass_id}, l.tenant_id, l.deployment_id, l.resource_kind, l.dimensions
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
                         fact_count, facts_hash, metered_at, aggregation)
SELECT day, pass_id, tenant_id, deployment_id, resource_kind, dimensions, qty, fact_count,
       facts_hash, %(now)s, '{aggregation}'
FROM found
WHERE (SELECT count(*) FROM forgotten) >= 0
"""
"""The statement after the CTEs `wanted`, `forgotten` and `lines`.

`pass_id` is the generation of a day, which `passes` may join to the lines.
"""

FORGOTTEN: Final = """
RETURNING u.day, u.tenant_id, u.deployment_id, u.resource_kind, u.dimensions, u.qty
"""
"""The end of the CTE `forgotten`, which deletes `daily_usage AS u`."""


def noting(closed: Iterable[date], now: datetime) -> dict[str, Any]:
    """The parameters of `REPLACE`; `closed` are the first days of the closed months."""
    months = sorted(closed)
    return {"closed": months, "notes": bool(months), "now": now}
