"""Stores quotes; concurrent ones share a transaction."""

import asyncio
from collections.abc import Sequence
from datetime import date

from services.catalog.quotes.rules.stored_quotes import Kept, NewQuote
from services.catalog.quotes.store.quotes import KEEP_CURRENT, outcomes, prepare_month, rows_of
from services.common.audit.entries import Entry
from services.common.audit.store.recording import entries_json
from services.common.db.database import Database
from services.common.identity.callers import ALL

__all__ = ["QuoteWriter"]


class QuoteWriter:
    """Stores quotes of any tenant; each has the tenant of its caller's scope."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepared: set[date] = set()
        self._preparing = asyncio.Lock()

    async def prepare(self, day: date) -> None:
        """Creates the partition of a day's month, once per process."""
        month = day.replace(day=1)
        if month in self._prepared:
            return
        async with self._preparing:
            if month not in self._prepared:
                async with self._database.write(ALL) as session:
                    session.repeatable = True
                    await prepare_month(session, month)
                self._prepared.add(month)

    async def keep(self, told: Sequence[tuple[NewQuote, Entry | None]]) -> list[Kept]:
        """Stores quotes whose partitions exist, each with its entry of the audit log.

        Returns whether each is committed.

        A quote is not stored if the catalog has changed since it was priced, or its tenant has
        reached the daily maximum.
        """
        quotes = [new for new, _ in told]
        entries = {new.quote.id: entry for new, entry in told if entry is not None}
        values = {"quotes": rows_of(quotes), "entries": entries_json(entries)}
        answered = await self._database.single_write(ALL).fetch(KEEP_CURRENT, values)
        return outcomes(quotes, answered)
