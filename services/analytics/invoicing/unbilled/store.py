"""Finds tenants that may have unbilled usage in a month."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.invoicing.unbilled.rules import UnbilledTotal
from services.common.db.database import ReadSession, WriteSession
from services.common.values.periods import Period

__all__ = ["keep_unbilled_total", "tenants_not_covered", "tenants_with_usage"]

_TENANTS: Final = text("""
    SELECT DISTINCT tenant_id COLLATE "C" AS tenant_id FROM daily_usage
    WHERE day >= :start AND day < :end AND qty > 0
      AND tenant_id COLLATE "C" >= :since
      AND (CAST(:tenant_id AS text) = '' OR tenant_id = :tenant_id)
      AND (CAST(:deployments AS text[]) = '{}' OR deployment_id = ANY(CAST(:deployments AS text[])))
    ORDER BY 1 LIMIT :limit
""")

# Days covered by the month's proofs are skipped, so few tenants are left once a month is billed.
# The covered days are aggregated once instead of looked up per figure. If a subscription changed
# since, its proof may cover days that are no longer billed.
_NOT_COVERED: Final = text("""
    WITH changed AS MATERIALIZED (
        SELECT DISTINCT tenant_id, deployment_id FROM month_changes
        WHERE period = :start AND cause = 'subscription'
    ), covered AS MATERIALIZED (
        SELECT invoice.tenant_id, proof.deployment_id, range_agg(proof.covered_days) AS days,
               string_agg(array_to_string(proof.unsold_kinds, ' '), ' ') AS unsold,
               bool_or(proof.unsold_usage <> '{}') AS has_unsold
        FROM tenant_invoices AS invoice
        JOIN tenant_invoice_proofs AS proof ON proof.invoice_id = invoice.id
        WHERE invoice.period >= :start AND invoice.status <> 'void'
          AND invoice.credited_in_full_at IS NULL
          AND coalesce(proof.service_month, invoice.period) = :start
          AND (invoice.tenant_id, proof.deployment_id) NOT IN (SELECT * FROM changed)
        GROUP BY 1, 2
    )
    SELECT DISTINCT usage.tenant_id COLLATE "C" AS tenant_id
    FROM daily_usage AS usage LEFT JOIN covered USING (tenant_id, deployment_id)
    WHERE usage.day >= :start AND usage.day < :end AND usage.qty > 0
      AND (covered.days IS NULL OR NOT covered.days @> usage.day
           OR usage.resource_kind = ANY(string_to_array(covered.unsold, ' '))
           OR covered.has_unsold)
    ORDER BY 1
""")

_KEEP: Final = text("""
    UPDATE rollups
    SET unbilled_deployments = :deployments, unbilled_usages = :usages, unbilled_cents = :cents,
        unbilled_unpriced = :unpriced
    WHERE id = :rollup_id
""")


async def tenants_with_usage(
    session: ReadSession,
    period: Period,
    *,
    since: str,
    tenant_id: str,
    deployments: Sequence[str],
    limit: int,
) -> Sequence[str]:
    """The tenants from `since` on with usage in a month under the given deployment names.

    Without names, all deployments.
    """
    asked = {
        "start": period.start, "end": period.end, "since": since, "tenant_id": tenant_id,
        "deployments": list(deployments), "limit": limit,
    }  # fmt: skip  # a table
    return (await session.execute(_TENANTS, asked)).scalars().all()


async def tenants_not_covered(session: ReadSession, period: Period) -> Sequence[str]:
    """The tenants with usage in a month that may not be covered by an invoice.

    Whether a trial covers it, or a subscription that is not billed yet, is known by the catalog.
    Changes since the last roll-up was planned are not considered.
    """
    asked = {"start": period.start, "end": period.end}
    return (await session.execute(_NOT_COVERED, asked)).scalars().all()


async def keep_unbilled_total(session: WriteSession, rollup_id: UUID, total: UnbilledTotal) -> None:
    """Stores the unbilled usage with a roll-up."""
    await session.execute(
        _KEEP,
        {
            "rollup_id": rollup_id,
            "deployments": total.deployment_count,
            "usages": total.usage_count,
            "cents": total.cents,
            "unpriced": total.unpriced_count,
        },
    )
