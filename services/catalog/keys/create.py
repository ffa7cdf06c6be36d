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
    """The requested key."""

    name: str
    powers: Powers
    ends_at: datetime | None


async def create(
    session: WriteSession, caller: Caller, new: NewKey, secret: str, cause: Cause
) -> ApiKey:
    """Creates a key with this secret, of which only the hash is stored.

    Raises PermissionDenied if it would have more permissions than the caller, InvalidArgument for
    invalid roles or an invalid end, ResourceExhausted if its owner has reached the maximum.
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
