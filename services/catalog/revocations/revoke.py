"""Revokes tokens."""

from datetime import timedelta

from services.catalog.deployments.rules.deployments import Cause
from services.catalog.keys.rules import check_manages
from services.catalog.revocations import store
from services.catalog.revocations.rules import (
    Target,
    TokenRevocation,
    check_count,
    check_target,
    forgotten_at,
)
from services.common.db.database import WriteSession
from services.common.identity.callers import Caller

__all__ = ["revoke_tokens"]


async def revoke_tokens(
    session: WriteSession, caller: Caller, target: Target, cause: Cause, *, longest_life: timedelta
) -> TokenRevocation:
    """Revokes the matching tokens issued until now, for as long as one may be valid.

    Raises PermissionDenied for a tenant's caller who is not an admin, InvalidArgument if nothing or
    too long a name is given, ResourceExhausted if there are too many revocations.
    """
    check_manages(caller)
    check_target(target)
    await store.replace_version(session)
    check_count(target, *await store.count_other(session, target, cause.at))
    made = await store.upsert_revocation(
        session,
        target,
        actor=cause.actor,
        reason=cause.reason,
        at=cause.at,
        ends_at=forgotten_at(cause.at, longest_life),
    )
    await store.forget_ended(session, cause.at)
    return made
