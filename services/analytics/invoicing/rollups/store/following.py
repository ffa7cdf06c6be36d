"""Lists of roll-ups, and of the tenants that one could not bill."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from services.analytics.invoicing.invoices.rules.states import Outcome
from services.analytics.invoicing.tables import rollup_tenants, rollups
from services.common.db.database import ReadSession
from services.common.values.periods import Period

__all__ = ["list_failures", "list_rollups"]

_TENANT = rollup_tenants.c


async def list_rollups(
    session: ReadSession,
    *,
    period: Period | None,
    status: str,
    before: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Roll-ups, newest first; `before` is the last one of the page before."""
    statement = select(rollups).order_by(rollups.c.id.desc()).limit(limit)
    if period is not None:
        statement = statement.where(rollups.c.period == period.start)
    if status:
        statement = statement.where(rollups.c.status == status)
    if before is not None:
        statement = statement.where(rollups.c.id < before)
    return (await session.execute(statement)).all()


async def list_failures(
    session: ReadSession, rollup_id: UUID, *, after: str, limit: int
) -> Sequence[Row[Any]]:
    """The tenants whose invoice could not be made, by tenant."""
    statement = (
        select(rollup_tenants)
        .where(_TENANT.rollup_id == rollup_id, _TENANT.outcome == Outcome.FAILED.value)
        .order_by(_TENANT.tenant_id)
        .limit(limit)
    )
    if after:
        statement = statement.where(_TENANT.tenant_id > after)
    return (await session.execute(statement)).all()
