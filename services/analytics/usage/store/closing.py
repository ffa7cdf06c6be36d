"""Closing a month of metering for its roll-up, and opening it again when that is undone."""

from datetime import datetime
from typing import Final

from sqlalchemy import text

from services.analytics.usage.store.folding import fold_marked_of
from services.analytics.usage.store.months import is_closed, lock_month, set_closed
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition
from services.common.values.periods import Period

__all__ = ["close_month", "reopen_month"]

# A day counts as metered when a generation looked at it up to its end.
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
# The month is billed as a whole once more, with all that came late.
FORGET_CHANGES: Final = text("""
DELETE FROM month_changes WHERE period = :period AND invoice_id IS NULL
""")


async def close_month(session: WriteSession, month: Period, *, now: datetime) -> int:
    """Closes a month; how many figures it has. One that is closed stays as it is.

    Raises FailedPrecondition while a day of it was not metered to its end.
    """
    await lock_month(session, month)
    span = {"start": month.start, "end": month.end}
    if not await is_closed(session, month):
        missing = (await session.execute(UNMETERED, span)).scalars().all()
        if missing:
            raise FailedPrecondition(
                f"{len(missing)} days of {month.code} are not metered to their end,"
                f" the first is {missing[0]}: `arcadia usage meter --month {month.code}`"
                " meters them",
                reason="METERING_INCOMPLETE",
                metadata={"first_day": missing[0].isoformat()},
            )
        await fold_marked_of(session, month.start, month.end, now=now)
        await set_closed(session, month, now)
    return int((await session.execute(COUNT, span)).scalar_one())


async def reopen_month(session: WriteSession, month: Period, *, now: datetime) -> None:
    """Opens a closed month again: what changed in it meanwhile is billed with the rest of it.

    Raises FailedPrecondition once an invoice of the month was issued.
    """
    await lock_month(session, month)
    if (await session.execute(ISSUED, {"period": month.start})).scalar_one():
        raise FailedPrecondition(f"an invoice of {month.code} was issued", reason="INVOICES_ISSUED")
    if await is_closed(session, month):
        await fold_marked_of(session, month.start, month.end, now=now)
        await session.execute(FORGET_CHANGES, {"period": month.start})
        await set_closed(session, month, None)
