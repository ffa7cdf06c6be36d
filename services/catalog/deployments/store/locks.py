"""Locks: changes of the catalog are serialized, and exclude running subscriptions."""

from typing import Final

from sqlalchemy import text

from services.common.db.database import WriteSession

__all__ = ["lock_catalog", "lock_catalog_shared"]

LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('catalog', 0))")
LOCK_SHARED: Final = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('catalog', 0))")


async def lock_catalog(session: WriteSession) -> None:
    """Locks the catalog against changes and subscriptions until the transaction ends."""
    await session.execute(LOCK)


async def lock_catalog_shared(session: WriteSession) -> None:
    """Locks the catalog against changes until the transaction ends (shared)."""
    await session.execute(LOCK_SHARED)
