"""Locks: changes of the catalog are serialized, and exclude running subscriptions."""

from typing import Final

from sqlalchemy import text

from services.common.db.database import WriteSession

__all__ = ["hold_catalog", "lock_catalog"]

LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('catalog', 0))")
HOLD: Final = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('catalog', 0))")


async def lock_catalog(session: WriteSession) -> None:
    """Locks the catalog against changes and subscriptions until the transaction ends."""
    await session.execute(LOCK)


async def hold_catalog(session: WriteSession) -> None:
    """Locks the catalog against changes until the transaction ends (shared)."""
    await session.execute(HOLD)
