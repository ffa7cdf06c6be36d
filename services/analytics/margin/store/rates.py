"""Exchange rates: writes, lists, and the rate in force."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.margin.rules.conversion import ExchangeRate
from services.analytics.margin.store.months import mark_margins_of
from services.analytics.margin.tables import exchange_rates
from services.common.db.database import ReadSession, WriteSession
from services.common.db.effective_rows import set_row
from services.common.db.pages import text_page
from services.common.db.records import first_of, records_of
from services.common.rpc.paging import Page, PageRequest
from services.common.values.effective_dates import Span

__all__ = ["RateFilter", "create_rate", "list_rates", "lock_rates", "rate_in_force", "rates_of"]

COLUMNS: Final = """
id, from_currency, to_currency, rate, effective_from, effective_to, source, created_by, created_at
"""
STANDING: Final = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('exchange_rates', 0))")
LIST: Final = text(f"""
SELECT {COLUMNS} FROM exchange_rates
WHERE superseded_at IS NULL
  AND (CAST(:from_currency AS text) = '' OR from_currency = :from_currency)
  AND (CAST(:to_currency AS text) = '' OR to_currency = :to_currency)
  AND (CAST(:in_force_on AS date) IS NULL
       OR daterange(effective_from, effective_to) @> CAST(:in_force_on AS date))
  AND (CAST(:after_day AS date) IS NULL
       OR (effective_from, id) < (CAST(:after_day AS date), CAST(:after_id AS uuid)))
ORDER BY effective_from DESC, id DESC
LIMIT :limit
""")
IN_FORCE: Final = text(f"""
SELECT {COLUMNS} FROM exchange_rates
WHERE from_currency = :from_currency AND to_currency = :to_currency AND superseded_at IS NULL
  AND daterange(effective_from, effective_to) @> CAST(:day AS date)
""")
# The dates as set: a later rate may have shortened this one since it was used.
BY_IDS: Final = text("""
SELECT id, from_currency, to_currency, rate, effective_from, set_until AS effective_to, source,
       created_by, created_at
FROM exchange_rates WHERE id = ANY(CAST(:ids AS uuid[]))
ORDER BY effective_from, id
""")


@dataclass(frozen=True, slots=True)
class RateFilter:
    """A filter; empty or None fields do not restrict it."""

    from_currency: str = ""
    to_currency: str = ""
    in_force_on: date | None = None


async def create_rate(session: WriteSession, rate: ExchangeRate) -> ExchangeRate:
    """Sets a rate for its days; earlier rates stay in force outside them.

    Raises FailedPrecondition if a rate without an end would overlap one with a later start.
    """
    span = Span(rate.effective_from, rate.effective_to)
    made = await set_row(
        session,
        exchange_rates,
        ExchangeRate,
        same={"from_currency": rate.from_currency, "to_currency": rate.to_currency},
        values={
            name: getattr(rate, name) for name in ("rate", "source", "created_by", "created_at")
        },
        span=span,
        reason="RATE_OVERLAPS",
    )
    await mark_margins_of(session, span)
    return made


async def lock_rates(session: WriteSession) -> None:
    """Locks rates until the transaction ends, so that a later writer sees its results."""
    await session.execute(STANDING)


async def list_rates(
    session: ReadSession, wanted: RateFilter, asked: PageRequest
) -> Page[ExchangeRate]:
    """Rates, newest first."""
    day, rate_id = asked.after or (None, None)
    after = {"after_day": day, "after_id": rate_id}
    place = ("effective_from", "id")
    return await text_page(session, ExchangeRate, LIST, asked, *place, **asdict(wanted), **after)


async def rate_in_force(
    session: ReadSession, from_currency: str, to_currency: str, day: date
) -> ExchangeRate | None:
    """The rate of a day; None if none was set."""
    parameters = {"from_currency": from_currency, "to_currency": to_currency, "day": day}
    return first_of(ExchangeRate, await session.execute(IN_FORCE, parameters))


async def rates_of(session: ReadSession, ids: Sequence[UUID]) -> list[ExchangeRate]:
    """Rates by their ids, as they were set, oldest first."""
    return records_of(ExchangeRate, await session.execute(BY_IDS, {"ids": list(ids)}))
