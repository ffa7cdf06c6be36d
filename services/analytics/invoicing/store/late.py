"""Late usage that earlier invoices billed already, as adjustments."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.invoicing.lines import ADJUSTMENT, Line
from services.analytics.usage.store.periods import PeriodUsage
from services.common.database import ReadSession
from services.common.periods import Period

__all__ = ["late_usage_billed", "lines_of_late_usage"]

_BILLED: Final = text("""
    SELECT tenant_id, deployment_id, resource_kind, sum(qty) AS qty,
           encode(sha256(convert_to(string_agg(facts_hash, E'\\n' ORDER BY id), 'UTF8')), 'hex')
               AS facts_hash
    FROM usage_adjustments
    WHERE period = :period AND tenant_id = ANY (CAST(:tenants AS text[]))
      AND invoice_id IS NOT NULL AND invoice_id <> ALL (CAST(:given_up AS uuid[]))
    GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
""")

_LINES: Final = text("""
    SELECT i.tenant_id, l.kind, l.resource_kind, l.description, l.qty, l.unit,
           l.unit_price_cents, l.amount_cents, l.meta, l.deployment_id
    FROM tenant_invoices AS i JOIN tenant_invoice_lines AS l ON l.invoice_id = i.id
    WHERE i.tenant_id = ANY (CAST(:tenants AS text[])) AND i.period > :period
      AND i.status <> 'void' AND i.id <> ALL (CAST(:given_up AS uuid[]))
      AND l.kind = :adjustment AND l.service_start = :period
    ORDER BY l.id
""")


async def late_usage_billed(
    session: ReadSession, period: Period, tenant_ids: Sequence[str], given_up: Sequence[UUID]
) -> list[PeriodUsage]:
    """What came late for a month and is on an invoice by now, by tenant, deployment and kind.

    Drafts that are given up for new ones are none.
    """
    asked = {"period": period.start, "tenants": list(tenant_ids), "given_up": list(given_up)}
    rows = await session.execute(_BILLED, asked)
    return [
        PeriodUsage(row.tenant_id, row.deployment_id, row.resource_kind, row.qty, row.facts_hash)
        for row in rows
    ]


async def lines_of_late_usage(
    session: ReadSession, period: Period, tenant_ids: Sequence[str], given_up: Sequence[UUID]
) -> dict[tuple[str, str], list[Line]]:
    """The adjustments of a month on invoices that hold, by tenant and deployment."""
    asked = {
        "period": period.start,
        "tenants": list(tenant_ids),
        "given_up": list(given_up),
        "adjustment": ADJUSTMENT,
    }
    found: dict[tuple[str, str], list[Line]] = {}
    for row in await session.execute(_LINES, asked):
        line = Line(
            row.kind, row.resource_kind, row.description, row.qty, row.unit,
            row.unit_price_cents, row.amount_cents, row.meta, row.deployment_id, period,
        )  # fmt: skip
        found.setdefault((row.tenant_id, row.deployment_id), []).append(line)
    return found
