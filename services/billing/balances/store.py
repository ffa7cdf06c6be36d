"""Balances as they were, one row a snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.ingest.tables import cloud_balance_snapshots as snapshots
from services.common.db.database import ReadSession, WriteSession

__all__ = ["Balance", "latest_balance", "list_balances", "record_balance"]


@dataclass(frozen=True, slots=True)
class Balance:
    """The provider's own four figures; amounts in USD."""

    month_to_date_balance: Decimal
    account_balance: Decimal
    month_to_date_usage: Decimal
    generated_at: datetime


async def record_balance(session: WriteSession, key: str, balance: Balance) -> Row[Any]:
    """Keeps a snapshot under its key; the same key again answers the one that is kept."""
    await session.execute(
        insert(snapshots)
        .values(
            key=key,
            month_to_date_balance=balance.month_to_date_balance,
            account_balance=balance.account_balance,
            month_to_date_usage=balance.month_to_date_usage,
            generated_at=balance.generated_at,
            taken_at=func.now(),
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
    return (await session.execute(select(snapshots).where(snapshots.c.key == key))).one()


async def latest_balance(session: ReadSession) -> Row[Any] | None:
    """The newest snapshot; None before the first."""
    newest = select(snapshots).order_by(snapshots.c.taken_at.desc(), snapshots.c.id.desc())
    return (await session.execute(newest.limit(1))).one_or_none()


async def list_balances(
    session: ReadSession,
    *,
    taken_from: datetime | None,
    taken_to: datetime | None,
    before_id: int | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """The snapshots of a half-open span, newest first, from before one of them on."""
    query = select(snapshots).order_by(snapshots.c.id.desc()).limit(limit)
    if taken_from is not None:
        query = query.where(snapshots.c.taken_at >= taken_from)
    if taken_to is not None:
        query = query.where(snapshots.c.taken_at < taken_to)
    if before_id is not None:
        query = query.where(snapshots.c.id < before_id)
    return (await session.execute(query)).all()
