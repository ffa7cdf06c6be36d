"""Invoices as after a roll-up, for tests of the margin."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from services.common.db.database import Database
from services.common.identity.callers import ALL

__all__ = ["Billed", "invoice"]

ROLLUP = text("""
INSERT INTO rollups (period, key, force, approval_required, workflow_id, run_id, started_by,
                     started_at)
VALUES (CAST(:period AS date), gen_random_uuid()::text, false, false, '', '', '', now())
RETURNING id
""")
DRAFT = text("""
INSERT INTO tenant_invoices (tenant_id, period, rollup_id, currency, subtotal_cents, tax_cents,
    total_cents, tax_rule_id, tax_label, tax_rate_percent, line_count, lines_hash, proofs_hash,
    created_at)
VALUES (:tenant, CAST(:period AS date), :rollup, :currency, :subtotal, 0, :subtotal,
        gen_random_uuid(), 'GST', 0, :lines, '', '', now())
RETURNING id
""")
LINE = text("""
INSERT INTO tenant_invoice_lines (invoice_id, tenant_id, position, kind, resource_kind,
    description, qty, unit, unit_price_cents, amount_cents, meta, deployment_id, service_start,
    service_end)
VALUES (:invoice, :tenant, :position, :kind, :resource_kind, '', 1, 'month', :amount, :amount,
        '{}', :deployment, CAST(:period AS date), CAST(:period AS date) + 1)
""")
ISSUE = text("""
UPDATE tenant_invoices SET status = 'issued', number = :number, issuer = '{}', recipient = '{}',
    issued_on = CURRENT_DATE, due_on = CURRENT_DATE + 14, issued_at = now(), chain_hash = :hash,
    previous_chain_hash = ''
WHERE id = :invoice
""")


@dataclass(frozen=True)
class Billed:
    """A line of an invoice."""

    amount_cents: int
    kind: str = "plan_base"
    resource_kind: str = ""
    deployment_id: str = "shop"


async def invoice(
    database: Database,
    period: str,
    tenant_id: str,
    *lines: Billed,
    number: int = 1,
    issued: bool = True,
    currency: str = "AUD",
) -> UUID:
    """Makes an invoice, and issues it."""
    subtotal = sum(line.amount_cents for line in lines)
    async with database.write(ALL) as session:
        rollup = (await session.execute(ROLLUP, {"period": period})).scalar_one()
        values = {"tenant": tenant_id, "period": period, "currency": currency}
        draft = {**values, "rollup": rollup, "subtotal": subtotal, "lines": len(lines)}
        made: UUID = (await session.execute(DRAFT, draft)).scalar_one()
        for position, line in enumerate(lines, 1):
            await session.execute(
                LINE,
                {
                    "invoice": made,
                    "tenant": tenant_id,
                    "position": position,
                    "kind": line.kind,
                    "resource_kind": line.resource_kind,
                    "amount": line.amount_cents,
                    "deployment": line.deployment_id if line.kind != "tax" else None,
                    "period": period,
                },
            )
        if issued:
            issue = {"invoice": made, "number": number, "hash": f"{number:064x}"}
            await session.execute(ISSUE, issue)
    return made
