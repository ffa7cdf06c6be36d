"""Sums a month's revenue and costs by holder, kind and currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import text

from services.analytics.generations.store import Generation
from services.analytics.margin.rules.attribution import Attribution, Holder
from services.analytics.margin.rules.summary import State
from services.common.db.database import ReadSession
from services.common.values.money import in_minor_units

__all__ = ["Amount", "accrued_amounts", "cost_amounts", "costs_until", "invoiced_amounts",
           "invoiced_state"]  # fmt: skip  # a table

USD: Final = "USD"
"""The currency of the provider's bills."""

INVOICE_STATES: Final = text("""
SELECT count(*) FILTER (WHERE status IN ('issued', 'paid') AND kind = 'month') AS issued,
       count(*) FILTER (WHERE status = 'draft') AS drafts
FROM tenant_invoices WHERE period = :period
""")
# A credit note counts in the month of its invoice, as a separate kind.
INVOICED: Final = text("""
SELECT l.tenant_id, coalesce(l.deployment_id, '') AS deployment_id, i.currency,
       CASE WHEN l.resource_kind = '' THEN l.kind ELSE l.resource_kind END AS kind,
       sum(l.amount_cents) AS amount
FROM tenant_invoice_lines AS l JOIN tenant_invoices AS i ON i.id = l.invoice_id
WHERE i.period = :period AND i.status IN ('issued', 'paid') AND l.kind <> 'tax'
GROUP BY 1, 2, 3, 4
UNION ALL
SELECT n.tenant_id, coalesce(l.deployment_id, ''), n.currency, 'credit_note',
       -sum(c.amount_cents)
FROM credit_note_lines AS c
JOIN credit_notes AS n ON n.id = c.credit_note_id
JOIN tenant_invoice_lines AS l ON l.id = c.line_id
JOIN tenant_invoices AS i ON i.id = l.invoice_id
WHERE i.period = :period AND i.status IN ('issued', 'paid') AND l.kind <> 'tax'
GROUP BY 1, 2, 3
""")
ACCRUED: Final = text("""
SELECT a.tenant_id, a.deployment_id, a.currency, k.kind, sum(k.cents::bigint) AS amount
FROM accruals AS a CROSS JOIN LATERAL jsonb_each_text(a.kind_cents) AS k (kind, cents)
WHERE a.period = :period AND a.pass_id = :pass_id
GROUP BY 1, 2, 3, 4
""")
COSTS: Final = text("""
SELECT attribution, tenant_id, deployment_id,
       CASE WHEN classification IN ('tax', 'credit', 'account') THEN classification
            WHEN kind = '' THEN 'other' ELSE kind END AS kind,
       sum(amount_usd) AS amount_usd
FROM attributed_costs
WHERE period = :period AND pass_id = :pass_id AND attribution <> 'shared'
GROUP BY 1, 2, 3, 4
""")
COSTS_UNTIL: Final = text("""
SELECT max(day) FROM attributed_costs WHERE period = :period AND pass_id = :pass_id
""")


@dataclass(frozen=True, slots=True)
class Amount:
    """The sum of one holder, kind and currency."""

    holder: Holder
    kind: str
    currency: str
    cents: Fraction
    """Exact, in cents of the currency."""


async def invoiced_state(session: ReadSession, period: date) -> State:
    """How complete a month's revenue is: unknown until an invoice is issued."""
    row = (await session.execute(INVOICE_STATES, {"period": period})).one()
    if not row.issued:
        return State.UNKNOWN
    return State.PROVISIONAL if row.drafts else State.FINAL


async def invoiced_amounts(session: ReadSession, period: date) -> list[Amount]:
    """The invoiced revenue of a month, without tax."""
    return _revenue((await session.execute(INVOICED, {"period": period})).all())


async def accrued_amounts(session: ReadSession, of: Generation) -> list[Amount]:
    """The accrued revenue of the running month."""
    found = {"period": of.subject, "pass_id": of.id}
    return _revenue((await session.execute(ACCRUED, found)).all())


async def cost_amounts(session: ReadSession, of: Generation) -> list[Amount]:
    """The costs of a generation, with shared costs split."""
    rows = await session.execute(COSTS, {"period": of.subject, "pass_id": of.id})
    return [
        Amount(
            Holder(Attribution(row.attribution), row.tenant_id, row.deployment_id),
            row.kind,
            USD,
            in_minor_units(row.amount_usd, USD),
        )
        for row in rows
    ]


async def costs_until(session: ReadSession, of: Generation) -> date | None:
    """The last day with costs in a generation of daily costs."""
    row = await session.execute(COSTS_UNTIL, {"period": of.subject, "pass_id": of.id})
    until: date | None = row.scalar_one()
    return until


def _revenue(rows: Sequence[Any]) -> list[Amount]:
    return [
        Amount(
            Holder.owner(row.tenant_id, row.deployment_id),
            row.kind,
            row.currency,
            Fraction(row.amount),
        )
        for row in rows
    ]
