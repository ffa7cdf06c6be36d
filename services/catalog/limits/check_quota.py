"""Checks and counts a tenant's use of a quota."""

from collections.abc import Awaitable, Callable
from datetime import date

from services.catalog.limits.rules.limit_values import value_of
from services.catalog.limits.store.values import lock_quota, read_set_values
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import QuotaExceeded, quota_headers
from services.common.limits.declared import Limit
from services.common.rpc.requests import add_answer_headers

__all__ = ["check_quota", "limit_in_force"]


async def check_quota(
    session: WriteSession,
    limit: Limit,
    tenant_id: str,
    count: Callable[[WriteSession, str], Awaitable[int]],
    today: date,
    *,
    more: int = 1,
) -> None:
    """Checks that a tenant may have `more` of what `count` counts; call it before creating them.

    Locks the count until the transaction ends, so that concurrent calls cannot exceed the limit.
    Raises QuotaExceeded.
    """
    await lock_quota(session, tenant_id, limit.name)
    used = await count(session, tenant_id)
    value = await limit_in_force(session, limit, tenant_id, today)
    if used + more > value:
        raise QuotaExceeded(limit.name, tenant_id=tenant_id, limit=value, used=used)
    add_answer_headers(quota_headers(limit.name, limit=value, used=used + more))


async def limit_in_force(session: ReadSession, limit: Limit, tenant_id: str, today: date) -> int:
    """The effective value of a tenant's limit."""
    known = {one.name: one for one in await read_set_values(session, [tenant_id])}
    return value_of(limit, known.get(limit.name), today)
