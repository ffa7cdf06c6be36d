"""How much of its quotas a tenant has used."""

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
    """The deployments of a tenant that are neither cancelled nor archived."""
    return int((await session.execute(DEPLOYMENTS, {"tenant_id": tenant_id})).scalar_one())


async def count_quotes(session: ReadSession, tenant_id: str, day: date) -> int:
    """The quotes that a tenant made in a day."""
    return int((await session.execute(QUOTES, {"tenant_id": tenant_id, "day": day})).scalar_one())
