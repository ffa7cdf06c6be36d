"""What roll-ups come to, and whether their drafts add up: read from the rows, never kept."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.common.db.database import ReadSession

__all__ = ["MOST_DIFFERENCES", "Summary", "differences_of", "differences_of_draft", "summaries"]

from dataclasses import dataclass, field

MOST_DIFFERENCES: Final = 100


@dataclass(slots=True)
class Summary:
    """The counts of a roll-up, and its totals by currency."""

    outcomes: dict[str, int] = field(default_factory=dict)
    issued_count: int = 0
    handed_over_count: int = 0
    totals: list[Row[Any]] = field(default_factory=list)


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
    """What each of these roll-ups comes to."""
    ids = {"ids": list(rollup_ids)}
    found = {rollup_id: Summary() for rollup_id in rollup_ids}
    for row in await session.execute(_OUTCOMES, ids):
        found[row.rollup_id].outcomes[row.outcome] = row.tenants
    for row in await session.execute(_TOTALS, ids):
        found[row.rollup_id].totals.append(row)
        found[row.rollup_id].issued_count += row.issued
    for row in await session.execute(_HANDED_OVER, ids):
        found[row.rollup_id].handed_over_count = row.delivered
    return found


# The tax is computed here a second time, by PostgreSQL, whose round() takes halves away
# from zero as we do. Draft by draft: a month that just grew has no statistics yet, and a plan for
# one draft adds up all lines anew for each of thousands.
_DIFFERENCES: Final = """
    WITH drafts AS (
        SELECT * FROM tenant_invoices WHERE {which} AND status = 'draft'
    )
    SELECT drafts.tenant_id, drafts.subtotal_cents, drafts.tax_cents, drafts.line_count,
           coalesce(sums.subtotal, 0) AS line_subtotal, coalesce(sums.tax, 0) AS line_tax,
           coalesce(sums.lines, 0) AS lines, coalesce(sums.taxes, 0) AS taxes,
           CAST(round(drafts.subtotal_cents * drafts.tax_rate_percent / 100) AS bigint)
               AS expected_tax,
           sums.is_unproved
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
    SELECT planned.tenant_id, planned.outcome
    FROM rollup_tenants AS planned
    WHERE planned.rollup_id = :rollup_id
      AND (planned.outcome = 'planned'
           OR planned.outcome = 'drafted' AND NOT EXISTS (
               SELECT 1 FROM tenant_invoices AS invoice
               WHERE invoice.rollup_id = :rollup_id AND invoice.tenant_id = planned.tenant_id))
    ORDER BY planned.tenant_id LIMIT :limit
""")


async def differences_of(session: ReadSession, rollup_id: UUID) -> list[str]:
    """What does not add up in a roll-up, in words; at most 100."""
    asked = {"rollup_id": rollup_id, "limit": MOST_DIFFERENCES}
    told = [_in_words(row) for row in await session.execute(_OF_ROLLUP, asked)]
    told += [
        f"{row.tenant_id}: {row.outcome}, and there is no invoice"
        for row in await session.execute(_UNDRAFTED, asked)
    ]
    return told[:MOST_DIFFERENCES]


async def differences_of_draft(session: ReadSession, invoice_id: UUID) -> list[str]:
    """What does not add up in one draft, in words."""
    asked = {"invoice_id": invoice_id, "limit": MOST_DIFFERENCES}
    return [_in_words(row) for row in await session.execute(_OF_DRAFT, asked)]


def _in_words(row: Row[Any]) -> str:
    if row.is_unproved:
        return f"{row.tenant_id}: a line has no proof"
    return (
        f"{row.tenant_id}: subtotal {row.subtotal_cents}, its lines come to {row.line_subtotal};"
        f" tax {row.tax_cents}, its line says {row.line_tax}, {row.expected_tax} is due;"
        f" {row.line_count} lines, there are {row.lines}, {row.taxes} of them tax"
    )
