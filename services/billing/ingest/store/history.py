"""The billing history: all entries found by walks, and their sums.

The provider's entries have no id. An entry is identified by its content (`fingerprint`) and its
number among equal ones (`ordinal`), so recording a page is idempotent.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import select, text

from services.billing.costs.tables import cloud_history_entries as entries
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import arrays_of, records_of, unnested
from services.common.rpc.paging import Page, PageRequest
from services.common.values.money import plain

__all__ = [
    "INVOICE",
    "EntryFilter",
    "HistoryEntry",
    "HistorySum",
    "HistoryTotal",
    "ListedEntry",
    "keep_entries",
    "list_entries",
    "sum_of_history",
]


INVOICE: Final = "Invoice"
"""The type of the entries that are invoices."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An entry of the history; the amount in USD is negative if it reduces the debt."""

    type: str
    invoice_uuid: str
    invoice_number: str
    amount_usd: Decimal | None
    occurred_at: datetime | None
    """None, like the amount, in an unreadable entry."""
    description: str
    period: date | None = None
    """The month of an invoice, if known."""
    ordinal: int = 1
    unreadable: str = ""
    """Why it is unreadable."""

    @property
    def is_invoice(self) -> bool:
        """Whether it is a readable invoice."""
        return self.type == INVOICE and not self.unreadable

    @property
    def fingerprint(self) -> str:
        """Equal for entries with equal content; the month is not part of the provider's history."""
        said = astuple(replace(self, period=None, ordinal=0))
        texts = [plain(one) if isinstance(one, Decimal) else str(one) for one in said]
        return hashlib.sha256(orjson.dumps(texts)).hexdigest()


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """A stored entry."""

    id: UUID
    entry: HistoryEntry
    listed_at: datetime
    is_listed: bool
    """Whether the newest complete walk found it."""


@dataclass(frozen=True, slots=True)
class _KeptEntry:
    fingerprint: str
    entry: HistoryEntry


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """A filter; empty or None fields do not restrict it."""

    type: str = ""
    unreadable: bool | None = None


@dataclass(frozen=True, slots=True)
class HistoryTotal:
    """The sum of the entries of one type, in USD."""

    type: str
    amount_usd: Decimal
    entry_count: int


@dataclass(frozen=True, slots=True)
class HistorySum:
    """The listed entries compared with the balance before their walk, in USD."""

    walked_at: datetime | None
    """When the last complete walk ended; None if there was none."""
    totals: Sequence[HistoryTotal]
    unreadable_count: int
    history_usd: Decimal
    """The sum of the entries up to the time of the balance."""
    balance_usd: Decimal | None
    balance_at: datetime | None


_BEGIN: Final = text("""
INSERT INTO cloud_history_walks (key, started_at) VALUES (:key, now()) ON CONFLICT DO NOTHING
""")
_FINISH: Final = text("""
UPDATE cloud_history_walks SET finished_at = now() WHERE key = :key AND finished_at IS NULL
""")
_KEEP: Final = f"""
INSERT INTO cloud_history_entries (fingerprint, ordinal, type, description, amount_usd,
    invoice_number, invoice_uuid, occurred_at, unreadable, listed_at, first_seen_at, last_seen_at)
SELECT fingerprint, ordinal, type, description, amount_usd, invoice_number, invoice_uuid,
       occurred_at, unreadable, coalesce(occurred_at, 'epoch'), now(), now()
FROM {unnested(_KeptEntry, "given")}
ON CONFLICT (fingerprint, ordinal) DO UPDATE SET last_seen_at = excluded.last_seen_at
"""

# An entry that the newest complete walk did not find is no longer listed. The provider's clock
# gives the times of entries and balances; the database's clock gives the order of reads.
_WALK: Final = """
SELECT started_at, finished_at FROM cloud_history_walks
WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1
"""
_LISTED: Final = f"last_seen_at >= (SELECT started_at FROM ({_WALK}) AS walk)"
_TOTALS: Final = text(f"""
SELECT type, coalesce(sum(amount_usd), 0) AS amount_usd, count(*) AS entry_count,
       count(*) FILTER (WHERE unreadable <> '') AS unreadable_count
FROM cloud_history_entries WHERE {_LISTED} GROUP BY type ORDER BY type COLLATE "C"
""")
_BALANCE: Final = text(f"""
SELECT walk.finished_at AS walked_at, balance.account_balance, balance.generated_at, (
           SELECT coalesce(sum(amount_usd), 0) FROM cloud_history_entries
           WHERE {_LISTED}
             AND (balance.generated_at IS NULL OR occurred_at <= balance.generated_at)
       ) AS history_usd
FROM ({_WALK}) AS walk LEFT JOIN LATERAL (
    SELECT account_balance, generated_at FROM cloud_balance_snapshots
    WHERE taken_at <= walk.started_at ORDER BY taken_at DESC, id DESC LIMIT 1) AS balance ON true
""")


async def keep_entries(
    session: WriteSession, walk_key: str, page: Iterable[HistoryEntry], *, is_last_page: bool
) -> None:
    """Records a page of a walk; the last page completes the walk."""
    await session.execute(_BEGIN, {"key": walk_key})
    kept = {(one.fingerprint, one.ordinal): _KeptEntry(one.fingerprint, one) for one in page}
    await session.on_driver(_KEEP, arrays_of(_KeptEntry, kept.values(), "given"), binary=False)
    if is_last_page:
        await session.execute(_FINISH, {"key": walk_key})


async def list_entries(
    session: ReadSession, wanted: EntryFilter, asked: PageRequest
) -> Page[ListedEntry]:
    """Entries, newest first; those without a time sort as oldest."""
    query = select(entries, text(f"coalesce({_LISTED}, false) AS is_listed"))
    if wanted.type:
        query = query.where(entries.c.type == wanted.type)
    if wanted.unreadable is not None:
        unread = entries.c.unreadable != ""
        query = query.where(unread if wanted.unreadable else ~unread)
    place = (entries.c.listed_at, entries.c.id)
    return await page_of(session, ListedEntry, query, asked, *place, descending=True)


async def sum_of_history(session: ReadSession) -> HistorySum:
    """The sums of the entries of the newest complete walk."""
    totals = (await session.execute(_TOTALS)).all()
    walk = (await session.execute(_BALANCE)).one_or_none()
    return HistorySum(
        walked_at=walk.walked_at if walk else None,
        totals=records_of(HistoryTotal, totals),
        unreadable_count=sum(row.unreadable_count for row in totals),
        history_usd=walk.history_usd if walk else Decimal(0),
        balance_usd=walk.account_balance if walk else None,
        balance_at=walk.generated_at if walk else None,
    )
