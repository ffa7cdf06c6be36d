"""The contributions of events to the figures of meters that are not summed, as CTEs.

A contribution is the part of the month's aggregate that an event adds on a day, so the
contributions of a month's days add up to its aggregate, per deployment, meter and dimensions (a
*series*). Events are ordered by time; of equal times, by source and key.

Each value defines the CTE `contributed` by the CTE `wanted`: of a day, a tenant, a deployment and a
meter; of `TIME_WEIGHTED`, with dimensions and basis too. The parameters are `first_day` and
`last_day`, the bounds of all events that can matter, which prune partitions.
"""

from collections.abc import Mapping
from typing import Final

from kinds.metering import Aggregation

__all__ = ["CONTRIBUTED", "MONTH", "SAME_SERIES"]

KEY: Final = "tenant_id, deployment_id, resource_kind"
IN_ORDER: Final = 'occurred_at, source COLLATE "C", idempotency_key COLLATE "C"'
LAST_FIRST: Final = (
    'e.day DESC, e.occurred_at DESC, e.source COLLATE "C" DESC, e.idempotency_key COLLATE "C" DESC'
)
SAME_SERIES: Final = """
(e.tenant_id, e.deployment_id, e.resource_kind, e.dimensions)
    = (s.tenant_id, s.deployment_id, s.resource_kind, s.dimensions)
"""
MONTH: Final = "date_trunc('month', {day}::timestamp)::date"
EVENT: Final = "source, idempotency_key, occurred_at, sent, from_at, to_at"
POINT: Final = """
e.source, e.idempotency_key, e.occurred_at, e.qty AS sent, e.occurred_at AS from_at,
e.occurred_at AS to_at
"""
# The wanted days of a key in a month are its last ones; what came before them is known.
FIRSTS: Final = f"""
firsts AS (
    SELECT {KEY}, {MONTH.format(day="day")} AS month, min(day) AS first_day
    FROM wanted GROUP BY 1, 2, 3, 4
)
"""
ON_WANTED_DAYS: Final = f"""
usage_events AS e JOIN wanted AS w USING (day, {KEY})
JOIN firsts AS f USING ({KEY})
"""

# The increase of the month's running maximum. The figures of earlier days add up to what it was
# before, which is the first of the values.
_MAX: Final = f"""
{FIRSTS},
rising AS (
    SELECT day, {KEY}, dimensions, month, {POINT}
    FROM {ON_WANTED_DAYS}
    WHERE e.aggregation = 'max' AND month = {MONTH.format(day="day")}
      AND e.day BETWEEN %(first_day)s AND %(last_day)s
    UNION ALL
    SELECT NULL, {KEY}, u.dimensions, f.month, '', '', '-infinity', sum(u.qty), NULL, NULL
    FROM daily_usage AS u JOIN firsts AS f USING ({KEY})
    WHERE u.day >= f.month AND u.day < f.first_day
      AND u.day BETWEEN %(first_day)s AND %(last_day)s
    GROUP BY {KEY}, u.dimensions, f.month
),
increases AS (
    SELECT day, {KEY}, dimensions, {EVENT},
           sent - greatest(0, max(sent) OVER (
               PARTITION BY {KEY}, dimensions, month ORDER BY {IN_ORDER}
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS qty
    FROM rising
),
contributed AS (SELECT * FROM increases WHERE day IS NOT NULL AND qty > 0)
"""

# The values that are seen for the first time in the month.
_UNIQUE: Final = f"""
{FIRSTS},
seen AS (
    SELECT e.day, e.tenant_id, e.deployment_id, e.resource_kind, e.dimensions, {POINT},
           e.unique_digest, f.month, f.first_day,
           row_number() OVER (PARTITION BY {KEY}, e.dimensions, f.month, e.unique_digest
                              ORDER BY {IN_ORDER}) AS place
    FROM {ON_WANTED_DAYS}
    WHERE e.aggregation = 'unique' AND f.month = {MONTH.format(day="e.day")}
      AND e.day BETWEEN %(first_day)s AND %(last_day)s
),
contributed AS (
    SELECT day, {KEY}, dimensions, {EVENT}, 1::numeric AS qty
    FROM seen AS s
    WHERE place = 1 AND NOT EXISTS (
        SELECT FROM usage_events AS e
        WHERE {SAME_SERIES} AND e.unique_digest = s.unique_digest
          AND e.day >= s.month AND e.day < s.first_day
          AND e.day BETWEEN %(first_day)s AND %(last_day)s)
)
"""

# The last event of each month of the CTE `candidates`, which are series with the first day of a
# month.
_LATEST: Final = f"""
contributed AS (
    SELECT e.day, s.tenant_id, s.deployment_id, s.resource_kind, s.dimensions, {POINT}, e.qty
    FROM candidates AS s CROSS JOIN LATERAL (
        SELECT * FROM usage_events AS e
        WHERE {SAME_SERIES} AND e.aggregation = 'latest'
          AND e.day >= s.month AND e.day < s.month + interval '1 month'
          AND e.day BETWEEN %(first_day)s AND %(last_day)s
        ORDER BY {LAST_FIRST} LIMIT 1
    ) AS e
)
"""

# The time since the start of the month, as `rules.readings.quantity` measures it: rounded readings
# at both ends, so that the usage of adjacent spans adds up exactly. The inner scale makes the
# division exact enough for the outer one.
READING: Final = """
round(round(sent * extract(epoch FROM {at} - month_at), 24) / whole, 12)
"""
SERIES: Final = f"{KEY}, dimensions"
# The last event of each day, with the next day that has one, from the last event before the wanted
# days on. It is looked up once per series, not per day.
_CARRIED: Final = f"""
series AS (
    SELECT {SERIES}, min(day) AS first_day, max(day) AS end_day FROM wanted GROUP BY {SERIES}
),
carried AS (
    SELECT *, coalesce(lead(day) OVER (PARTITION BY {SERIES} ORDER BY day), 'infinity')
               AS next_day
    FROM (
        SELECT s.tenant_id, s.deployment_id, s.resource_kind, s.dimensions, e.day, e.source,
               e.idempotency_key, e.occurred_at, e.qty
        FROM series AS s CROSS JOIN LATERAL (
            SELECT * FROM usage_events AS e
            WHERE {SAME_SERIES} AND e.aggregation = 'time_weighted' AND e.day < s.first_day
              AND e.day <= %(last_day)s
            ORDER BY {LAST_FIRST} LIMIT 1
        ) AS e
        UNION ALL
        (SELECT DISTINCT ON (e.tenant_id, e.deployment_id, e.resource_kind, e.dimensions, e.day)
                e.tenant_id, e.deployment_id, e.resource_kind, e.dimensions, e.day, e.source,
                e.idempotency_key, e.occurred_at, e.qty
         FROM series AS s JOIN usage_events AS e
           ON {SAME_SERIES} AND e.day >= s.first_day AND e.day < s.end_day
         WHERE e.aggregation = 'time_weighted' AND e.day BETWEEN %(first_day)s AND %(last_day)s
         ORDER BY e.tenant_id, e.deployment_id, e.resource_kind, e.dimensions, {LAST_FIRST})
    ) AS lasts
)
"""
# Each level, from its event or the day's start until the next event, the day's end or now.
_TIME_WEIGHTED: Final = f"""
{_CARRIED},
held AS (
    SELECT s.day, s.tenant_id, s.deployment_id, s.resource_kind, s.dimensions, s.basis,
           e.source, e.idempotency_key, e.occurred_at, e.qty AS sent,
           s.day::timestamp AT TIME ZONE 'UTC' AS from_at
    FROM wanted AS s JOIN carried AS e
      ON {SAME_SERIES} AND s.day > e.day AND s.day <= e.next_day
    UNION ALL
    SELECT s.day, s.tenant_id, s.deployment_id, s.resource_kind, s.dimensions, s.basis,
           e.source, e.idempotency_key, e.occurred_at, e.qty, date_trunc('second', e.occurred_at)
    FROM wanted AS s JOIN usage_events AS e
      ON {SAME_SERIES} AND e.day = s.day AND e.aggregation = 'time_weighted'
    WHERE e.day BETWEEN %(first_day)s AND %(last_day)s
),
spans AS (
    SELECT *, least(
               lead(from_at) OVER (PARTITION BY day, {KEY}, dimensions ORDER BY {IN_ORDER}),
               (day + 1)::timestamp AT TIME ZONE 'UTC',
               date_trunc('second', CAST(%(now)s AS timestamptz))) AS to_at,
           date_trunc('month', day::timestamp) AT TIME ZONE 'UTC' AS month_at,
           CASE basis WHEN 'hours' THEN 3600 ELSE 86400 * extract(
               day FROM date_trunc('month', day::timestamp) + interval '1 month - 1 day')
           END AS whole
    FROM held
),
contributed AS (
    SELECT day, {KEY}, dimensions, {EVENT},
           {READING.format(at="to_at")} - {READING.format(at="from_at")} AS qty
    FROM spans WHERE to_at > from_at AND sent > 0
)
"""

CONTRIBUTED: Final[Mapping[Aggregation, str]] = {
    Aggregation.MAX: _MAX,
    Aggregation.UNIQUE: _UNIQUE,
    Aggregation.LATEST: _LATEST,
    Aggregation.TIME_WEIGHTED: _TIME_WEIGHTED,
}
"""By aggregation."""
