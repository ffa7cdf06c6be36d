"""Revokes an API key."""

from uuid import UUID

from services.catalog.deployments.rules.deployments import Cause
from services.catalog.keys.rules import ApiKey, check_manages
from services.catalog.keys.store import lock_key, revoke_key
from services.common.db.database import WriteSession
from services.common.identity.callers import Caller

__all__ = ["revoke"]


async def revoke(session: WriteSession, caller: Caller, key_id: UUID, cause: Cause) -> ApiKey:
    """Revokes a key. Idempotent.

    Raises NotFound for a key that the caller may not see.
    """
    key = await lock_key(session, caller.scope, key_id)
    check_manages(caller)
    if key.revoked_at is not None:
        return key
    return await revoke_key(session, key_id, actor=cause.actor, reason=cause.reason, at=cause.at)
