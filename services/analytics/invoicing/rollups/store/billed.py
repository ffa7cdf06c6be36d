"""What valid invoices bill for a month: their lines and the proofs.

An invoice is valid until it is void or credited in full. It bills its own month, and earlier months
as adjustments.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.invoicing.invoices.rules.lines import ADJUSTMENT, Line
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import record_of
from services.common.values.periods import Period

__all__ = [
    "Billed",
    "Deployment",
    "billed_for",
    "later_adjustments",
    "lock_months",
    "other_invoices",
    "proven_for",
    "taken_back_in",
]

Deployment = tuple[str, str]
"""A tenant and the id of its deployment."""

_LINES: Final = text("""
    SELECT invoice.currency, line.*
    FROM tenant_invoices AS invoice
    JOIN tenant_invoice_lines AS line ON line.invoice_id = invoice.id
    WHERE invoice.tenant_id = ANY (CAST(:tenants AS text[])) AND invoice.period >= :since
      AND invoice.status <> 'void' AND invoice.credited_in_full_at IS NULL
      AND invoice.id <> ALL (CAST(:given_up AS uuid[]))
      AND line.kind NOT IN ('tax', 'one_off') AND (NOT :adjusting OR line.kind = :adjustment)
      AND line.service_start >= :start AND line.service_start < :end
    ORDER BY line.invoice_id, line.position
""")

# The month's own invoice first: its engine billed the month.
_PROOFS: Final = text("""
    SELECT proof.tenant_id, proof.deployment_id, proof.subscription_id, proof.deployment_name,
           proof.engine_version
    FROM tenant_invoices AS invoice
    JOIN tenant_invoice_proofs AS proof ON proof.invoice_id = invoice.id
    WHERE invoice.tenant_id = ANY (CAST(:tenants AS text[])) AND invoice.period >= :start
      AND invoice.status <> 'void' AND invoice.credited_in_full_at IS NULL
      AND invoice.id <> ALL (CAST(:given_up AS uuid[]))
      AND proof.subscription_id <> '' AND coalesce(proof.service_month, invoice.period) = :start
    ORDER BY invoice.period, invoice.id, proof.position
""")

_OTHERS: Final = text("""
    SELECT id FROM tenant_invoices
    WHERE tenant_id = ANY (CAST(:tenants AS text[])) AND period >= :since AND period <> :period
      AND status <> 'void' AND credited_in_full_at IS NULL AND kind = 'month'
""")

_TAKEN_BACK: Final = text("""
    SELECT tenant_id, currency FROM tenant_invoices
    WHERE tenant_id = ANY (CAST(:tenants AS text[])) AND period = :period AND kind = 'month'
    GROUP BY tenant_id, currency
    HAVING bool_and(status = 'void' OR credited_in_full_at IS NOT NULL)
""")

_LOCK: Final = """
SELECT {lock}(hashtextextended('invoices of ' || :month, 0))
"""
_LOCK_ALONE: Final = text(_LOCK.format(lock="pg_advisory_xact_lock"))
_LOCK_SHARED: Final = text(_LOCK.format(lock="pg_advisory_xact_lock_shared"))


@dataclass(slots=True)
class Billed:
    """How a deployment was billed for a month."""

    engine_version: str
    """The version of the first engine that billed it."""
    subscriptions: dict[str, str] = field(default_factory=dict)
    """The priced subscriptions, with the deployment's name."""


async def billed_for(
    session: ReadSession, month: Period, tenant_ids: Sequence[str], given_up: Sequence[UUID]
) -> dict[Deployment, dict[str, list[Line]]]:
    """The billed lines of a month, by deployment and currency, without tax and one-off lines.

    Drafts that will be replaced do not count.
    """
    return await _lines(session, month, tenant_ids, given_up, adjusting=False)


async def later_adjustments(
    session: ReadSession, month: Period, tenant_ids: Sequence[str], given_up: Sequence[UUID]
) -> dict[Deployment, dict[str, list[Line]]]:
    """The adjustments of a month on later invoices, by deployment and currency."""
    return await _lines(session, month, tenant_ids, given_up, adjusting=True)


async def _lines(
    session: ReadSession,
    month: Period,
    tenant_ids: Sequence[str],
    given_up: Sequence[UUID],
    *,
    adjusting: bool,
) -> dict[Deployment, dict[str, list[Line]]]:
    asked = {
        "start": month.start,
        "end": month.end,
        "since": month.end if adjusting else month.start,
        "tenants": list(tenant_ids),
        "given_up": list(given_up),
        "adjusting": adjusting,
        "adjustment": ADJUSTMENT,
    }
    found: dict[Deployment, dict[str, list[Line]]] = {}
    for row in await session.execute(_LINES, asked):
        of = found.setdefault((row.tenant_id, row.deployment_id), {})
        of.setdefault(row.currency, []).append(record_of(Line, row))
    return found


async def proven_for(
    session: ReadSession, month: Period, tenant_ids: Sequence[str], given_up: Sequence[UUID]
) -> dict[Deployment, Billed]:
    """How deployments were billed for a month."""
    asked = {"start": month.start, "tenants": list(tenant_ids), "given_up": list(given_up)}
    found: dict[Deployment, Billed] = {}
    for row in await session.execute(_PROOFS, asked):
        of = found.setdefault((row.tenant_id, row.deployment_id), Billed(row.engine_version))
        of.subscriptions[row.subscription_id] = row.deployment_name
    return found


async def taken_back_in(
    session: ReadSession, month: Period, tenant_ids: Sequence[str]
) -> dict[str, set[str]]:
    """By tenant, the currencies in which a month had own invoices of which none is valid now."""
    asked = {"tenants": list(tenant_ids), "period": month.start}
    found: dict[str, set[str]] = {}
    for row in await session.execute(_TAKEN_BACK, asked):
        found.setdefault(row.tenant_id, set()).add(row.currency)
    return found


async def other_invoices(
    session: ReadSession, period: Period, tenant_ids: Sequence[str], since: Period
) -> set[UUID]:
    """The valid invoices of tenants for months since one, except those of `period`."""
    asked = {"tenants": list(tenant_ids), "since": since.start, "period": period.start}
    return set((await session.execute(_OTHERS, asked)).scalars())


async def lock_months(session: WriteSession, own: Period, adjusted: Sequence[Period]) -> None:
    """Locks the adjusted months against billing, and the own month against adjustment.

    Pages of one month write concurrently. Locks are taken in the order of months, so there is no
    deadlock.
    """
    for month in sorted({own, *adjusted}):
        lock = _LOCK_SHARED if month == own else _LOCK_ALONE
        await session.execute(lock, {"month": month.code})
