"""Returns the revoked tokens, for the other services."""

from datetime import datetime
from uuid import UUID

from services.catalog.revocations.store import read_live, read_version
from services.common.db.database import Database
from services.common.identity.callers import ALL
from services.common.identity.revocations import LiveRevocations, Revocation

__all__ = ["live_page", "live_revocations"]


async def live_revocations(
    database: Database, known_version: str, now: datetime
) -> LiveRevocations | None:
    """All revocations of unexpired tokens; None if the list has not changed."""
    version, found = await live_page(database, known_version, now, after=None, limit=None)
    if version == known_version:
        return None
    return LiveRevocations(version, tuple(revocation for _, revocation in found))


async def live_page(
    database: Database, known_version: str, now: datetime, *, after: UUID | None, limit: int | None
) -> tuple[str, list[tuple[UUID, Revocation]]]:
    """The version of the list and a page of it with ids; nothing if the version is the known one.

    Both are read in one snapshot.
    """
    async with database.read(ALL) as session:
        version = await read_version(session, now)
        if version == known_version:
            return version, []
        return version, await read_live(session, now, after=after, limit=limit)
