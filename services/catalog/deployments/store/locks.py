"""Who waits for whom: one change of the catalog at a time, and none while somebody subscribes."""

from typing import Final

from sqlalchemy import text

from services.common.db.database import WriteSession

__all__ = ["hold_catalog", "lock_catalog"]

LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('catalog', 0))")
HOLD: Final = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('catalog', 0))")


async def lock_catalog(session: WriteSession) -> None:
    """Nobody else changes the catalog, or subscribes to it, until the transaction ends."""
    await session.execute(LOCK)


async def hold_catalog(session: WriteSession) -> None:
    """Nobody changes the catalog until the transaction ends; others may hold it too."""
    await session.execute(HOLD)
