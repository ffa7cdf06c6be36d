"""Folds events of meters that are not summed: `max`, `unique`, `latest` and `time_weighted`.

A day's figure is its part of the month's aggregate. A changed event therefore also changes other
figures of its series: those of later days of the month, the day that had the month's last event, or
the days on which a level holds.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from kinds.metering import Aggregation
from services.analytics.usage.rules.figures import Figure
from services.analytics.usage.store.contributions import CONTRIBUTED, MONTH, SAME_SERIES
from services.analytics.usage.store.replacing import FORGOTTEN, REPLACE, noting
from services.common.db.database import WriteSession
from services.common.db.records import arrays_of, unnested
from services.common.values.periods import month_of

__all__ = ["fold_aggregates", "fold_levels_of_day", "months_changed_by"]

GIVEN: Final = unnested(Figure, "given")
KEY: Final = "tenant_id, deployment_id, resource_kind"

# Two folds of a series could each miss the event of the other. Folds of other months do not
# conflict, but levels hold over months.
LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('usage/aggregates', 0))")

_REST_OF_MONTH: Final = f"""
wanted AS MATERIALIZED (
    SELECT first_day + later AS day, {KEY}
    FROM (SELECT {KEY}, min(day) AS first_day,
                 ({MONTH.format(day="day")} + interval '1 month')::date AS end_day
          FROM {GIVEN} GROUP BY {KEY}, {MONTH.format(day="day")}) AS firsts
    CROSS JOIN LATERAL generate_series(0, end_day - first_day - 1) AS later
)
"""
# The series of the months' figures, and of the events of the given days.
_WHOLE_MONTH: Final = f"""
months AS MATERIALIZED (
    SELECT DISTINCT {KEY}, {MONTH.format(day="day")} AS month FROM {GIVEN}
),
wanted AS MATERIALIZED (
    SELECT month + later AS day, {KEY}
    FROM months CROSS JOIN LATERAL
        generate_series(0, (month + interval '1 month')::date - month - 1) AS later
),
candidates AS (
    SELECT {KEY}, u.dimensions, m.month
    FROM daily_usage AS u JOIN months AS m USING ({KEY})
    WHERE u.day >= m.month AND u.day < m.month + interval '1 month'
      AND u.day BETWEEN %(first_day)s AND %(last_day)s
    UNION
    SELECT {KEY}, e.dimensions, {MONTH.format(day="e.day")}
    FROM usage_events AS e JOIN {GIVEN} USING (day, {KEY})
    WHERE e.aggregation = 'latest' AND e.day BETWEEN %(first_day)s AND %(last_day)s
)
"""
# The series whose events changed on a given day, from then until the next day with an event, or
# today. A deployment may have thousands of others, whose levels hold on.
_UNTIL_NEXT_EVENT: Final = f"""
changed AS MATERIALIZED (
    SELECT DISTINCT day, {KEY}, e.dimensions
    FROM usage_events AS e JOIN {GIVEN} USING (day, {KEY})
    WHERE e.aggregation = 'time_weighted' AND e.day BETWEEN %(first_day)s AND %(last_day)s
    UNION
    SELECT day, {KEY}, v.dimensions FROM usage_voids AS v JOIN {GIVEN} USING (day, {KEY})
),
wanted AS MATERIALIZED (
    SELECT DISTINCT changed.day + later AS day, s.tenant_id, s.deployment_id, s.resource_kind,
           s.dimensions, s.basis
    FROM changed JOIN usage_levels AS s USING ({KEY}, dimensions)
    LEFT JOIN LATERAL (
        SELECT e.day FROM usage_events AS e
        WHERE {SAME_SERIES} AND e.aggregation = 'time_weighted' AND e.day > changed.day
          AND e.day >= %(first_day)s
        ORDER BY e.day LIMIT 1
    ) AS next ON true
    CROSS JOIN LATERAL generate_series(
        0, greatest(0, least(next.day, CAST(%(today)s AS date)) - changed.day)) AS later
)
"""
_LEVELS_OF_DAY: Final = f"""
wanted AS MATERIALIZED (
    SELECT CAST(%(first_day)s AS date) AS day, {KEY}, dimensions, basis
    FROM usage_levels
)
"""
_FORGOTTEN: Final = """
forgotten AS (
    DELETE FROM daily_usage AS u USING wanted AS w
    WHERE (u.day, u.tenant_id, u.deployment_id, u.resource_kind{dimensions})
        = (w.day, w.tenant_id, w.deployment_id, w.resource_kind{of_wanted})
      AND u.aggregation = '{aggregation}'
      AND u.day BETWEEN %(first_day)s AND %(last_day)s
    {returning}
)
"""
_LINES: Final = f"""
lines AS (
    SELECT day, {KEY}, dimensions, qty,
           format('{{aggregation}} %%s %%s %%s %%s %%s %%s %%s', to_json(source),
                  to_json(idempotency_key), extract(epoch FROM occurred_at), trim_scale(sent),
                  extract(epoch FROM from_at), extract(epoch FROM to_at), trim_scale(qty)) AS line
    FROM contributed
)
"""


_NO_PASSES: Final = {"pass_id": "NULL::bigint", "passes": ""}


def _fold(wanted: str, aggregation: Aggregation) -> str:
    with_dimensions = aggregation is Aggregation.TIME_WEIGHTED
    forgotten = _FORGOTTEN.format(
        dimensions=", u.dimensions" * with_dimensions,
        of_wanted=", w.dimensions" * with_dimensions,
        aggregation=aggregation,
        returning=FORGOTTEN,
    )
    return f"""
    WITH {wanted}, {CONTRIBUTED[aggregation]}, {forgotten},
    {_LINES.format(aggregation=aggregation)},
    {REPLACE.format(found="found", forgotten="forgotten", aggregation=aggregation, **_NO_PASSES)}
    """


_FOLDS: Final[Mapping[Aggregation, str]] = {
    Aggregation.MAX: _fold(_REST_OF_MONTH, Aggregation.MAX),
    Aggregation.UNIQUE: _fold(_REST_OF_MONTH, Aggregation.UNIQUE),
    Aggregation.LATEST: _fold(_WHOLE_MONTH, Aggregation.LATEST),
    Aggregation.TIME_WEIGHTED: _fold(_UNTIL_NEXT_EVENT, Aggregation.TIME_WEIGHTED),
}
_FOLD_LEVELS_OF_DAY: Final = _fold(_LEVELS_OF_DAY, Aggregation.TIME_WEIGHTED)


def months_changed_by(figures: Iterable[Figure], now: datetime) -> list[date]:
    """The first days of the months whose figures may change with these, in order.

    A level may hold until now.
    """
    months = set()
    for figure in figures:
        month = month_of(figure.day)
        months.add(month.start)
        while figure.aggregation is Aggregation.TIME_WEIGHTED and month.end <= now.date():
            month = month_of(month.end)
            months.add(month.start)
    return sorted(months)


async def fold_aggregates(
    session: WriteSession, figures: Sequence[Figure], closed: Collection[date], *, now: datetime
) -> None:
    """Recomputes the figures that depend on the events of these.

    Lock the months that `months_changed_by` names before; `closed` are the closed ones.
    """
    if not figures:
        return
    await session.execute(LOCK)
    driver = await session.driver()
    for aggregation, statement in _FOLDS.items():
        if given := [figure for figure in figures if figure.aggregation is aggregation]:
            months = months_changed_by(given, now)
            bounds = _bounds(months[0], month_of(months[-1]).end - timedelta(days=1), now)
            values = arrays_of(Figure, given, "given") | bounds | noting(closed, now)
            await driver.execute(statement, values)


async def fold_levels_of_day(
    session: WriteSession, day: date, closed: Collection[date], *, now: datetime
) -> None:
    """Recomputes a day's figures of all levels, with or without events on it."""
    await session.execute(LOCK)
    driver = await session.driver()
    await driver.execute(_FOLD_LEVELS_OF_DAY, _bounds(day, day, now) | noting(closed, now))


def _bounds(first: date, last: date, now: datetime) -> dict[str, Any]:
    return {"first_day": first, "last_day": last, "today": now.date()}
