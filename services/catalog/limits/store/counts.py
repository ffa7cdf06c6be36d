"""Counts a tenant's use of its quotas."""

from datetime import date
from typing import Final

from sqlalchemy import text

from services.common.db.database import ReadSession

__all__ = ["count_deployments", "count_quotes"]

DEPLOYMENTS: Final = text("""
SELECT count(*) FROM deployments
WHERE tenant_id = :tenant_id AND state NOT IN ('cancelled', 'archived')
""")

QUOTES: Final = text("""
SELECT coalesce(sum(made), 0) FROM quote_counts WHERE tenant_id = :tenant_id AND day = :day
""")


async def count_deployments(session: ReadSession, tenant_id: str) -> int:
    """The number of a tenant's deployments that are neither cancelled nor archived."""
    return int((await session.execute(DEPLOYMENTS, {"tenant_id": tenant_id})).scalar_one())


async def count_quotes(session: ReadSession, tenant_id: str, day: date) -> int:
    """The number of quotes of a tenant on a day."""
    return int((await session.execute(QUOTES, {"tenant_id": tenant_id, "day": day})).scalar_one())
