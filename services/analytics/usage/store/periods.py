"""The usage of a period, as it is priced; and what came after its period was closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.common.database import ReadSession, WriteSession
from services.common.periods import Period, month_of

__all__ = [
    "Adjustment",
    "PeriodUsage",
    "UsageSpan",
    "claim_adjustments",
    "open_adjustments",
    "release_adjustments",
    "usage_of_period",
    "usage_of_spans",
]

# The hash of a period's usage names the days, and through their hashes the facts.
SUMS: Final = """
tenant_id, deployment_id, resource_kind, sum(qty) AS qty,
       encode(sha256(convert_to(
           string_agg(day || ' ' || facts_hash, E'\\n' ORDER BY day), 'UTF8')), 'hex')
           AS facts_hash
"""
# Always of named tenants: a plan that serves all as well reads the whole month for every page.
USED: Final = text(f"""
SELECT {SUMS}
FROM daily_usage
WHERE day >= :start AND day < :end AND tenant_id = ANY(CAST(:tenant_ids AS text[]))
GROUP BY tenant_id, deployment_id, resource_kind
ORDER BY tenant_id, deployment_id, resource_kind
""")

USED_IN_SPANS: Final = text(f"""
SELECT subscription_id, {SUMS}
FROM unnest(CAST(:subscriptions AS text[]), CAST(:tenants AS text[]),
            CAST(:deployments AS text[]), CAST(:starts AS date[]), CAST(:ends AS date[]))
     AS span (subscription_id, tenant_id, deployment_id, first_day, end_day)
JOIN daily_usage USING (tenant_id, deployment_id)
WHERE day >= first_day AND day < end_day
GROUP BY subscription_id, tenant_id, deployment_id, resource_kind
ORDER BY subscription_id, resource_kind
""")

OPEN: Final = text("""
SELECT id, tenant_id, deployment_id, resource_kind, period, qty, facts_hash
FROM usage_adjustments
WHERE (invoice_id IS NULL OR invoice_id = ANY(CAST(:given_up AS uuid[]))) AND period < :before
  AND tenant_id = ANY(CAST(:tenant_ids AS text[]))
ORDER BY tenant_id, period, deployment_id, resource_kind
""")

# One to which an event came since it was priced is another one: its invoice would not bill that.
CLAIM: Final = text("""
UPDATE usage_adjustments AS a SET invoice_id = c.invoice_id
FROM unnest(CAST(:adjustment_ids AS uuid[]), CAST(:facts_hashes AS text[]),
            CAST(:invoice_ids AS uuid[]))
     AS c (adjustment_id, facts_hash, invoice_id)
WHERE a.id = c.adjustment_id AND a.facts_hash = c.facts_hash
  AND (a.invoice_id IS NULL OR a.invoice_id = c.invoice_id)
RETURNING a.id
""")

RELEASE: Final = text(
    "UPDATE usage_adjustments SET invoice_id = NULL WHERE invoice_id = ANY(:invoice_ids)"
)


@dataclass(frozen=True, slots=True)
class PeriodUsage:
    """How much of a kind a deployment used in a period."""

    tenant_id: str
    deployment_id: str
    resource_kind: str
    qty: Decimal
    """In units of the kind, exact."""
    facts_hash: str
    """Names the facts behind it: SHA-256, lower-case hexadecimal."""


@dataclass(frozen=True, slots=True)
class UsageSpan:
    """The days of which a subscription bears the usage of its deployment."""

    subscription_id: str
    tenant_id: str
    deployment_id: str
    days: Period


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Usage of a closed period that came late; not on any invoice yet."""

    id: UUID
    tenant_id: str
    deployment_id: str
    resource_kind: str
    service_period: Period
    """The month in which it was used."""
    qty: Decimal
    """On top of what the period's invoice billed, in units of the kind."""
    facts_hash: str


async def usage_of_period(
    session: ReadSession, period: Period, tenant_ids: Sequence[str]
) -> list[PeriodUsage]:
    """The usage of these tenants, by tenant, deployment and kind."""
    rows = await session.execute(
        USED, {"start": period.start, "end": period.end, "tenant_ids": list(tenant_ids)}
    )
    return [
        PeriodUsage(row.tenant_id, row.deployment_id, row.resource_kind, row.qty, row.facts_hash)
        for row in rows
    ]


async def usage_of_spans(
    session: ReadSession, spans: Sequence[UsageSpan]
) -> dict[str, list[PeriodUsage]]:
    """The usage of each span, by its subscription."""
    found: dict[str, list[PeriodUsage]] = {span.subscription_id: [] for span in spans}
    if not spans:
        return found
    rows = await session.execute(
        USED_IN_SPANS,
        {
            "subscriptions": [span.subscription_id for span in spans],
            "tenants": [span.tenant_id for span in spans],
            "deployments": [span.deployment_id for span in spans],
            "starts": [span.days.start for span in spans],
            "ends": [span.days.end for span in spans],
        },
    )
    for row in rows:
        found[row.subscription_id].append(
            PeriodUsage(
                row.tenant_id, row.deployment_id, row.resource_kind, row.qty, row.facts_hash
            )
        )
    return found


async def open_adjustments(
    session: ReadSession,
    before: date,
    tenant_ids: Sequence[str],
    *,
    given_up: Sequence[UUID] = (),
) -> list[Adjustment]:
    """What of these tenants came late for months before a day and is on no invoice yet.

    By tenant and month. Drafts that are given up for new ones are none.
    """
    rows = await session.execute(
        OPEN, {"before": before, "tenant_ids": list(tenant_ids), "given_up": list(given_up)}
    )
    return [
        Adjustment(
            row.id, row.tenant_id, row.deployment_id, row.resource_kind, month_of(row.period),
            row.qty, row.facts_hash,
        )
        for row in rows
    ]  # fmt: skip


async def claim_adjustments(
    session: WriteSession, billed_on: Mapping[Adjustment, UUID]
) -> list[UUID]:
    """Puts adjustments, as they were priced, on the invoices that bill them.

    Answers the ids of those that are on them now: one that another invoice bills already, or to
    which more came since, is left out.
    """
    if not billed_on:
        return []
    rows = await session.execute(
        CLAIM,
        {
            "adjustment_ids": [one.id for one in billed_on],
            "facts_hashes": [one.facts_hash for one in billed_on],
            "invoice_ids": list(billed_on.values()),
        },
    )
    return list(rows.scalars())


async def release_adjustments(session: WriteSession, invoice_ids: Sequence[UUID]) -> None:
    """Takes adjustments off invoices that are discarded or void: the next ones bill them."""
    if invoice_ids:
        await session.execute(RELEASE, {"invoice_ids": list(invoice_ids)})
