"""Resolves an API key to its caller."""

import hmac
from datetime import datetime

from services.catalog.keys.rules import KeyStatus
from services.catalog.keys.store import USE_NOTED, Secrets, find_secrets, note_use
from services.common.db.database import Database
from services.common.identity.api_keys import EndedKey, PresentedKey, key_caller
from services.common.identity.callers import ALL, Caller

__all__ = ["resolve"]


async def resolve(
    database: Database, presented: PresentedKey, now: datetime
) -> Caller | EndedKey | None:
    """The caller of a key with the end of its secret; None if it is unknown or the secret is wrong.

    Records the use of a valid key, at most once a minute.
    """
    async with database.read(ALL) as session:
        found = await find_secrets(session, presented.id)
    if found is None:
        return None
    key, ends_at = found.key, _end_of(found, presented.secret_hash)
    if ends_at is None:
        return None
    powers = key.powers
    caller = key_caller(
        key.id,
        powers.tenant_id,
        powers.roles,
        may_create_keys=powers.may_create_keys,
        ends_at=ends_at,
    )
    if key.status(now) is not KeyStatus.ACTIVE or ends_at <= now:
        return EndedKey(caller)
    if key.last_used_at is None or key.last_used_at < now - USE_NOTED:
        async with database.write(ALL) as session:
            await note_use(session, key.id, now)
    return caller


def _end_of(found: Secrets, secret_hash: bytes) -> datetime | None:
    """When a secret of the key ends or ended; None if it is not one of them."""
    key = found.key
    if hmac.compare_digest(found.secret_hash, secret_hash):
        return key.ends_at
    if found.previous_hash is None or key.previous_ends_at is None:
        return None
    if not hmac.compare_digest(found.previous_hash, secret_hash):
        return None
    return min(key.ends_at, key.previous_ends_at)
