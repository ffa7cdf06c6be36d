"""Ingests: inserts, staging and closing."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Final
from uuid import UUID

from psycopg import sql
from sqlalchemy import delete, func, insert, select, text, update

from services.billing.ingest.rules.classification import Judged
from services.billing.ingest.rules.invoice_csv import BilledRow
from services.billing.ingest.rules.reconciling import Ingest, PartialSum, RunStatus
from services.billing.ingest.tables import cloud_ingests, cloud_staged_items, cloud_staged_lines
from services.billing.ingest.tables import cloud_ingests as ingests
from services.common.db.database import WriteSession
from services.common.db.records import columns_of, first_of, found_of, record_of, records_of
from services.common.db.single_statements import Compiled, compiled
from services.common.errors import FailedPrecondition

__all__ = [
    "FRESHNESS",
    "BilledItem",
    "StagedRow",
    "close_ingest",
    "empty_ingest",
    "find_ingest",
    "finish_lines",
    "lock_ingest",
    "lock_open",
    "lock_open_of",
    "open_ingest",
    "stage_items",
    "stage_lines",
    "staged_sums",
]

INGEST: Final = columns_of(Ingest, ingests)


async def open_ingest(session: WriteSession, invoice_id: UUID, key: str) -> Ingest:
    """Inserts an empty ingest."""
    opened = await session.execute(
        insert(ingests)
        .values(provider_invoice_id=invoice_id, key=key, started_at=func.now())
        .returning(*INGEST)
    )
    return record_of(Ingest, opened.one())


async def find_ingest(session: WriteSession, key: str) -> Ingest | None:
    """The ingest of a key, locked until the transaction ends."""
    query = select(*INGEST).where(ingests.c.key == key).with_for_update()
    return first_of(Ingest, await session.execute(query))


async def lock_ingest(session: WriteSession, ingest_id: UUID) -> Ingest:
    """An ingest, locked until the transaction ends. Raises NotFound."""
    query = select(*INGEST).where(ingests.c.id == ingest_id).with_for_update()
    return found_of(Ingest, await session.execute(query), "ingest", ingest_id)


async def lock_open(session: WriteSession, ingest_id: UUID) -> Ingest:
    """An open ingest, locked. Raises NotFound, and FailedPrecondition if it is closed."""
    found = await lock_ingest(session, ingest_id)
    if found.status != RunStatus.OPEN:
        raise FailedPrecondition(
            f"the ingest is {found.status}: {found.reason}".rstrip(": "), reason="INGEST_CLOSED"
        )
    return found


async def lock_open_of(session: WriteSession, invoice_id: UUID) -> list[Ingest]:
    """The open ingests of an invoice (at most one)."""
    query = select(*INGEST).where(
        ingests.c.provider_invoice_id == invoice_id, ingests.c.status == RunStatus.OPEN
    )
    return records_of(Ingest, await session.execute(query.with_for_update()))


async def close_ingest(
    session: WriteSession, ingest_id: UUID, status: str, *, reason: str = ""
) -> None:
    """Closes an ingest and deletes its staged rows."""
    await _clear(session, ingest_id)
    await session.execute(
        update(ingests)
        .where(ingests.c.id == ingest_id)
        .values(status=status, reason=reason, finished_at=func.now())
    )


async def empty_ingest(session: WriteSession, ingest_id: UUID) -> Ingest:
    """Deletes the staged rows of an open ingest."""
    await _clear(session, ingest_id)
    emptied = await session.execute(
        update(ingests)
        .where(ingests.c.id == ingest_id)
        .values(row_count=None, amount_usd=None, item_count=0)
        .returning(*INGEST)
    )
    return record_of(Ingest, emptied.one())


async def _clear(session: WriteSession, ingest_id: UUID) -> None:
    for staged in (cloud_staged_lines, cloud_staged_items):
        await session.execute(delete(staged).where(staged.c.ingest_id == ingest_id))


FRESHNESS: Final[Compiled] = compiled(
    text(
        """
        SELECT 'balance', max(taken_at) FROM cloud_balance_snapshots
        UNION ALL SELECT 'provider_bills', max(finished_at) FROM cloud_history_walks
        UNION ALL SELECT 'daily_costs', max(read_at) FROM cloud_daily_cost_days
        """
    )
)
"""The times of the last balance snapshot, billing history walk and daily estimates."""


StagedRow = tuple[BilledRow, Judged]

NULL: Final = "\\N"
ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class BilledItem:
    """A parsed item of the JSON form; the amount is in USD."""

    product: str
    group_description: str
    description: str
    project_name: str
    category: str
    hours: Decimal | None
    start_at: datetime | None
    end_at: datetime | None
    amount_usd: Decimal
    provider_resource_id: str
    provider_resource_uuid: str


LINE: Final = (*BilledRow._fields[1:], *Judged.__dataclass_fields__)
ITEM: Final = tuple(BilledItem.__dataclass_fields__)


async def stage_lines(
    session: WriteSession, ingest_id: UUID, pieces: AsyncIterator[Sequence[StagedRow]]
) -> None:
    """Replaces the staged rows of an ingest with those of a file.

    Rolls back if `pieces` raises. Raises FailedPrecondition if the ingest is closed.
    """
    await lock_open(session, ingest_id)
    staged = cloud_staged_lines
    await session.execute(delete(staged).where(staged.c.ingest_id == ingest_id))
    statement = _copy("cloud_staged_lines", ("ingest_id", "row_number", *LINE))
    prefix = f"{ingest_id}\t"
    driver = await session.driver()
    async with driver.cursor() as cursor, cursor.copy(statement) as copy:
        async for rows in pieces:
            await copy.write("".join(_lines(prefix, rows)))


async def finish_lines(
    session: WriteSession, ingest_id: UUID, *, row_count: int, amount_usd: Decimal
) -> None:
    """Stores the number of staged rows, by which rows lost in a crash are detected."""
    await session.execute(
        update(cloud_ingests)
        .where(cloud_ingests.c.id == ingest_id)
        .values(row_count=row_count, amount_usd=amount_usd)
    )


async def stage_items(
    session: WriteSession, ingest_id: UUID, page: int, items: Sequence[BilledItem]
) -> int:
    """Replaces a page of items; returns the number of items of all pages.

    Raises FailedPrecondition if the ingest is closed.
    """
    ingest = await lock_open(session, ingest_id)
    staged = cloud_staged_items
    replaced = await session.execute(
        delete(staged).where(staged.c.ingest_id == ingest_id, staged.c.page == page)
    )
    statement = _copy("cloud_staged_items", ("ingest_id", "page", "position", *ITEM))
    driver = await session.driver()
    async with driver.cursor() as cursor, cursor.copy(statement) as copy:
        await copy.write("".join(_items(f"{ingest_id}\t{page}\t", items)))
    count = int(ingest.item_count) - replaced.rowcount + len(items)
    await session.execute(
        update(cloud_ingests).where(cloud_ingests.c.id == ingest_id).values(item_count=count)
    )
    return count


async def staged_sums(session: WriteSession, ingest_id: UUID) -> list[PartialSum]:
    """The totals of staged lines by classification."""
    staged = cloud_staged_lines.c
    rows = await session.execute(
        select(
            staged.classification,
            staged.is_overage,
            func.count().label("line_count"),
            func.sum(staged.amount_usd).label("amount_usd"),
        )
        .where(staged.ingest_id == ingest_id)
        .group_by(staged.classification, staged.is_overage)
    )
    return records_of(PartialSum, rows)


def _copy(table: str, columns: Iterable[str]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def _lines(prefix: str, rows: Iterable[StagedRow]) -> Iterator[str]:
    """The rows in COPY format; optimized, because a file may have a million."""
    for row, judged in rows:
        number, product, group, description, project, category, hours, start, end, amount = row
        name = judged.resource_name
        words = f"{product}{group}{description}{project}{category}{name}"
        if "\\" in words or not words.isprintable():
            product, group, description = map(_escaped, (product, group, description))
            project, category, name = map(_escaped, (project, category, name))
        yield (
            f"{prefix}{number}\t{product}\t{group}\t{description}\t{project}\t{category}\t"
            f"{NULL if hours is None else hours}\t{_instant(start)}\t{_instant(end)}\t{amount}\t"
            f"{judged.kind}\t{judged.classification}\t{'t' if judged.is_overage else 'f'}\t{name}\n"
        )


def _items(prefix: str, items: Iterable[BilledItem]) -> Iterator[str]:
    values = attrgetter(*ITEM)
    for position, item in enumerate(items, 1):
        cells = "\t".join(map(_cell, values(item)))
        yield f"{prefix}{position}\t{cells}\n"


def _cell(value: object) -> str:
    if value is None or isinstance(value, datetime):
        return _instant(value)
    return _escaped(str(value))


def _escaped(text: str) -> str:
    return text.translate(ESCAPES)


@lru_cache(1 << 16)
def _instant(at: datetime | None) -> str:
    return NULL if at is None else at.isoformat()
