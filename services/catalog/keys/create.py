"""Creates an API key."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from services.catalog.deployments.rules.deployments import Cause
from services.catalog.keys import rules
from services.catalog.keys.rules import ApiKey, Powers
from services.catalog.keys.store import count_working, create_key, lock_key_shared
from services.catalog.limits.check_quota import check_quota
from services.common.db.database import WriteSession
from services.common.identity.api_keys import hash_of
from services.common.identity.callers import Caller
from services.common.limits.declared import API_KEYS

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
    invalid roles or an invalid end, QuotaExceeded or ResourceExhausted if its owner has reached
    the maximum, Unauthenticated if the key that calls has been revoked meanwhile.
    """
    rules.check_may_give(caller, new.powers)
    rules.check_roles(new.powers)
    if caller.key_id is not None:
        # Its revocation also revokes what it created, so it waits for this transaction.
        rules.check_creator(
            await lock_key_shared(session, caller.scope, UUID(caller.key_id)), cause.at
        )
    ends_at = rules.ends_at_of(new.ends_at, cause.at, caller)
    if (tenant_id := new.powers.tenant_id) is None:
        rules.check_operator_keys(await count_working(session, None, cause.at))
    else:
        count = partial(count_working, now=cause.at)
        await check_quota(session, API_KEYS, tenant_id, count, cause.day)
    return await create_key(
        session,
        new.powers,
        name=new.name,
        secret_hash=hash_of(secret),
        actor=cause.actor,
        at=cause.at,
        ends_at=ends_at,
    )
