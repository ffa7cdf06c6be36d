"""Ingests: inserts, staging and closing."""

from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text, update

from services.billing.ingest.rules.reconciling import Ingest, RunStatus
from services.billing.ingest.tables import cloud_ingests as ingests
from services.billing.ingest.tables import cloud_staged_items, cloud_staged_lines
from services.common.db.database import WriteSession
from services.common.db.records import columns_of, record_of, records_of
from services.common.db.single_statements import Compiled, compiled
from services.common.errors import FailedPrecondition, NotFound

__all__ = [
    "FRESHNESS",
    "close_ingest",
    "empty_ingest",
    "find_ingest",
    "lock_ingest",
    "lock_open",
    "lock_open_of",
    "open_ingest",
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
    found = records_of(Ingest, await session.execute(query))
    return found[0] if found else None


async def lock_ingest(session: WriteSession, ingest_id: UUID) -> Ingest:
    """An ingest, locked until the transaction ends. Raises NotFound."""
    query = select(*INGEST).where(ingests.c.id == ingest_id).with_for_update()
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise NotFound("ingest", str(ingest_id))
    return record_of(Ingest, found)


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
