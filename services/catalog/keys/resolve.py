"""Resolves an API key to its caller."""

import hmac
from datetime import datetime

from services.catalog.keys.rules import KeyStatus
from services.catalog.keys.store import USE_NOTED, find_secrets, note_use
from services.common.db.database import Database
from services.common.identity.api_keys import PresentedKey, key_caller
from services.common.identity.callers import ALL, Caller

__all__ = ["resolve"]


async def resolve(database: Database, presented: PresentedKey, now: datetime) -> Caller | None:
    """The caller of a key with the key's end; None if the key is not valid.

    Records the use of the key, at most once a minute.
    """
    async with database.read(ALL) as session:
        found = await find_secrets(session, presented.id)
    if found is None or found.key.status(now) is not KeyStatus.ACTIVE:
        return None
    key = found.key
    if hmac.compare_digest(found.secret_hash, presented.secret_hash):
        ends_at = key.ends_at
    elif (
        found.previous_hash is not None
        and key.previous_ends_at is not None
        and now < key.previous_ends_at
        and hmac.compare_digest(found.previous_hash, presented.secret_hash)
    ):
        ends_at = min(key.ends_at, key.previous_ends_at)
    else:
        return None
    if key.last_used_at is None or key.last_used_at < now - USE_NOTED:
        async with database.write(ALL) as session:
            await note_use(session, key.id, now)
    powers = key.powers
    return key_caller(
        key.id,
        powers.tenant_id,
        powers.roles,
        may_create_keys=powers.may_create_keys,
        ends_at=ends_at,
    )
