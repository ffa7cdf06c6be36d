"""Reads billed months: tenants, lines, frozen inputs and attributed costs.

A month is billed by its issued invoices and by the adjustments of later ones; void invoices and
those credited in full bill nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.simulation.rules import Billed, Cost
from services.common.db.database import ReadSession
from services.common.db.records import records_of

__all__ = [
    "FrozenMonth",
    "billed_in",
    "billed_months",
    "billed_tenants",
    "costs_in",
    "frozen_months",
    "proofs_of",
]

BILLS: Final = """
invoice.status IN ('issued', 'paid') AND invoice.kind = 'month'
    AND invoice.credited_in_full_at IS NULL
"""

MONTHS: Final = text(f"""
SELECT DISTINCT period FROM tenant_invoices AS invoice
WHERE {BILLS} AND (CAST(:last AS date) IS NULL OR period <= :last)
ORDER BY period DESC LIMIT :limit
""")

TENANTS: Final = text(f"""
SELECT DISTINCT tenant_id FROM tenant_invoices AS invoice
WHERE {BILLS} AND period = ANY(:months) AND tenant_id > :after
  AND (CAST(:tenant_id AS text) = '' OR tenant_id = :tenant_id)
ORDER BY tenant_id LIMIT :limit
""")

BILLED: Final = text(f"""
SELECT invoice.tenant_id, line.deployment_id, invoice.currency,
       CAST(date_trunc('month', line.service_start) AS date) AS month,
       CASE WHEN line.resource_kind <> '' THEN line.resource_kind
            ELSE coalesce(line.meta ->> 'adjusts_kind', line.kind) END AS meter,
       CAST(sum(line.amount_cents) AS bigint) AS amount_cents
FROM tenant_invoices AS invoice JOIN tenant_invoice_lines AS line ON line.invoice_id = invoice.id
WHERE invoice.tenant_id = ANY(:tenants) AND invoice.period >= :first AND {BILLS}
  AND line.kind NOT IN ('tax', 'one_off')
  AND CAST(date_trunc('month', line.service_start) AS date) = ANY(:months)
GROUP BY 1, 2, 3, 4, 5
""")

# The newest proof of a subscription's month, because a later invoice that adjusted the month
# priced all of it again. Without the inputs, so that the sort is small.
PROOFS: Final = text(f"""
SELECT DISTINCT ON (invoice.tenant_id, proof.subscription_id)
       proof.invoice_id, proof.position
FROM tenant_invoices AS invoice
JOIN tenant_invoice_proofs AS proof ON proof.invoice_id = invoice.id
WHERE invoice.tenant_id = ANY(:tenants) AND invoice.period >= :month AND {BILLS}
  AND proof.subscription_id <> '' AND coalesce(proof.service_month, invoice.period) = :month
ORDER BY invoice.tenant_id, proof.subscription_id, invoice.period DESC, proof.position DESC
""")

INPUTS: Final = text("""
SELECT proof.tenant_id, proof.deployment_id, proof.inputs_json, proof.engine_version,
       proof.unsold_kinds, proof.unsold_usage
FROM unnest(CAST(:invoices AS uuid[]), CAST(:positions AS integer[])) AS asked (id, position)
JOIN tenant_invoice_proofs AS proof
  ON proof.invoice_id = asked.id AND proof.position = asked.position
""")

# A cost is of the kind of its resource: a node that is charged with its cluster is a droplet.
COSTS: Final = text("""
SELECT cost.tenant_id, cost.deployment_id, cost.period AS month,
       CASE WHEN cost.classification IN ('tax', 'credit', 'account') THEN cost.classification
            ELSE coalesce(lived.kind, nullif(cost.kind, ''), 'other') END AS kind,
       sum(cost.amount_usd) AS amount_usd
FROM unnest(CAST(:months AS date[]), CAST(:passes AS bigint[])) AS known (month, pass_id)
JOIN attributed_costs AS cost ON cost.period = known.month AND cost.pass_id = known.pass_id
LEFT JOIN (SELECT DISTINCT period, pass_id, resource_id, kind FROM resource_spans
           WHERE period = ANY(CAST(:months AS date[]))
             AND pass_id = ANY(CAST(:passes AS bigint[]))) AS lived
    ON lived.period = cost.period AND lived.pass_id = cost.pass_id
   AND lived.resource_id = cost.resource_id
WHERE cost.attribution = 'tenant' AND cost.tenant_id = ANY(:tenants)
GROUP BY 1, 2, 3, 4
""")

ProofKey = tuple[UUID, int]
"""The invoice and the position of a proof."""


@dataclass(frozen=True, slots=True)
class FrozenMonth:
    """The frozen inputs of a subscription's month."""

    tenant_id: str
    deployment_id: str
    inputs_json: str
    engine_version: str
    unsold_kinds: tuple[str, ...]
    """The kinds of its metered usage that were not sold."""
    unsold_usage: Mapping[str, Any]
    """The usage of other kinds that nothing priced, as stored with the proof."""


async def billed_months(session: ReadSession, *, last: date | None, limit: int) -> list[date]:
    """The newest billed months up to a given one, oldest first."""
    rows = await session.execute(MONTHS, {"last": last, "limit": limit})
    return sorted(rows.scalars())


async def billed_tenants(
    session: ReadSession, months: Sequence[date], *, tenant_id: str, after: str, limit: int
) -> list[str]:
    """The next tenants with an invoice of some months."""
    asked = {"months": list(months), "tenant_id": tenant_id, "after": after, "limit": limit}
    return list((await session.execute(TENANTS, asked)).scalars())


async def billed_in(
    session: ReadSession, months: Sequence[date], tenants: Sequence[str]
) -> list[Billed]:
    """The billed amounts of tenants in some months, without tax and one-off lines."""
    asked = {"months": list(months), "first": min(months), "tenants": list(tenants)}
    return records_of(Billed, await session.execute(BILLED, asked))


async def proofs_of(session: ReadSession, month: date, tenants: Sequence[str]) -> list[ProofKey]:
    """The proofs of tenants' charges for a month: one per subscription."""
    rows = await session.execute(PROOFS, {"month": month, "tenants": list(tenants)})
    return [(row.invoice_id, row.position) for row in rows]


async def frozen_months(session: ReadSession, proofs: Sequence[ProofKey]) -> list[FrozenMonth]:
    """The frozen inputs of some proofs."""
    asked = {
        "invoices": [invoice for invoice, _ in proofs],
        "positions": [position for _, position in proofs],
    }
    return records_of(FrozenMonth, await session.execute(INPUTS, asked))


async def costs_in(
    session: ReadSession, passes: Mapping[date, int], tenants: Sequence[str]
) -> list[Cost]:
    """The costs attributed to tenants, by the generation of each month."""
    asked = {
        "months": list(passes),
        "passes": list(passes.values()),
        "tenants": list(tenants),
    }
    return records_of(Cost, await session.execute(COSTS, asked))
