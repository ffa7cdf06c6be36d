"""Revokes an API key with those that it created."""

from uuid import UUID

from services.catalog.deployments.rules.deployments import Cause
from services.catalog.keys.rules import ApiKey, check_manages
from services.catalog.keys.store import lock_key, read_key, revoke_with_created
from services.common.db.database import WriteSession
from services.common.identity.callers import Caller

__all__ = ["revoke"]


async def revoke(
    session: WriteSession, caller: Caller, key_id: UUID, cause: Cause
) -> tuple[ApiKey, int]:
    """Revokes a key and those that it created, and theirs; the key, and how many others.

    Idempotent: what is revoked already stays as it is.

    Raises NotFound for a key that the caller may not see.
    """
    await lock_key(session, caller.scope, key_id)
    check_manages(caller)
    revoked = await revoke_with_created(
        session, key_id, actor=cause.actor, reason=cause.reason, at=cause.at
    )
    return await read_key(session, caller.scope, key_id), len(revoked - {key_id})
