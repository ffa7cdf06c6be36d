"""Drafts: inserted by page, replaced, voided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, text

from services.analytics.invoicing.invoices.rules.lines import (
    InvoiceLine,
    InvoiceProof,
    lines_hash,
    proofs_hash,
)
from services.analytics.invoicing.invoices.rules.states import InvoiceKind, InvoiceStatus
from services.analytics.invoicing.rollups.rules.drafting import Draft
from services.analytics.invoicing.tables import (
    tenant_invoice_lines,
    tenant_invoice_proofs,
    tenant_invoices,
)
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import arrays_of, records_of, unnested

__all__ = [
    "DraftKey",
    "LivingInvoice",
    "delete_drafts",
    "insert_drafts",
    "key_of",
    "living_invoices",
    "void_drafts",
]

DraftKey = tuple[str, str]
"""The key of an invoice within a month: tenant and currency."""


def key_of(draft: Draft) -> DraftKey:
    """The key of a draft."""
    return draft.tenant_id, draft.currency


@dataclass(frozen=True, slots=True)
class LivingInvoice:
    """A valid invoice of a month, with the subscriptions that it bills for that month."""

    id: UUID
    tenant_id: str
    currency: str
    status: InvoiceStatus
    rollup_id: UUID
    subscription_ids: tuple[str, ...]


# Per tenant: right after a bulk insert the planner has no statistics, and would otherwise read
# the whole month.
_LIVING: Final = text("""
    SELECT invoice.id, invoice.tenant_id, invoice.currency, invoice.status, invoice.rollup_id,
           ARRAY(SELECT subscription_id FROM tenant_invoice_proofs AS proof
                 WHERE proof.invoice_id = invoice.id AND proof.subscription_id <> ''
                   AND proof.service_month IS NULL) AS subscription_ids
    FROM unnest(CAST(:tenants AS text[])) AS asked (tenant_id)
    CROSS JOIN LATERAL (
        SELECT * FROM tenant_invoices
        WHERE tenant_id = asked.tenant_id AND period = :period AND status <> 'void'
          AND kind = 'month' AND credited_in_full_at IS NULL
        OFFSET 0
    ) AS invoice
""")


async def living_invoices(
    session: ReadSession, period: date, tenant_ids: Sequence[str]
) -> list[LivingInvoice]:
    """The valid invoices of these tenants for a month: at most one per currency.

    Void and fully credited invoices do not count.
    """
    asked = {"tenants": list(tenant_ids), "period": period}
    return records_of(LivingInvoice, await session.execute(_LIVING, asked))


async def delete_drafts(session: WriteSession, invoice_ids: Sequence[UUID]) -> None:
    """Deletes drafts that are replaced; the database rejects deleting anything else."""
    for table in (tenant_invoice_lines, tenant_invoice_proofs):
        await session.execute(delete(table).where(table.c.invoice_id.in_(invoice_ids)))
    await session.execute(delete(tenant_invoices).where(tenant_invoices.c.id.in_(invoice_ids)))


# A tenant that another run drafted in the meantime is skipped.
_INSERT: Final = text("""
    INSERT INTO tenant_invoices
        (tenant_id, period, rollup_id, currency, subtotal_cents, tax_cents, total_cents,
         tax_rule_id, tax_label, tax_rate_percent, line_count, lines_hash, proofs_hash,
         created_at, kind)
    SELECT tenant_id, :period, :rollup_id, currency, subtotal, tax, subtotal + tax,
           rule_id, label, rate, lines, lines_hash, proofs_hash, :at, :kind
    FROM unnest(CAST(:tenants AS text[]), CAST(:currencies AS text[]),
                CAST(:subtotals AS bigint[]), CAST(:taxes AS bigint[]), CAST(:rules AS uuid[]),
                CAST(:labels AS text[]), CAST(:rates AS numeric[]), CAST(:lines AS integer[]),
                CAST(:lines_hashes AS text[]), CAST(:proofs_hashes AS text[]))
         AS draft (tenant_id, currency, subtotal, tax, rule_id, label, rate, lines,
                   lines_hash, proofs_hash)
    ON CONFLICT (tenant_id, period, currency)
        WHERE status <> 'void' AND kind = 'month' AND credited_in_full_at IS NULL DO NOTHING
    RETURNING id, tenant_id, currency
""")
# Binary parameters: quoting thousands of texts for an array costs more than the rest.
_INSERT_LINES: Final = f"""
    INSERT INTO tenant_invoice_lines
        (invoice_id, tenant_id, position, kind, resource_kind, description, qty, unit,
         unit_price_cents, amount_cents, meta, deployment_id, service_start, service_end,
         dimensions, price_base_qty, service_days)
    SELECT invoice_id, tenant_id, position, kind, resource_kind, description, qty, unit,
           unit_price_cents, amount_cents, meta::jsonb, deployment_id, service_start, service_end,
           dimensions::jsonb, price_base_qty, service_days
    FROM {unnested(InvoiceLine, "line")}
"""
_INSERT_PROOFS: Final = f"""
    INSERT INTO tenant_invoice_proofs
        (invoice_id, tenant_id, position, deployment_id, subscription_id, inputs_json,
         inputs_hash, engine_version, result_hash, deployment_name, service_month, covered_days,
         unsold_kinds, unsold_usage, rebills_costs)
    SELECT invoice_id, tenant_id, position, deployment_id, subscription_id, inputs_json,
           inputs_hash, engine_version, result_hash, deployment_name, service_month,
           covered_days::datemultirange, string_to_array(unsold_kinds, chr(31)),
           unsold_usage::jsonb, rebills_costs
    FROM {unnested(InvoiceProof, "proof")}
"""


async def insert_drafts(
    session: WriteSession,
    rollup_id: UUID | None,
    period: date,
    drafts: Sequence[Draft],
    at: datetime,
) -> dict[DraftKey, UUID]:
    """Inserts drafts with their lines and proofs; returns the invoices by tenant and currency.

    Skips those that have an invoice by now. Without a roll-up they are one-off invoices, of which a
    tenant may have any number.
    """
    made = await session.execute(
        _INSERT,
        {
            "period": period,
            "rollup_id": rollup_id,
            "kind": (InvoiceKind.ONE_OFF if rollup_id is None else InvoiceKind.MONTH).value,
            "at": at,
            "tenants": [draft.tenant_id for draft in drafts],
            "currencies": [draft.currency for draft in drafts],
            "subtotals": [draft.subtotal_cents for draft in drafts],
            "taxes": [draft.tax_cents for draft in drafts],
            "rules": [draft.tax_rule.id for draft in drafts],
            "labels": [draft.tax_rule.label for draft in drafts],
            "rates": [draft.tax_rule.rate_percent for draft in drafts],
            "lines": [len(draft.lines) for draft in drafts],
            "lines_hashes": [lines_hash(draft.lines) for draft in drafts],
            "proofs_hashes": [proofs_hash(draft.proofs) for draft in drafts],
        },
    )
    ids = {(row.tenant_id, row.currency): row.id for row in made}
    written = [draft for draft in drafts if key_of(draft) in ids]
    lines = [
        InvoiceLine(ids[key_of(draft)], draft.tenant_id, position, line)
        for draft in written
        for position, line in enumerate(draft.lines, start=1)
    ]
    proofs = [
        InvoiceProof(ids[key_of(draft)], draft.tenant_id, position, proof)
        for draft in written
        for position, proof in enumerate(draft.proofs, start=1)
    ]
    driver = await session.driver()
    await driver.execute(_INSERT_LINES, arrays_of(InvoiceLine, lines, "line"))
    await driver.execute(_INSERT_PROOFS, arrays_of(InvoiceProof, proofs, "proof"))
    return ids


_VOID: Final = text("""
    UPDATE tenant_invoices
    SET status = 'void', voided_at = :at, voided_by = :by, void_reason = :reason
    WHERE id IN (SELECT id FROM tenant_invoices
                 WHERE period = :period AND status = 'draft' AND kind = 'month'
                 ORDER BY tenant_id LIMIT :limit FOR UPDATE)
    RETURNING id
""")
_LEFT: Final = text(
    "SELECT count(*) FROM tenant_invoices"
    " WHERE period = :period AND status = 'draft' AND kind = 'month'"
)


async def void_drafts(
    session: WriteSession, period: date, *, limit: int, by: str, reason: str, at: datetime
) -> tuple[list[UUID], int]:
    """Voids the next drafts of a month, of any roll-up; returns their ids and the number left.

    The month may then be metered again, so a remaining draft would bill outdated usage.
    """
    voided = await session.execute(
        _VOID, {"period": period, "limit": limit, "by": by, "reason": reason, "at": at}
    )
    left = await session.execute(_LEFT, {"period": period})
    return list(voided.scalars()), int(left.scalar_one())
