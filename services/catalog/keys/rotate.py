"""Rotates the secret of an API key."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.catalog.deployments.rules.deployments import Cause
from services.catalog.keys.rules import ApiKey, check_can_rotate, check_end, check_may_rotate
from services.catalog.keys.store import lock_key, replace_secret
from services.common.db.database import WriteSession
from services.common.identity.api_keys import hash_of
from services.common.identity.callers import Caller

__all__ = ["Rotation", "rotate"]


@dataclass(frozen=True, slots=True)
class Rotation:
    """The key to rotate, and how long the present secret remains valid."""

    key_id: UUID
    overlap: timedelta
    ends_at: datetime | None


async def rotate(
    session: WriteSession, caller: Caller, rotation: Rotation, secret: str, cause: Cause
) -> ApiKey:
    """Replaces the secret of a key; the previous one is valid until the overlap ends.

    Raises NotFound for a key that the caller may not see, PermissionDenied for one with more
    permissions than the caller or for another key than the caller's own, FailedPrecondition for an
    expired or revoked one, InvalidArgument for an invalid end.
    """
    key = await lock_key(session, caller.scope, rotation.key_id)
    check_may_rotate(caller, key)
    check_can_rotate(key, cause.at)
    ends_at = rotation.ends_at or key.ends_at
    check_end(ends_at, cause.at, caller)
    return await replace_secret(
        session,
        key.id,
        secret_hash=hash_of(secret),
        at=cause.at,
        previous_ends_at=min(cause.at + rotation.overlap, ends_at) if rotation.overlap else None,
        ends_at=ends_at,
    )
