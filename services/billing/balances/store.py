"""Balances, one row per snapshot."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.ingest.tables import cloud_balance_snapshots as snapshots
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import columns_of, first_of, record_of
from services.common.rpc.paging import Page, PageRequest

__all__ = ["Balance", "BalanceSnapshot", "latest_balance", "list_balances", "record_balance"]


@dataclass(frozen=True, slots=True)
class Balance:
    """The provider's four figures, in USD."""

    month_to_date_balance: Decimal
    account_balance: Decimal
    month_to_date_usage: Decimal
    generated_at: datetime


@dataclass(frozen=True, slots=True)
class BalanceSnapshot(Balance):
    """The figures at the time of reading."""

    id: int
    taken_at: datetime


SNAPSHOT: Final = columns_of(BalanceSnapshot, snapshots)


async def record_balance(session: WriteSession, key: str, balance: Balance) -> BalanceSnapshot:
    """Inserts a snapshot, or returns the existing one of the key."""
    await session.execute(
        insert(snapshots)
        .values(key=key, taken_at=func.now(), **asdict(balance))
        .on_conflict_do_nothing(index_elements=["key"])
    )
    kept = await session.execute(select(*SNAPSHOT).where(snapshots.c.key == key))
    return record_of(BalanceSnapshot, kept.one())


async def latest_balance(session: ReadSession) -> BalanceSnapshot | None:
    """The newest snapshot; None without any."""
    newest = select(*SNAPSHOT).order_by(snapshots.c.taken_at.desc(), snapshots.c.id.desc())
    return first_of(BalanceSnapshot, await session.execute(newest.limit(1)))


async def list_balances(
    session: ReadSession,
    asked: PageRequest,
    *,
    taken_from: datetime | None,
    taken_to: datetime | None,
) -> Page[BalanceSnapshot]:
    """The snapshots of a half-open span, newest first."""
    query = select(*SNAPSHOT)
    if taken_from is not None:
        query = query.where(snapshots.c.taken_at >= taken_from)
    if taken_to is not None:
        query = query.where(snapshots.c.taken_at < taken_to)
    return await page_of(session, BalanceSnapshot, query, asked, snapshots.c.id, descending=True)
