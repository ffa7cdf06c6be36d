"""Traces a figure to its facts: the spans of resources, and the events with their contributions."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import text

from kinds.metering import Aggregation
from services.analytics.usage.rules.dimensions import json_of
from services.analytics.usage.rules.figures import DailyUsage, UsageFact
from services.analytics.usage.store.contributions import CONTRIBUTED
from services.common.db.database import ReadSession
from services.common.db.records import records_of, rows_as
from services.common.rpc.paging import Page, PageRequest
from services.common.values.periods import month_of

__all__ = ["list_facts"]

FACTS: Final = text("""
SELECT * FROM (
    SELECT 'interval' AS source, f.resource_id::text AS resource_id, f.inventory_kind,
           f.resource_name, f.fact_from, f.fact_to, f.size_gb, '' AS event_key, f.qty,
           f.resource_id::text AS place, CAST(NULL AS timestamptz) AS event_at,
           CAST(NULL AS numeric) AS event_qty
    FROM usage_facts AS f
    WHERE f.day = :day AND f.pass_id = :pass_id AND f.tenant_id = :tenant_id
      AND f.deployment_id = :deployment_id AND f.resource_kind = :resource_kind
      AND f.dimensions = CAST(:dimensions AS jsonb)
    UNION ALL
    SELECT 'event', '', '', '', e.occurred_at, e.occurred_at, NULL, e.idempotency_key, e.qty,
           to_json(ARRAY[e.source, e.idempotency_key])::text, e.occurred_at, e.qty
    FROM usage_events AS e
    WHERE e.day = :day AND e.tenant_id = :tenant_id AND e.deployment_id = :deployment_id
      AND e.resource_kind = :resource_kind AND e.dimensions = CAST(:dimensions AS jsonb)
) AS facts
WHERE CAST(:after_at AS timestamptz) IS NULL
   OR (fact_from, place COLLATE "C")
    > (CAST(:after_at AS timestamptz), CAST(:after AS text) COLLATE "C")
ORDER BY fact_from, place COLLATE "C"
LIMIT :limit
""")

_KEY: Final = "tenant_id, deployment_id, resource_kind"
_FIGURE: Final = """
%(tenant_id)s::text AS tenant_id, %(deployment_id)s::text AS deployment_id,
%(resource_kind)s::text AS resource_kind
"""
_DAY: Final = f"wanted AS (SELECT %(day)s::date AS day, {_FIGURE})"
_MONTH: Final = f"""
candidates AS (
    SELECT {_FIGURE}, %(dimensions)s::jsonb AS dimensions, %(first_day)s::date AS month
)
"""
_LEVEL: Final = f"""
wanted AS (
    SELECT %(day)s::date AS day, {_KEY}, dimensions, basis FROM usage_levels
    WHERE ({_KEY}, dimensions) = (%(tenant_id)s::text, %(deployment_id)s::text,
                                  %(resource_kind)s::text, %(dimensions)s::jsonb)
)
"""
_CONTRIBUTIONS: Final = """
WITH {wanted}, {contributed},
facts AS (
    SELECT 'event' AS source, '' AS resource_id, '' AS inventory_kind, '' AS resource_name,
           from_at AS fact_from, to_at AS fact_to, NULL::numeric AS size_gb,
           idempotency_key AS event_key, qty,
           to_json(ARRAY[source, idempotency_key])::text AS place, occurred_at AS event_at,
           sent AS event_qty
    FROM contributed WHERE day = %(day)s AND dimensions = %(dimensions)s::jsonb
)
SELECT * FROM facts
WHERE %(after_at)s::timestamptz IS NULL
   OR (fact_from, place COLLATE "C") > (%(after_at)s::timestamptz, %(after)s::text COLLATE "C")
ORDER BY fact_from, place COLLATE "C"
LIMIT %(limit)s
"""
_OF_AGGREGATES: Final[Mapping[Aggregation, str]] = {
    aggregation: _CONTRIBUTIONS.format(wanted=wanted, contributed=CONTRIBUTED[aggregation])
    for aggregation, wanted in (
        (Aggregation.MAX, _DAY),
        (Aggregation.UNIQUE, _DAY),
        (Aggregation.LATEST, _MONTH),
        (Aggregation.TIME_WEIGHTED, _LEVEL),
    )
}


async def list_facts(
    session: ReadSession, figure: DailyUsage, asked: PageRequest
) -> Page[UsageFact]:
    """A figure's facts, by time; of a meter that is not summed, the events that contribute."""
    at, place = asked.after or (None, None)
    parameters: dict[str, Any] = asdict(figure) | {
        "dimensions": json_of(figure.dimensions),
        "after_at": at,
        "after": place,
        "limit": asked.limit,
    }
    if figure.aggregation is Aggregation.SUM:
        facts = records_of(UsageFact, await session.execute(FACTS, parameters))
    else:
        month = month_of(figure.day)
        bounds = {
            "first_day": month.start,
            "last_day": month.end - timedelta(days=1),
            "now": figure.metered_at,
        }
        facts = await session.on_driver(
            _OF_AGGREGATES[figure.aggregation],
            parameters | bounds,
            rows=rows_as(UsageFact),
            binary=False,
        )
    return asked.page(facts, attrgetter("fact_from", "place"))
