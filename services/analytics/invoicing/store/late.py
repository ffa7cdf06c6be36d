"""Late usage that earlier invoices billed already, as adjustments."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from services.analytics.usage.store.periods import PeriodUsage
from services.common.database import ReadSession
from services.common.periods import Period

__all__ = ["late_usage_billed"]

_BILLED: Final = text("""
    SELECT tenant_id, deployment_id, resource_kind, sum(qty) AS qty,
           encode(sha256(convert_to(string_agg(facts_hash, E'\\n' ORDER BY id), 'UTF8')), 'hex')
               AS facts_hash
    FROM usage_adjustments
    WHERE period = :period AND tenant_id = ANY (CAST(:tenants AS text[]))
      AND invoice_id IS NOT NULL
    GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
""")


async def late_usage_billed(
    session: ReadSession, period: Period, tenant_ids: Sequence[str]
) -> list[PeriodUsage]:
    """What came late for a month and is on an invoice by now, by tenant, deployment and kind."""
    rows = await session.execute(_BILLED, {"period": period.start, "tenants": list(tenant_ids)})
    return [
        PeriodUsage(row.tenant_id, row.deployment_id, row.resource_kind, row.qty, row.facts_hash)
        for row in rows
    ]
