"""Creates an API key."""

from dataclasses import dataclass
from datetime import datetime

from services.catalog.deployments.rules.deployments import Cause
from services.catalog.keys.rules import (
    MAX_KEYS,
    ApiKey,
    Powers,
    check_may_give,
    check_quota,
    check_roles,
    ends_at_of,
)
from services.catalog.keys.store import count_working, create_key
from services.common.db.database import WriteSession
from services.common.identity.api_keys import hash_of
from services.common.identity.callers import Caller

__all__ = ["NewKey", "create"]


@dataclass(frozen=True, slots=True)
class NewKey:
    """The key that is asked for."""

    name: str
    powers: Powers
    ends_at: datetime | None


async def create(
    session: WriteSession, caller: Caller, new: NewKey, secret: str, cause: Cause
) -> ApiKey:
    """Keeps a key with this secret, of which only the hash is kept.

    Raises PermissionDenied where it could do more than the caller, InvalidArgument for roles or
    an end that no key has, ResourceExhausted when its owner has as many as it may have.
    """
    check_may_give(caller, new.powers)
    check_roles(new.powers)
    ends_at = ends_at_of(new.ends_at, cause.at, caller)
    working = await count_working(session, new.powers.tenant_id, cause.at)
    check_quota(working, MAX_KEYS)
    return await create_key(
        session,
        new.powers,
        name=new.name,
        secret_hash=hash_of(secret),
        actor=cause.actor,
        at=cause.at,
        ends_at=ends_at,
    )
