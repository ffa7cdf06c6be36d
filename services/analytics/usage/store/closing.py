"""Queries for closing and reopening a month's metering."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import text

from services.common.db.database import ReadSession, WriteSession
from services.common.values.periods import Period

__all__ = ["count_figures", "forget_changes", "has_issued_invoice", "unmetered_days"]

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
