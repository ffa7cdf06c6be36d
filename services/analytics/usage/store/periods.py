"""The daily usage of a month for pricing, and the recorded changes of closed months."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.usage.rules.figures import UsageRun, UsageSeries
from services.common.db.database import ReadSession, WriteSession
from services.common.values.periods import Period, month_of

__all__ = [
    "IS_PRICED_AGAIN",
    "MonthChange",
    "claim_changes",
    "open_changes",
    "release_adjustments",
    "settle_changes",
    "usage_of_period",
]

# Returns the days as one text: collapsing them into runs in Python costs a tenth of another sort
# in SQL. The hash covers all days and, through their hashes, the facts. Per tenant, so that sorts
# are small and no plan reads the month of all tenants.
USED: Final = text("""
SELECT used.* FROM unnest(CAST(:tenant_ids AS text[])) AS asked (tenant_id)
CROSS JOIN LATERAL (
    SELECT tenant_id, deployment_id, resource_kind, dimensions,
           string_agg((day - CAST(:start AS date)) || ' ' || trim_scale(qty), ',' ORDER BY day)
               FILTER (WHERE qty <> 0) AS days,
           encode(sha256(convert_to(
               string_agg(day || ' ' || facts_hash, E'\\n' ORDER BY day), 'UTF8')), 'hex')
               AS facts_hash
    FROM daily_usage
    WHERE day >= :start AND day < :end AND tenant_id = asked.tenant_id
    GROUP BY tenant_id, deployment_id, resource_kind, dimensions
) AS used
ORDER BY tenant_id, deployment_id, resource_kind, dimensions
""")

# If all own invoices of a month were voided or credited in full, its own roll-up bills it, and
# its changes wait for that. If the invoice of one currency is still valid, the month is repriced in
# that currency only.
IS_PRICED_AGAIN: Final = """
(EXISTS (SELECT FROM tenant_invoices AS own WHERE own.tenant_id = change.tenant_id
               AND own.period = change.period AND own.status <> 'void'
               AND own.kind = 'month' AND own.credited_in_full_at IS NULL)
       OR NOT EXISTS (SELECT FROM tenant_invoices AS own WHERE own.tenant_id = change.tenant_id
                      AND own.period = change.period AND own.kind = 'month'))
"""
OPEN: Final = text(f"""
SELECT tenant_id, deployment_id, period, array_agg(id ORDER BY id) AS ids
FROM month_changes AS change
WHERE (invoice_id IS NULL OR invoice_id = ANY(CAST(:given_up AS uuid[]))) AND period < :before
  AND tenant_id = ANY(CAST(:tenant_ids AS text[]))
  AND {IS_PRICED_AGAIN}
GROUP BY tenant_id, deployment_id, period
ORDER BY period, tenant_id, deployment_id
""")

CLAIM: Final = text("""
UPDATE month_changes AS change SET invoice_id = claim.invoice_id
FROM unnest(CAST(:ids AS bigint[]), CAST(:invoice_ids AS uuid[])) AS claim (id, invoice_id)
WHERE change.id = claim.id AND change.invoice_id IS NULL
""")
# After a change of a subscription, the month's proofs may cover other days than are billed.
KEEP: Final = text("""
UPDATE month_changes AS change SET invoice_id = own.id
FROM tenant_invoices AS own
WHERE change.id = ANY(:ids) AND change.invoice_id IS NULL AND change.cause = 'subscription'
  AND own.tenant_id = change.tenant_id AND own.period = change.period AND own.kind = 'month'
  AND own.status <> 'void' AND own.credited_in_full_at IS NULL
""")
DELETE: Final = text("DELETE FROM month_changes WHERE id = ANY(:ids) AND invoice_id IS NULL")
RELEASE: Final = text(
    "UPDATE month_changes SET invoice_id = NULL WHERE invoice_id = ANY(:invoice_ids)"
)


@dataclass(frozen=True, slots=True)
class MonthChange:
    """A change of a deployment's figures or subscriptions in a closed month."""

    ids: tuple[int, ...]
    """The ids of its open rows."""
    tenant_id: str
    deployment_id: str
    month: Period


async def usage_of_period(
    session: ReadSession, period: Period, tenant_ids: Sequence[str]
) -> list[UsageSeries]:
    """The usage of these tenants, without all-zero series.

    By tenant, deployment, kind and dimensions.
    """
    rows = await session.execute(
        USED, {"start": period.start, "end": period.end, "tenant_ids": sorted(set(tenant_ids))}
    )
    return [
        UsageSeries(
            row.tenant_id,
            row.deployment_id,
            row.resource_kind,
            tuple(_runs(period.start, row.days)),
            row.facts_hash,
            row.dimensions,
        )
        for row in rows
        if row.days
    ]


def _runs(start: date, days: str) -> Iterator[UsageRun]:
    """Merges consecutive days of equal quantity; `days` are `<days after the start> <quantity>`."""
    first, length, qty = 0, 0, ""
    for told in days.split(","):
        offset, used = told.split(" ")
        place = int(offset)
        if used == qty and place == first + length:
            length += 1
            continue
        if length:
            yield UsageRun(start + timedelta(days=first), length, Decimal(qty))
        first, length, qty = place, 1, used
    yield UsageRun(start + timedelta(days=first), length, Decimal(qty))


async def open_changes(
    session: ReadSession,
    before: date,
    tenant_ids: Sequence[str],
    *,
    given_up: Sequence[UUID] = (),
) -> list[MonthChange]:
    """The open changes of these tenants in closed months before a day.

    By month, tenant and deployment. Changes on drafts that will be replaced count as open.
    """
    rows = await session.execute(
        OPEN, {"before": before, "tenant_ids": list(tenant_ids), "given_up": list(given_up)}
    )
    return [
        MonthChange(tuple(row.ids), row.tenant_id, row.deployment_id, month_of(row.period))
        for row in rows
    ]


async def claim_changes(session: WriteSession, taken_up_by: Mapping[int, UUID]) -> bool:
    """Claims changes for invoices; returns False if one of them is no longer open."""
    if not taken_up_by:
        return True
    claimed = await session.execute(
        CLAIM, {"ids": list(taken_up_by), "invoice_ids": list(taken_up_by.values())}
    )
    return claimed.rowcount == len(taken_up_by)


async def settle_changes(session: WriteSession, ids: Sequence[int]) -> bool:
    """Closes changes that cost nothing; returns False if one of them is no longer open.

    Changes of a subscription are kept with the invoice of their month; others are deleted.
    """
    if not ids:
        return True
    kept = await session.execute(KEEP, {"ids": list(ids)})
    deleted = await session.execute(DELETE, {"ids": list(ids)})
    return kept.rowcount + deleted.rowcount == len(ids)


async def release_adjustments(session: WriteSession, invoice_ids: Sequence[UUID]) -> None:
    """Reopens the changes of discarded or void invoices; the next invoices bill them."""
    if invoice_ids:
        await session.execute(RELEASE, {"invoice_ids": list(invoice_ids)})
