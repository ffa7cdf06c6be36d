"""Where quotes are put: those that come at the same time in one transaction."""

from collections.abc import Sequence
from datetime import date

from services.catalog.store.quotes import keep_quotes, prepare_month
from services.catalog.stored_quotes import StoredQuote
from services.common.access import ALL
from services.common.database import Database

__all__ = ["QuoteShelf"]


class QuoteShelf:
    """Keeps quotes of any tenant, each with the tenant that the caller's scope gave it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepared: set[date] = set()

    async def prepare(self, day: date) -> None:
        """Makes room for a day's month, once in the life of a process."""
        month = day.replace(day=1)
        if month not in self._prepared:
            async with self._database.write(ALL) as session:
                await prepare_month(session, month)
            self._prepared.add(month)

    async def keep(self, quotes: Sequence[StoredQuote]) -> list[None]:
        """Keeps quotes, whose months are prepared: committed when this returns."""
        async with self._database.write(ALL) as session:
            await keep_quotes(session, quotes)
        return [None] * len(quotes)
