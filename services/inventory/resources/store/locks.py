"""The locks under which the rows of a kind change, and its specs and drifts."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import text

from services.common.db.database import WriteSession

__all__ = ["lock_drift", "lock_kinds"]

# Taken in sorted order, so that two callers with overlapping kinds cannot deadlock.
LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(name, 0))"
    " FROM (SELECT unnest(CAST(:names AS text[])) AS name ORDER BY 1) AS names"
)


async def lock_kinds(session: WriteSession, provider: str, kinds: Iterable[str]) -> None:
    """Waits until no other transaction changes these kinds; released with the transaction."""
    names = sorted({f"cloud_resources/{provider}/{kind}" for kind in kinds})
    await session.execute(LOCK, {"names": names})


async def lock_drift(session: WriteSession, kinds: Iterable[tuple[str, str]]) -> None:
    """Waits until no other transaction decides on drifts of these (provider, kind)."""
    names = sorted({f"cloud_drift/{provider}/{kind}" for provider, kind in kinds})
    await session.execute(LOCK, {"names": names})
