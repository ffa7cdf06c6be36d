"""Closes a month's metering for its roll-up, and reopens it if the roll-up is undone."""

from datetime import datetime

from services.analytics.usage.store import months
from services.analytics.usage.store.aggregation import fold_marked_of
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition
from services.common.values.periods import Period

__all__ = ["close_month", "reopen_month"]


async def close_month(session: WriteSession, month: Period, *, now: datetime) -> int:
    """Closes a month; returns its number of figures. Idempotent.

    Raises FailedPrecondition if a day of it is not metered completely.
    """
    await months.lock_month(session, month)
    if not await months.is_closed(session, month):
        missing = await months.unmetered_days(session, month)
        if missing:
            raise FailedPrecondition(
                f"{len(missing)} days of {month.code} are not metered completely,"
                f" the first is {missing[0]}: `arcadia usage meter --month {month.code}`"
                " meters them",
                reason="METERING_INCOMPLETE",
                metadata={"first_day": missing[0].isoformat()},
            )
        await fold_marked_of(session, month.start, month.end, now=now)
        await months.set_closed(session, month, now)
    return await months.count_figures(session, month)


async def reopen_month(session: WriteSession, month: Period, *, now: datetime) -> None:
    """Reopens a closed month; its changes are then billed with the month itself.

    Raises FailedPrecondition if an invoice of the month was issued.
    """
    await months.lock_month(session, month)
    if await months.has_issued_invoice(session, month):
        raise FailedPrecondition(f"an invoice of {month.code} was issued", reason="INVOICES_ISSUED")
    if await months.is_closed(session, month):
        await fold_marked_of(session, month.start, month.end, now=now)
        await months.forget_changes(session, month)
        await months.set_closed(session, month, None)
