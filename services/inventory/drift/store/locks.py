"""The lock under which specs and drifts of a kind change. Not that of sightings."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import text

from services.common.db.database import WriteSession

__all__ = ["lock_drift"]

# Taken in sorted order, so that two callers with overlapping kinds cannot deadlock.
LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('cloud_drift/' || name, 0))"
    " FROM (SELECT unnest(CAST(:names AS text[])) AS name ORDER BY 1) AS names"
)


async def lock_drift(session: WriteSession, kinds: Iterable[tuple[str, str]]) -> None:
    """Waits until no other transaction decides on drifts of these (provider, kind)."""
    names = sorted({f"{provider}/{kind}" for provider, kind in kinds})
    await session.execute(LOCK, {"names": names})
