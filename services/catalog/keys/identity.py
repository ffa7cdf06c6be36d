"""The catalog's own lookup of API keys and revoked tokens, in its database."""

from uuid import UUID

from services.catalog.keys.resolve import resolve
from services.catalog.revocations.live import live_page, live_revocations
from services.common.db.database import Database
from services.common.identity.api_keys import EndedKey, PresentedKey
from services.common.identity.callers import Caller
from services.common.identity.revocations import LiveRevocations, Revocation
from services.common.values.clock import Clock

__all__ = ["OwnIdentity"]


class OwnIdentity:
    """The counterpart of `CatalogIdentity`, which the other services use."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    async def resolve_key(self, key: PresentedKey) -> Caller | EndedKey | None:
        """The caller of a key; None if the key is unknown or its secret is wrong."""
        return await resolve(self._database, key, self._now())

    async def live_revocations(self, known_version: str) -> LiveRevocations | None:
        """All revocations of unexpired tokens; None if the list has not changed."""
        return await live_revocations(self._database, known_version, self._now())

    async def live_page(
        self, known_version: str, *, after: UUID | None, limit: int
    ) -> tuple[str, list[tuple[UUID, Revocation]]]:
        """The version of the list and a page of it, for the other services."""
        return await live_page(self._database, known_version, self._now(), after=after, limit=limit)
