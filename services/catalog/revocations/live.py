"""Tells the services which tokens are revoked."""

from datetime import datetime

from services.catalog.revocations.store import read_live, read_version
from services.common.db.database import Database
from services.common.identity.callers import ALL
from services.common.identity.revocations import LiveRevocations

__all__ = ["live_revocations"]


async def live_revocations(
    database: Database, known_version: str, now: datetime
) -> LiveRevocations | None:
    """All revocations of tokens that may still live; None where the list is the known one."""
    async with database.read(ALL) as session:
        version = await read_version(session, now)
        if version == known_version:
            return None
        return LiveRevocations(version, tuple(await read_live(session, now)))
