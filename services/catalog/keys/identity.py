"""The catalog's own way to what it keeps of API keys and revoked tokens: its database."""

from services.catalog.keys.resolve import resolve
from services.catalog.revocations.live import live_revocations
from services.common.db.database import Database
from services.common.identity.api_keys import PresentedKey
from services.common.identity.callers import Caller
from services.common.identity.revocations import LiveRevocations
from services.common.values.clock import Clock

__all__ = ["OwnIdentity"]


class OwnIdentity:
    """As `CatalogIdentity` is for the other services."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    async def resolve_key(self, key: PresentedKey) -> Caller | None:
        """The caller that a key proves; None for one that opens nothing."""
        return await resolve(self._database, key, self._now())

    async def live_revocations(self, known_version: str) -> LiveRevocations | None:
        """All revocations of tokens that may still live; None where the list is the known one."""
        return await live_revocations(self._database, known_version, self._now())
