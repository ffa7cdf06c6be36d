"""Months of metering: open until the month's end is rolled up, then closed."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, text

from services.analytics.usage.store.facts import Figure, fold_figures
from services.common.database import WriteSession
from services.common.errors import FailedPrecondition
from services.common.periods import Period, month_of

__all__ = ["close_month", "closed_months", "fold_marked", "reopen_month"]

MAKE: Final = text("""
INSERT INTO metering_months (period) SELECT unnest(CAST(:periods AS date[]))
ON CONFLICT DO NOTHING
""")
# Shared by all who add to a month; whoever closes it waits for them, and they for it.
SHARE: Final = text("""
SELECT period, closed_at FROM metering_months
WHERE period = ANY(CAST(:periods AS date[])) ORDER BY period FOR SHARE
""")
LOCK: Final = text("SELECT closed_at FROM metering_months WHERE period = :period FOR UPDATE")
SET: Final = text("UPDATE metering_months SET closed_at = :closed_at WHERE period = :period")
# A day counts as metered when a pass looked at it up to its end.
UNMETERED: Final = text("""
SELECT day::date FROM generate_series(CAST(:start AS date), CAST(:end AS date) - 1,
                                      interval '1 day') AS day
WHERE NOT EXISTS (
    SELECT FROM work_passes AS p WHERE p.work = 'metering' AND p.state = 'current'
      AND p.subject = day::date AND p.until >= (day + interval '1 day') AT TIME ZONE 'UTC')
ORDER BY day
""")
UNFOLDED: Final = text("""
SELECT DISTINCT day, tenant_id, deployment_id, resource_kind FROM unfolded_usage
WHERE day >= :start AND day < :end
""")
MARKED: Final = text("""
SELECT DISTINCT day, tenant_id, deployment_id, resource_kind FROM (
    SELECT * FROM unfolded_usage ORDER BY id LIMIT :limit) AS oldest
""")
COUNT: Final = text("SELECT count(*) FROM daily_usage WHERE day >= :start AND day < :end")
ISSUED: Final = text("""
SELECT EXISTS (SELECT FROM tenant_invoices
               WHERE period = :period AND status IN ('issued', 'paid'))
""")
# What came late is on time again; what an invoice claimed stays on it.
FORGIVE: Final = text("""
UPDATE usage_events AS e SET adjustment_id = NULL FROM usage_adjustments AS a
WHERE a.id = e.adjustment_id AND a.period = :start AND a.invoice_id IS NULL
  AND e.day >= :start AND e.day < :end
RETURNING e.day, e.tenant_id, e.deployment_id, e.resource_kind
""")
DROP: Final = text("DELETE FROM usage_adjustments WHERE period = :start AND invoice_id IS NULL")


async def closed_months(session: WriteSession, days: Iterable[date]) -> set[date]:
    """The first days of those months, among the months of `days`, that are closed.

    None of the months changes until the end of the transaction.
    """
    periods = sorted({month_of(day).start for day in days})
    await session.execute(MAKE, {"periods": periods})
    rows = await session.execute(SHARE, {"periods": periods})
    return {row.period for row in rows if row.closed_at is not None}


async def fold_marked(session: WriteSession, *, limit: int, now: datetime) -> None:
    """Adds up figures anew whose events changed, the oldest changes first, so many at most.

    In a transaction of its own: it waits for days in their order.
    """
    figures = _figures((await session.execute(MARKED, {"limit": limit})).all())
    closed = await closed_months(session, {figure.day for figure in figures})
    open_ones = [figure for figure in figures if month_of(figure.day).start not in closed]
    await fold_figures(session, open_ones, now=now)


async def close_month(session: WriteSession, month: Period, *, now: datetime) -> int:
    """Closes a month; how many figures it has. One that is closed stays as it is.

    Raises FailedPrecondition while a day of it was not metered to its end.
    """
    await session.execute(MAKE, {"periods": [month.start]})
    closed_at = (await session.execute(LOCK, {"period": month.start})).scalar_one()
    span = {"start": month.start, "end": month.end}
    if closed_at is None:
        missing = (await session.execute(UNMETERED, span)).scalars().all()
        if missing:
            raise FailedPrecondition(
                f"{len(missing)} days of {month.code} are not metered to their end,"
                f" the first is {missing[0]}: `arcadia usage meter --month {month.code}`"
                " meters them",
                reason="METERING_INCOMPLETE",
                metadata={"first_day": missing[0].isoformat()},
            )
        await _fold_marked(session, month, now=now)
        await session.execute(SET, {"period": month.start, "closed_at": now})
    return int((await session.execute(COUNT, span)).scalar_one())


async def reopen_month(session: WriteSession, month: Period, *, now: datetime) -> None:
    """Opens a closed month again; late usage that is on no invoice lands in its own days.

    Raises FailedPrecondition once an invoice of the month was issued.
    """
    await session.execute(MAKE, {"periods": [month.start]})
    closed_at = (await session.execute(LOCK, {"period": month.start})).scalar_one()
    if (await session.execute(ISSUED, {"period": month.start})).scalar_one():
        raise FailedPrecondition(f"an invoice of {month.code} was issued", reason="INVOICES_ISSUED")
    if closed_at is None:
        return
    span = {"start": month.start, "end": month.end}
    rows = await session.execute(FORGIVE, span)
    await fold_figures(session, _figures(rows), now=now)
    await session.execute(DROP, {"start": month.start})
    await session.execute(SET, {"period": month.start, "closed_at": None})


def _figures(rows: Iterable[Row[Any]]) -> list[Figure]:
    return [Figure(row.day, row.tenant_id, row.deployment_id, row.resource_kind) for row in rows]


async def _fold_marked(session: WriteSession, month: Period, *, now: datetime) -> None:
    rows = await session.execute(UNFOLDED, {"start": month.start, "end": month.end})
    await fold_figures(session, _figures(rows), now=now)
