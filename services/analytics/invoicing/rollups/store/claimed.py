"""The costs behind the lines of invoices."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.invoicing.invoices.rules.lines import InvoiceLine
from services.common.db.database import ReadSession
from services.common.db.records import records_of
from services.common.values.periods import month_of

__all__ = ["RebilledCost", "costs_behind"]

MAX_COSTS: Final = 1_000

_BEHIND: Final = text("""
SELECT cost_id, product, sku, description, resource_id, period, amount_usd, billed_usd, billed_cents
FROM rebilled_costs
WHERE invoice_id = :invoice_id AND deployment_id = :deployment_id AND period = :period
  AND product = :product AND sku = :sku
ORDER BY cost_key, subscription_id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class RebilledCost:
    """The part of a cost that an invoice bills; see RebilledCost in invoice_service.proto."""

    cost_id: UUID | None
    product: str
    sku: str
    description: str
    resource_id: UUID | None
    period: date
    amount_usd: Decimal
    billed_usd: Decimal
    billed_cents: int


async def costs_behind(session: ReadSession, found: InvoiceLine) -> list[RebilledCost]:
    """The costs behind a line of an invoice; none for a line that is not priced from the bill."""
    line = found.line
    if "costs_hash" not in line.meta:
        return []
    asked = {
        "invoice_id": found.invoice_id,
        "deployment_id": line.deployment_id,
        "period": month_of(line.service_start).start,
        "product": line.meta["product"],
        "sku": line.dimensions.get("size", ""),
        "limit": MAX_COSTS,
    }
    return records_of(RebilledCost, await session.execute(_BEHIND, asked))
