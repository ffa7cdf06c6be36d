"""Usage of a month that is on nobody's invoice: what an operator gives away without knowing."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.common.database import ReadSession
from services.common.periods import Period

__all__ = ["MOST_UNBILLED", "unbilled_deployments"]

MOST_UNBILLED: Final = 100

# A tenant that failed is told of as such, with its reason.
_UNBILLED: Final = text("""
    WITH used AS (
        SELECT tenant_id, deployment_id,
               array_agg(DISTINCT resource_kind ORDER BY resource_kind) AS resource_kinds
        FROM daily_usage
        WHERE day >= :start AND day < :end AND qty > 0
        GROUP BY 1, 2
    )
    SELECT * FROM used
    WHERE NOT EXISTS (
        SELECT FROM tenant_invoices AS invoice
        JOIN tenant_invoice_proofs AS proof ON proof.invoice_id = invoice.id
        WHERE invoice.tenant_id = used.tenant_id AND invoice.period = :start
          AND invoice.status <> 'void' AND proof.deployment_id = used.deployment_id)
      AND NOT EXISTS (
        SELECT FROM rollup_tenants AS planned
        WHERE planned.rollup_id = :rollup_id AND planned.tenant_id = used.tenant_id
          AND planned.outcome = 'failed')
    ORDER BY tenant_id, deployment_id LIMIT :limit
""")


async def unbilled_deployments(
    session: ReadSession, rollup_id: UUID, period: Period
) -> Sequence[Row[Any]]:
    """The deployments that used something in a month and are on no invoice of it; at most 100."""
    asked = {
        "rollup_id": rollup_id, "start": period.start, "end": period.end, "limit": MOST_UNBILLED,
    }  # fmt: skip
    return (await session.execute(_UNBILLED, asked)).all()
