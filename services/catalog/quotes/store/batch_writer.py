"""Where quotes are put: those that come at the same time in one transaction."""

import asyncio
from collections.abc import Sequence
from datetime import date

from services.catalog.quotes.rules.stored_quotes import Kept, NewQuote
from services.catalog.quotes.store.quotes import KEEP_CURRENT, outcomes, prepare_month, rows_of
from services.common.db.database import Database
from services.common.identity.callers import ALL

__all__ = ["QuoteWriter"]


class QuoteWriter:
    """Keeps quotes of any tenant, each with the tenant that the caller's scope gave it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepared: set[date] = set()
        self._preparing = asyncio.Lock()

    async def prepare(self, day: date) -> None:
        """Makes room for a day's month, once in the life of a process."""
        month = day.replace(day=1)
        if month in self._prepared:
            return
        async with self._preparing:
            if month not in self._prepared:
                async with self._database.write(ALL) as session:
                    session.repeatable = True
                    await prepare_month(session, month)
                self._prepared.add(month)

    async def keep(self, quotes: Sequence[NewQuote]) -> list[Kept]:
        """Keeps quotes, whose months are prepared; says of each whether it is committed.

        It is not when the catalog has changed since it was priced, and when its tenant has made
        as many in the day as it may.
        """
        values = {"quotes": rows_of(quotes)}
        answered = await self._database.single_write(ALL).fetch(KEEP_CURRENT, values)
        return outcomes(quotes, answered)
