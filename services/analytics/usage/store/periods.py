"""The usage of a month, day by day, as it is priced; and what changed in closed months."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.analytics.usage.rules.series import UsageRun, UsageSeries
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

# The days as one text: to collapse them into runs here costs a tenth of what it costs to sort
# them once more there. The hash names all days, and through their hashes the facts.
# Tenant by tenant: what is sorted is short then, and no plan reads the month of all.
USED: Final = text("""
SELECT used.* FROM unnest(CAST(:tenant_ids AS text[])) AS asked (tenant_id)
CROSS JOIN LATERAL (
    SELECT tenant_id, deployment_id, resource_kind,
           string_agg((day - CAST(:start AS date)) || ' ' || trim_scale(qty), ',' ORDER BY day)
               FILTER (WHERE qty <> 0) AS days,
           encode(sha256(convert_to(
               string_agg(day || ' ' || facts_hash, E'\\n' ORDER BY day), 'UTF8')), 'hex')
               AS facts_hash
    FROM daily_usage
    WHERE day >= :start AND day < :end AND tenant_id = asked.tenant_id
    GROUP BY tenant_id, deployment_id, resource_kind
) AS used
ORDER BY tenant_id, deployment_id, resource_kind
""")

# A month whose own invoices were all voided, or credited in full, is billed by its own roll-up:
# its changes wait for that. Where the invoice of one currency still holds, the month is priced
# again in that currency, and not in the others.
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
# That a subscription was changed says that its month's proofs may cover other days than are billed.
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
    """That figures or subscriptions of a deployment changed in a month that was closed."""

    ids: tuple[int, ...]
    """All open rows that say so."""
    tenant_id: str
    deployment_id: str
    month: Period


async def usage_of_period(
    session: ReadSession, period: Period, tenant_ids: Sequence[str]
) -> list[UsageSeries]:
    """The usage of these tenants, by tenant, deployment and kind; without what is all zero."""
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
        )
        for row in rows
        if row.days
    ]


def _runs(start: date, days: str) -> Iterator[UsageRun]:
    """Equal quantities of days in a row as one; `days` are `<days after the start> <quantity>`."""
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
    """What changed for these tenants in closed months before a day and no invoice took up yet.

    By month, tenant and deployment. Drafts that are given up for new ones took up nothing.
    """
    rows = await session.execute(
        OPEN, {"before": before, "tenant_ids": list(tenant_ids), "given_up": list(given_up)}
    )
    return [
        MonthChange(tuple(row.ids), row.tenant_id, row.deployment_id, month_of(row.period))
        for row in rows
    ]


async def claim_changes(session: WriteSession, taken_up_by: Mapping[int, UUID]) -> bool:
    """Notes which invoices take changes up; False when one of them is not open any more."""
    if not taken_up_by:
        return True
    claimed = await session.execute(
        CLAIM, {"ids": list(taken_up_by), "invoice_ids": list(taken_up_by.values())}
    )
    return claimed.rowcount == len(taken_up_by)


async def settle_changes(session: WriteSession, ids: Sequence[int]) -> bool:
    """Closes changes that cost nothing; False when one of them is not open any more.

    Those of a subscription are kept with the invoice of their month, the others forgotten.
    """
    if not ids:
        return True
    kept = await session.execute(KEEP, {"ids": list(ids)})
    deleted = await session.execute(DELETE, {"ids": list(ids)})
    return kept.rowcount + deleted.rowcount == len(ids)


async def release_adjustments(session: WriteSession, invoice_ids: Sequence[UUID]) -> None:
    """Opens again what invoices took up that are discarded or void: the next ones bill it."""
    if invoice_ids:
        await session.execute(RELEASE, {"invoice_ids": list(invoice_ids)})
