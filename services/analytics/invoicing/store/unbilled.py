"""Usage of a month that is on nobody's invoice: what an operator gives away without knowing."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.common.database import ReadSession
from services.common.periods import Period

__all__ = ["MOST_UNBILLED", "unbilled_deployments"]

MOST_UNBILLED: Final = 100

# What is billed is taken away as a set: a look-up for each deployment would be planned by
# statistics that do not know yet what the roll-up has just written. A tenant that failed is told
# of as such, with its reason.
_UNBILLED: Final = text("""
    WITH unbilled AS (
        SELECT tenant_id, deployment_id FROM daily_usage
        WHERE day >= :start AND day < :end AND qty > 0
        EXCEPT
        SELECT invoice.tenant_id, proof.deployment_id
        FROM tenant_invoices AS invoice
        JOIN tenant_invoice_proofs AS proof ON proof.invoice_id = invoice.id
        WHERE invoice.period = :start AND invoice.status <> 'void'
    ), told AS (
        SELECT unbilled.tenant_id, unbilled.deployment_id
        FROM unbilled
        LEFT JOIN rollup_tenants AS planned
          ON planned.rollup_id = :rollup_id AND planned.tenant_id = unbilled.tenant_id
        WHERE planned.outcome IS DISTINCT FROM 'failed'
        ORDER BY 1, 2 LIMIT :limit
    )
    SELECT tenant_id, deployment_id,
           array_agg(DISTINCT resource_kind ORDER BY resource_kind) AS resource_kinds
    FROM told JOIN daily_usage USING (tenant_id, deployment_id)
    WHERE day >= :start AND day < :end AND qty > 0
    GROUP BY 1, 2 ORDER BY 1, 2
""")


async def unbilled_deployments(
    session: ReadSession, rollup_id: UUID, period: Period
) -> Sequence[Row[Any]]:
    """The deployments that used something in a month and are on no invoice of it; at most 100."""
    asked = {
        "rollup_id": rollup_id, "start": period.start, "end": period.end, "limit": MOST_UNBILLED,
    }  # fmt: skip
    return (await session.execute(_UNBILLED, asked)).all()
