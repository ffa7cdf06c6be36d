"""The costs of deployments that invoices may rebill, and which invoice bills which of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.generations.store import Generation
from services.analytics.invoicing.rollups.rules.rebilling import CostClaim, DeploymentCost, sku_of
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import arrays_of, unnested
from services.common.errors import Aborted
from services.common.values.periods import Period

__all__ = [
    "NO_BILL",
    "Bill",
    "PricedMonth",
    "claim_costs",
    "deployment_costs",
    "lock_costs",
    "note_cost_changes",
    "read_bill",
    "rebilled_deployments",
    "release_costs",
]


@dataclass(frozen=True, slots=True)
class Bill:
    """What is known of the provider's bill of a month."""

    generation_id: int
    """The generation of its attributed lines; 0 for none."""
    is_complete: bool
    """Whether it is there, ingested and attributed as a whole."""
    source_version: str = ""
    """The version of the lines that were attributed."""


NO_BILL: Final = Bill(0, False)

_BILL: Final = text("""
SELECT id, complete AND EXISTS (SELECT FROM attributed_costs AS cost
                                WHERE cost.period = :period AND cost.pass_id = pass.id)
           AS is_complete, coalesce(source_version, '') AS source_version
FROM work_passes AS pass WHERE work = 'costs' AND subject = :period AND state = 'current'
""")


async def read_bill(session: ReadSession, period: Period) -> Bill:
    """The provider's bill of a month, as attributed."""
    row = (await session.execute(_BILL, {"period": period.start})).first()
    return NO_BILL if row is None else Bill(row.id, row.is_complete, row.source_version)


# A line that was attributed before lines had keys is known by its id. Its product is the kind of
# its resource: a node that is charged with its cluster is metered as a droplet. A part of a line of
# a resource that changed hands is of the days on which its owner had it, from the first to the
# last.
_COSTS: Final = text("""
SELECT cost.tenant_id, cost.deployment_id,
       coalesce(nullif(cost_key, ''), cost_id::text,
                concat_ws('/', coalesce(cost.resource_id::text, cost.kind), day)) AS cost_key,
       cost_id,
       coalesce((SELECT span.kind FROM resource_spans AS span
                 WHERE span.period = :period AND span.pass_id = :pass_id
                   AND span.resource_id = cost.resource_id LIMIT 1),
                CASE cost.kind WHEN '' THEN classification ELSE cost.kind END) AS product,
       description, cost.resource_id,
       CASE WHEN held.is_shared THEN held.since ELSE start_at END AS start_at,
       CASE WHEN held.is_shared THEN held.until ELSE end_at END AS end_at, amount_usd
FROM attributed_costs AS cost
CROSS JOIN LATERAL (
    SELECT min(greatest(span_from, cost.start_at)) FILTER (WHERE is_own) AS since,
           max(least(span_to, cost.end_at)) FILTER (WHERE is_own) AS until,
           bool_or(is_own) AND NOT bool_and(is_own) AS is_shared
    FROM (
        SELECT span_from, span_to, span.tenant_id = cost.tenant_id
                                   AND span.deployment_id = cost.deployment_id AS is_own
        FROM resource_spans AS span
        WHERE span.period = :period AND span.pass_id = :pass_id
          AND span.resource_id = cost.resource_id
          AND span_from < coalesce(cost.end_at, 'infinity')
          AND span_to > coalesce(cost.start_at, '-infinity')
    ) AS span
) AS held
WHERE period = :period AND pass_id = :pass_id AND attribution = 'tenant' AND cost.tenant_id <> ''
  AND cost.tenant_id = ANY (CAST(:tenants AS text[])) AND cost.deployment_id <> ''
ORDER BY cost.tenant_id, cost.deployment_id, cost_key
""")

Deployment = tuple[str, str]


async def deployment_costs(
    session: ReadSession, period: Period, generation_id: int, tenant_ids: Sequence[str]
) -> dict[Deployment, list[DeploymentCost]]:
    """The costs that a generation attributes to deployments of tenants."""
    asked = {"period": period.start, "pass_id": generation_id, "tenants": list(tenant_ids)}
    found: dict[Deployment, list[DeploymentCost]] = {}
    for row in await session.execute(_COSTS, asked):
        found.setdefault((row.tenant_id, row.deployment_id), []).append(
            DeploymentCost(
                row.tenant_id,
                row.deployment_id,
                row.cost_key,
                row.cost_id,
                row.product,
                sku_of(row.product, row.description),
                row.description,
                row.resource_id,
                row.start_at,
                row.end_at,
                row.amount_usd,
            )
        )
    return found


_REBILLED: Final = text("""
SELECT DISTINCT tenant_id, deployment_id FROM rebilled_costs
WHERE period = :period AND tenant_id = ANY (CAST(:tenants AS text[])) AND released_at IS NULL
  AND invoice_id <> ALL (CAST(:given_up AS uuid[]))
""")


async def rebilled_deployments(
    session: ReadSession, period: Period, tenant_ids: Sequence[str], given_up: Sequence[UUID]
) -> set[Deployment]:
    """The deployments of which valid invoices bill costs of a month.

    Drafts that will be replaced do not count.
    """
    asked = {"period": period.start, "tenants": list(tenant_ids), "given_up": list(given_up)}
    return {(row.tenant_id, row.deployment_id) for row in await session.execute(_REBILLED, asked)}


@dataclass(frozen=True, slots=True)
class PricedMonth:
    """A month of a subscription whose costs an invoice bills."""

    invoice_id: UUID
    tenant_id: str
    deployment_id: str
    subscription_id: str
    period: date
    is_own: bool
    """Whether it is the invoice's own month; else the invoice adjusts it."""


# What an invoice claims is what its costs are now, less what other invoices bill of them. Of the
# own month every cost is claimed, so that no other invoice can bill the month at the same time.
_CLAIM: Final = f"""
WITH priced AS MATERIALIZED (
    SELECT * FROM {unnested(PricedMonth, "priced")}
), given AS MATERIALIZED (
    SELECT * FROM {unnested(CostClaim, "claim")}
), standing AS MATERIALIZED (
    SELECT tenant_id, deployment_id, subscription_id, period, cost_key,
           max(revision) AS revision, sum(billed_usd) AS billed_usd,
           sum(billed_cents)::bigint AS billed_cents, (array_agg(cost_id))[1] AS cost_id,
           max(product) AS product, max(sku) AS sku, max(description) AS description,
           (array_agg(resource_id))[1] AS resource_id, max(start_at) AS start_at,
           max(end_at) AS end_at
    FROM rebilled_costs AS known
    JOIN priced USING (tenant_id, deployment_id, subscription_id, period)
    WHERE known.released_at IS NULL
    GROUP BY 1, 2, 3, 4, 5
), cost AS (
    SELECT tenant_id, deployment_id, subscription_id, period, cost_key,
           given.amount_usd IS NOT NULL AS is_given,
           coalesce(standing.revision, 0) AS revision,
           coalesce(given.cost_id, standing.cost_id) AS cost_id,
           coalesce(given.product, standing.product) AS product,
           coalesce(given.sku, standing.sku) AS sku,
           coalesce(given.description, standing.description) AS description,
           coalesce(given.resource_id, standing.resource_id) AS resource_id,
           coalesce(given.start_at, standing.start_at) AS start_at,
           coalesce(given.end_at, standing.end_at) AS end_at,
           coalesce(given.amount_usd, 0) AS amount_usd,
           coalesce(given.billed_usd, 0) - coalesce(standing.billed_usd, 0) AS billed_usd,
           coalesce(given.billed_cents, 0) - coalesce(standing.billed_cents, 0) AS billed_cents
    FROM given
    FULL JOIN standing USING (tenant_id, deployment_id, subscription_id, period, cost_key)
), wanted AS MATERIALIZED (
    SELECT priced.invoice_id, cost.*,
           CASE WHEN priced.is_own THEN 0 ELSE cost.revision + 1 END AS next_revision
    FROM cost JOIN priced USING (tenant_id, deployment_id, subscription_id, period)
    WHERE priced.is_own AND cost.is_given OR cost.billed_usd <> 0 OR cost.billed_cents <> 0
), made AS (
    INSERT INTO rebilled_costs
        (invoice_id, tenant_id, deployment_id, subscription_id, period, cost_key, revision,
         cost_id, product, sku, description, resource_id, start_at, end_at, amount_usd,
         billed_usd, billed_cents)
    SELECT invoice_id, tenant_id, deployment_id, subscription_id, period, cost_key, next_revision,
           cost_id, product, sku, description, resource_id, start_at, end_at, amount_usd,
           billed_usd, billed_cents
    FROM wanted
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM wanted) = (SELECT count(*) FROM made)
"""


async def claim_costs(
    session: WriteSession, priced: Sequence[PricedMonth], claims: Iterable[CostClaim]
) -> None:
    """Records which costs invoices bill. Raises Aborted if another invoice bills one of them."""
    if not priced:
        return
    driver = await session.driver()
    answer = await driver.execute(
        _CLAIM,
        arrays_of(PricedMonth, priced, "priced") | arrays_of(CostClaim, claims, "claim"),
    )
    row = await answer.fetchone()
    if row is None or not row[0]:
        raise Aborted("another invoice bills a cost of the month", reason="COSTS_REBILLED")


_RELEASE: Final = text("""
UPDATE rebilled_costs SET released_at = :at
WHERE invoice_id = ANY (CAST(:invoice_ids AS uuid[])) AND released_at IS NULL
""")


async def release_costs(session: WriteSession, invoice_ids: Sequence[UUID], at: datetime) -> None:
    """Releases the costs of discarded, void or credited invoices: the next invoices bill them."""
    if invoice_ids:
        await session.execute(_RELEASE, {"invoice_ids": list(invoice_ids), "at": at})


_LOCK: Final = "SELECT pg_advisory_xact_lock{}(hashtextextended('costs of ' || :month, 0))"
_LOCK_SHARED: Final = text(_LOCK.format("_shared"))
_LOCK_ALONE: Final = text(_LOCK.format(""))


async def lock_costs(session: WriteSession, months: Iterable[Period]) -> None:
    """Keeps the attributed costs of months from changing until the transaction ends."""
    for month in sorted(set(months)):
        await session.execute(_LOCK_SHARED, {"month": month.code})


# Lines that came with a bill that was not complete were billed to nobody.
_NOTE: Final = text("""
WITH billed AS MATERIALIZED (
    SELECT DISTINCT proof.tenant_id, proof.deployment_id
    FROM tenant_invoices AS invoice
    JOIN tenant_invoice_proofs AS proof ON proof.invoice_id = invoice.id
    WHERE invoice.period >= :period AND invoice.status <> 'void'
      AND invoice.credited_in_full_at IS NULL AND proof.rebills_costs
      AND coalesce(proof.service_month, invoice.period) = :period
), charged AS MATERIALIZED (
    SELECT cost.tenant_id, cost.deployment_id, cost.pass_id,
           md5(string_agg(concat_ws(' ', cost_key, kind, classification, description,
                                    trim_scale(amount_usd), start_at, end_at),
                          E'\\n' ORDER BY cost_key, amount_usd)) AS content
    FROM attributed_costs AS cost JOIN billed USING (tenant_id, deployment_id)
    WHERE cost.period = :period AND cost.pass_id IN (:before, :after)
      AND cost.attribution = 'tenant'
    GROUP BY 1, 2, 3
)
INSERT INTO month_changes (tenant_id, deployment_id, period, cause, noted_at)
SELECT tenant_id, deployment_id, :period, 'costs', :at
FROM billed
LEFT JOIN (SELECT * FROM charged WHERE pass_id = :before) AS old USING (tenant_id, deployment_id)
LEFT JOIN (SELECT * FROM charged WHERE pass_id = :after) AS new USING (tenant_id, deployment_id)
WHERE old.content IS DISTINCT FROM new.content
ORDER BY tenant_id, deployment_id
""")


async def note_cost_changes(
    session: WriteSession, before: Generation | None, after: Generation, at: datetime
) -> None:
    """Marks billed months for repricing whose attributed costs a new generation changes.

    Waits for drafts that were priced with the old generation, and keeps new ones waiting. Call it
    before the new generation is completed.
    """
    month = after.subject
    await session.execute(_LOCK_ALONE, {"month": f"{month:%Y-%m}"})
    known = before.id if before is not None and before.complete else 0
    asked = {"period": month, "before": known, "after": after.id, "at": at}
    await session.execute(_NOTE, asked)
