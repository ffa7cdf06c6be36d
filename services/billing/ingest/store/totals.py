"""Precomputed totals of a month by each property of its lines, updated with the lines."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import delete, text

from services.billing.costs.tables import cloud_invoice_totals as of_invoices
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import records_of
from services.common.errors import Aborted

__all__ = ["GROUPINGS", "Total", "TotalPlace", "list_totals", "month_total", "refresh_totals"]

GROUPINGS: Final = {
    "product": "product",
    "project": "project_name",
    "kind": "kind",
    "deployment": "coalesce(deployment_id, '')",
    "tenant": "coalesce(tenant_id, '')",
}
"""The groupings of totals with their SQL expressions."""

_TENANT: Final = "CASE WHEN deployment_id IS NULL THEN '' ELSE coalesce(tenant_id, '') END"
"""The tenant of a deployment, because two tenants may use the same slug."""
_SETS: Final = ", ".join(
    f"({expression}, {_TENANT})" if name == "deployment" else f"({expression})"
    for name, expression in GROUPINGS.items()
)
_NAME: Final = "CASE {} END".format(
    " ".join(
        f"WHEN GROUPING({expression}) = 0 THEN '{name}'" for name, expression in GROUPINGS.items()
    )
)
_VALUE: Final = f"coalesce({', '.join(GROUPINGS.values())})"
# Pre-aggregates lines with equal groupings, so that each line is hashed once. A line with several
# owners is a part of each, but counts once in groupings without owners.
_PARTS: Final = """
SELECT product, project_name, kind, tenant_id, deployment_id, sum(amount_usd) AS amount_usd,
       count(*) AS line_count, 1 AS of_line, 1 AS of_tenant
FROM cloud_cost_lines
WHERE period = :period AND provider_invoice_id = :invoice_id AND shares IS NULL
GROUP BY product, project_name, kind, tenant_id, deployment_id
UNION ALL
SELECT product, project_name, kind, share.tenant_id, share.deployment_id, share.amount_usd,
       1, row_number() OVER (PARTITION BY id),
       row_number() OVER (PARTITION BY id, share.tenant_id)
FROM cloud_cost_lines, LATERAL jsonb_to_recordset(shares)
    AS share (tenant_id text, deployment_id text, amount_usd numeric)
WHERE period = :period AND provider_invoice_id = :invoice_id AND shares IS NOT NULL
"""
_SUM_UP: Final = text(f"""
INSERT INTO cloud_invoice_totals
    (period, provider_invoice_id, grouped_by, value, tenant_id, amount_usd, line_count)
SELECT :period, :invoice_id, {_NAME}, {_VALUE}, coalesce({_TENANT}, ''), sum(amount_usd),
       CASE WHEN GROUPING({GROUPINGS["deployment"]}) = 0 THEN sum(line_count)
            WHEN GROUPING({GROUPINGS["tenant"]}) = 0
            THEN coalesce(sum(line_count) FILTER (WHERE of_tenant = 1), 0)
            ELSE coalesce(sum(line_count) FILTER (WHERE of_line = 1), 0) END
FROM ({_PARTS}) AS parts
GROUP BY GROUPING SETS ({_SETS})
""")
# New lines have no statistics yet, so the planner would sort them.
_BY_HASHING: Final = text("SELECT set_config('enable_sort', 'off', true)")
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('month totals ' || :period, 0))")
_FORGET_MONTH: Final = text("DELETE FROM cloud_month_totals WHERE period = :period")
_ADD_UP: Final = text("""
INSERT INTO cloud_month_totals (period, grouped_by, value, tenant_id, amount_usd, line_count)
SELECT period, grouped_by, value, tenant_id, sum(amount_usd), sum(line_count)
FROM cloud_invoice_totals WHERE period = :period GROUP BY period, grouped_by, value, tenant_id
""")

# The version changes with the lines and their matches, as may the order of totals.
_VERSION: Final = """
SELECT hashtextextended(
    coalesce(string_agg(concat_ws('/', ingest_id, matched_at), ',' ORDER BY id), ''), 0) AS version
FROM cloud_invoices WHERE period = :period
"""
_NOW: Final = text(_VERSION)
_LIST: Final = text(f"""
SELECT value, tenant_id, amount_usd, line_count, ({_VERSION}) AS version FROM cloud_month_totals
WHERE period = :period AND grouped_by = :grouped_by
  AND (CAST(:amount AS numeric) IS NULL OR amount_usd < CAST(:amount AS numeric)
       OR (amount_usd = CAST(:amount AS numeric) AND (value, tenant_id) > (:value, :tenant_id)))
ORDER BY amount_usd DESC, value, tenant_id LIMIT :limit
""")
_WHOLE: Final = text("""
SELECT sum(total_usd) FROM cloud_invoices WHERE period = :period AND total_usd IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class TotalPlace:
    """The cursor of a page of totals: amount (USD, descending), then value and tenant.

    The month's version must be unchanged.
    """

    amount_usd: Decimal
    value: str
    tenant_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Total(TotalPlace):
    """The sum and number of the lines with a value."""

    line_count: int


async def refresh_totals(session: WriteSession, period: date, invoice_id: UUID) -> None:
    """Recomputes the totals of an invoice's lines, in the transaction that changed them."""
    await session.execute(_LOCK, {"period": period.isoformat()})
    await session.execute(_BY_HASHING)
    await session.execute(
        delete(of_invoices).where(
            of_invoices.c.period == period, of_invoices.c.provider_invoice_id == invoice_id
        )
    )
    await session.execute(_SUM_UP, {"period": period, "invoice_id": invoice_id})
    await session.execute(_FORGET_MONTH, {"period": period})
    await session.execute(_ADD_UP, {"period": period})


async def list_totals(
    session: ReadSession, period: date, grouped_by: str, *, after: TotalPlace | None, limit: int
) -> list[Total]:
    """A month's totals by one of `GROUPINGS`, largest first.

    Raises Aborted if the month's lines or matches changed since the previous page.
    """
    asked = {
        "amount": after.amount_usd if after else None,
        "value": after.value if after else "",
        "tenant_id": after.tenant_id if after else "",
        "period": period,
        "grouped_by": grouped_by,
        "limit": limit,
    }
    totals = records_of(Total, await session.execute(_LIST, asked))
    if after is not None:
        version = (
            totals[0].version
            if totals
            else (await session.execute(_NOW, {"period": period})).scalar_one()
        )
        if version != after.version:
            raise Aborted(
                f"totals of {period:%Y-%m} changed; start at the first page", reason="LINES_CHANGED"
            )
    return totals


async def month_total(session: ReadSession, period: date) -> Decimal | None:
    """The sum of a month's lines in USD; None if no invoice of it is ingested."""
    total: Decimal | None = (await session.execute(_WHOLE, {"period": period})).scalar_one()
    return total
