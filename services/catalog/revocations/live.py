"""Returns the revoked tokens, for the other services."""

from datetime import datetime

from services.catalog.revocations.store import read_live, read_version
from services.common.db.database import Database
from services.common.identity.callers import ALL
from services.common.identity.revocations import LiveRevocations

__all__ = ["live_revocations"]


async def live_revocations(
    database: Database, known_version: str, now: datetime
) -> LiveRevocations | None:
    """All revocations of unexpired tokens; None if the list has not changed."""
    async with database.read(ALL) as session:
        version = await read_version(session, now)
        if version == known_version:
            return None
        return LiveRevocations(version, tuple(await read_live(session, now)))
