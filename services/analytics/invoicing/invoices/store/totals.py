"""Totals of roll-ups, and consistency checks of their drafts; computed, never stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.common.db.database import ReadSession
from services.common.db.records import record_of

__all__ = ["MAX_DIFFERENCES", "CurrencyTotal", "Summary", "differences_of", "differences_of_draft",
           "summaries"]  # fmt: skip  # a table

MAX_DIFFERENCES: Final = 100


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """The totals of a roll-up's invoices in one currency, in whole cents."""

    currency: str
    subtotal_cents: int
    tax_cents: int
    total_cents: int


@dataclass(slots=True)
class Summary:
    """The counts of a roll-up, and its totals by currency."""

    outcomes: dict[str, int] = field(default_factory=dict)
    issued_count: int = 0
    handed_over_count: int = 0
    totals: list[CurrencyTotal] = field(default_factory=list)


_OUTCOMES: Final = text("""
    SELECT rollup_id, outcome, count(*) AS tenants FROM rollup_tenants
    WHERE rollup_id = ANY (CAST(:ids AS uuid[])) GROUP BY 1, 2
""")
_TOTALS: Final = text("""
    SELECT rollup_id, currency,
           CAST(sum(subtotal_cents) AS bigint) AS subtotal_cents,
           CAST(sum(tax_cents) AS bigint) AS tax_cents,
           CAST(sum(total_cents) AS bigint) AS total_cents,
           count(number) AS issued
    FROM tenant_invoices
    WHERE rollup_id = ANY (CAST(:ids AS uuid[])) AND status <> 'void'
    GROUP BY 1, 2 ORDER BY 1, 2
""")
_HANDED_OVER: Final = text("""
    SELECT rollup_id, count(*) AS delivered FROM invoice_hand_overs
    WHERE rollup_id = ANY (CAST(:ids AS uuid[])) AND status = 'delivered'
      AND document = 'invoice' GROUP BY 1
""")


async def summaries(session: ReadSession, rollup_ids: Sequence[UUID]) -> dict[UUID, Summary]:
    """The totals of each of the given roll-ups."""
    ids = {"ids": list(rollup_ids)}
    found = {rollup_id: Summary() for rollup_id in rollup_ids}
    for row in await session.execute(_OUTCOMES, ids):
        found[row.rollup_id].outcomes[row.outcome] = row.tenants
    for row in await session.execute(_TOTALS, ids):
        found[row.rollup_id].totals.append(record_of(CurrencyTotal, row))
        found[row.rollup_id].issued_count += row.issued
    for row in await session.execute(_HANDED_OVER, ids):
        found[row.rollup_id].handed_over_count = row.delivered
    return found


# Recomputes the tax in PostgreSQL, whose round() rounds half away from zero, as the code does.
# The lateral join computes it per draft: right after a bulk insert there are no statistics, and
# another plan would sum all lines again for each draft.
_DIFFERENCES: Final = """
    WITH drafts AS (
        SELECT * FROM tenant_invoices WHERE {which} AND status = 'draft'
    )
    SELECT drafts.tenant_id || CASE WHEN sums.is_unproved THEN ': a line has no proof' ELSE format(
               ': subtotal %s, its lines come to %s; tax %s, its line says %s, %s is due;'
               ' %s lines, there are %s, %s of them tax',
               drafts.subtotal_cents, coalesce(sums.subtotal, 0), drafts.tax_cents,
               coalesce(sums.tax, 0),
               round(drafts.subtotal_cents * drafts.tax_rate_percent / 100),
               drafts.line_count, coalesce(sums.lines, 0), coalesce(sums.taxes, 0)) END
    FROM drafts CROSS JOIN LATERAL (
        SELECT count(*) AS lines,
               sum(line.amount_cents) FILTER (WHERE line.kind <> 'tax') AS subtotal,
               sum(line.amount_cents) FILTER (WHERE line.kind = 'tax') AS tax,
               count(*) FILTER (WHERE line.kind = 'tax') AS taxes,
               coalesce(bool_or(NOT EXISTS (
                   SELECT 1 FROM tenant_invoice_proofs AS proof
                   WHERE proof.invoice_id = drafts.id
                     AND proof.deployment_id = coalesce(line.deployment_id, ''))), false)
                   AS is_unproved
        FROM tenant_invoice_lines AS line WHERE line.invoice_id = drafts.id
    ) AS sums
    WHERE drafts.subtotal_cents <> coalesce(sums.subtotal, 0)
       OR drafts.tax_cents <> coalesce(sums.tax, 0)
       OR drafts.tax_cents <> round(drafts.subtotal_cents * drafts.tax_rate_percent / 100)
       OR drafts.line_count <> coalesce(sums.lines, 0)
       OR coalesce(sums.taxes, 0) <> 1
       OR sums.is_unproved
    ORDER BY drafts.tenant_id LIMIT :limit
"""
_OF_ROLLUP: Final = text(_DIFFERENCES.format(which="rollup_id = :rollup_id"))
_OF_DRAFT: Final = text(_DIFFERENCES.format(which="id = :invoice_id"))
_UNDRAFTED: Final = text("""
    SELECT format('%s: %s, and there is no invoice', planned.tenant_id, planned.outcome)
    FROM rollup_tenants AS planned
    WHERE planned.rollup_id = :rollup_id
      AND (planned.outcome = 'planned'
           OR planned.outcome = 'drafted' AND NOT EXISTS (
               SELECT 1 FROM tenant_invoices AS invoice
               WHERE invoice.rollup_id = :rollup_id AND invoice.tenant_id = planned.tenant_id))
    ORDER BY planned.tenant_id LIMIT :limit
""")


async def differences_of(session: ReadSession, rollup_id: UUID) -> list[str]:
    """The inconsistencies of a roll-up, in words; at most 100."""
    asked = {"rollup_id": rollup_id, "limit": MAX_DIFFERENCES}
    told = [*(await session.execute(_OF_ROLLUP, asked)).scalars()]
    told += (await session.execute(_UNDRAFTED, asked)).scalars()
    return told[:MAX_DIFFERENCES]


async def differences_of_draft(session: ReadSession, invoice_id: UUID) -> Sequence[str]:
    """The inconsistencies of one draft, in words."""
    asked = {"invoice_id": invoice_id, "limit": MAX_DIFFERENCES}
    return (await session.execute(_OF_DRAFT, asked)).scalars().all()
