"""Metering months: open until their roll-up, then closed.

A closed month still accepts late usage, but its changes are recorded. Folding takes a shared
advisory lock on the months and closing an exclusive one. PostgreSQL grants them in order, so a
stream of shared locks does not starve the exclusive one.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from services.common.db.database import ReadSession, WriteSession
from services.common.values.periods import Period, month_of

__all__ = [
    "closed_months",
    "count_figures",
    "forget_changes",
    "has_issued_invoice",
    "is_closed",
    "lock_month",
    "set_closed",
    "unmetered_days",
    "which_are_closed",
]

SHARE: Final = text("""
SELECT pg_advisory_xact_lock_shared(hashtextextended('metering-month/' || period, 0))
FROM (SELECT DISTINCT period FROM unnest(CAST(:periods AS date[])) AS period
      ORDER BY period) AS periods
""")
LOCK: Final = text("""
SELECT pg_advisory_xact_lock(hashtextextended('metering-month/' || CAST(:period AS date), 0))
""")
CLOSED: Final = text("""
SELECT period FROM metering_months
WHERE period = ANY(CAST(:periods AS date[])) AND closed_at IS NOT NULL
""")
SET: Final = text("""
INSERT INTO metering_months (period, closed_at) VALUES (:period, :closed_at)
ON CONFLICT (period) DO UPDATE SET closed_at = excluded.closed_at
""")


async def closed_months(session: WriteSession, days: Iterable[date]) -> set[date]:
    """The first days of the closed months among the months of `days`.

    Locks these months until the transaction ends. Call it before locking days.
    """
    periods = _months(days)
    await session.execute(SHARE, {"periods": periods})
    return await which_are_closed(session, periods)


async def which_are_closed(session: ReadSession, days: Iterable[date]) -> set[date]:
    """As `closed_months`, without locking: the result may be outdated."""
    return set((await session.execute(CLOSED, {"periods": _months(days)})).scalars())


async def lock_month(session: WriteSession, month: Period) -> None:
    """Locks a month against folding until the transaction ends; waits for running folds."""
    await session.execute(LOCK, {"period": month.start})


async def is_closed(session: ReadSession, month: Period) -> bool:
    """Whether a month is closed."""
    return bool(await which_are_closed(session, [month.start]))


async def set_closed(session: WriteSession, month: Period, closed_at: datetime | None) -> None:
    """Closes or reopens a locked month."""
    await session.execute(SET, {"period": month.start, "closed_at": closed_at})


def _months(days: Iterable[date]) -> list[date]:
    return sorted({month_of(day).start for day in days})


# A day is metered completely if a generation covered it to its end.
UNMETERED: Final = text("""
SELECT day::date FROM generate_series(CAST(:start AS date), CAST(:end AS date) - 1,
                                      interval '1 day') AS day
WHERE NOT EXISTS (
    SELECT FROM work_passes AS p WHERE p.work = 'metering' AND p.state = 'current'
      AND p.subject = day::date AND p.until >= (day + interval '1 day') AT TIME ZONE 'UTC')
ORDER BY day
""")
COUNT: Final = text("SELECT count(*) FROM daily_usage WHERE day >= :start AND day < :end")
ISSUED: Final = text("""
SELECT EXISTS (SELECT FROM tenant_invoices
               WHERE period = :period AND kind = 'month' AND status IN ('issued', 'paid'))
""")
# The month will be billed again as a whole, with all late changes.
FORGET_CHANGES: Final = text("""
DELETE FROM month_changes WHERE period = :period AND invoice_id IS NULL
""")


async def unmetered_days(session: ReadSession, month: Period) -> Sequence[date]:
    """The days of a month that are not metered completely."""
    span = {"start": month.start, "end": month.end}
    return (await session.execute(UNMETERED, span)).scalars().all()


async def count_figures(session: ReadSession, month: Period) -> int:
    """The number of figures of a month."""
    span = {"start": month.start, "end": month.end}
    return int((await session.execute(COUNT, span)).scalar_one())


async def has_issued_invoice(session: ReadSession, month: Period) -> bool:
    """Whether an invoice of a month was issued."""
    return bool((await session.execute(ISSUED, {"period": month.start})).scalar_one())


async def forget_changes(session: WriteSession, month: Period) -> None:
    """Deletes the recorded changes of a month since it was closed."""
    await session.execute(FORGET_CHANGES, {"period": month.start})
