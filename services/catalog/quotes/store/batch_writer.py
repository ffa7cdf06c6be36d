"""Where quotes are put: those that come at the same time in one transaction."""

import asyncio
from collections.abc import Sequence
from datetime import date

from services.catalog.quotes.rules.stored_quotes import StoredQuote
from services.catalog.quotes.store.quotes import KEEP_CURRENT, prepare_month, rows_of
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

    async def keep(self, priced: Sequence[tuple[StoredQuote, str]]) -> list[bool]:
        """Keeps quotes, whose months are prepared, each with its catalog's revision.

        For each, whether it is kept and committed: it is not when the catalog has changed since
        that revision.
        """
        rows = rows_of(*zip(*priced, strict=True))
        answered = await self._database.single_write(ALL).fetch(KEEP_CURRENT, {"quotes": rows})
        kept = {identifier for (identifier,) in answered}
        return [quote.id in kept for quote, _ in priced]
