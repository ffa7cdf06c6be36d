"""Reads what one page of a roll-up is drafted from, before anything is priced."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from uuid import UUID

from services.analytics.invoicing.invoices.rules.states import InvoiceStatus
from services.analytics.invoicing.one_offs.rules import OneOff
from services.analytics.invoicing.one_offs.store import open_one_off_lines
from services.analytics.invoicing.profiles.rules.parties import TaxRule
from services.analytics.invoicing.profiles.store import tax_regions, tax_rules_on
from services.analytics.invoicing.rollups.repricing import ClosedMonth
from services.analytics.invoicing.rollups.rules.rollups import Rollup
from services.analytics.invoicing.rollups.store.billed import (
    billed_for,
    later_adjustments,
    other_invoices,
    proven_for,
    taken_back_in,
)
from services.analytics.invoicing.rollups.store.drafts import LivingInvoice, living_invoices
from services.analytics.invoicing.rollups.store.rebilled import read_bill, rebilled_deployments
from services.analytics.usage.store.periods import open_changes, usage_of_period
from services.common.db.database import Database, ReadSession
from services.common.identity.callers import ALL
from services.common.values.periods import Period

__all__ = ["Page", "is_replaced", "read_page"]


@dataclass(frozen=True, slots=True)
class Page:
    """The inputs of a page, read before pricing."""

    own: ClosedMonth
    """The month of the roll-up, with its adjustments on later invoices."""
    standing: Mapping[str, Sequence[LivingInvoice]]
    """The month's valid invoices (not void, not credited in full), by tenant."""
    again: Sequence[ClosedMonth]
    """Earlier months with late changes."""
    since: Period
    """The earliest of these months."""
    others: AbstractSet[UUID]
    """The valid invoices of other months since then, which determine what is billed already."""
    one_offs: Mapping[str, Sequence[OneOff]]
    """Pending one-off lines, by tenant."""
    regions: Mapping[str, str]
    rules: Mapping[str, TaxRule]


async def read_page(
    database: Database, rollup: Rollup, tenant_ids: Sequence[str], *, tax_region: str
) -> Page:
    """Reads the inputs of a page. `tax_region` is the region of tenants without one."""
    period = rollup.month
    async with database.read(ALL) as session:
        standing: dict[str, list[LivingInvoice]] = defaultdict(list)
        for row in await living_invoices(session, period.start, tenant_ids):
            standing[row.tenant_id].append(row)
        given_up = [
            row.id for rows in standing.values() for row in rows if is_replaced(row, rollup)
        ]
        # A tenant that has an invoice of the month gets late changes on the next one.
        open_to_more = [
            tenant
            for tenant in tenant_ids
            if all(is_replaced(row, rollup) for row in standing.get(tenant, ()))
        ]
        changes = await open_changes(session, period.start, open_to_more, given_up=given_up)
        again = []
        for month, those in groupby(changes, lambda change: change.month):
            changed = {(one.tenant_id, one.deployment_id): one.ids for one in those}
            tenants = sorted({tenant for tenant, _ in changed})
            again.append(
                ClosedMonth(
                    month,
                    changed,
                    await usage_of_period(session, month, tenants),
                    await billed_for(session, month, tenants, given_up),
                    await proven_for(session, month, tenants, given_up),
                    await taken_back_in(session, month, tenants),
                    bill=await read_bill(session, month),
                    rebilled=await rebilled_deployments(session, month, tenants, given_up),
                )
            )
        since = min((period, *(month.period for month in again)))
        return Page(
            await _own_month(session, rollup, tenant_ids, given_up),
            standing,
            again,
            since,
            await other_invoices(session, period, tenant_ids, since),
            await open_one_off_lines(session, tenant_ids, given_up=given_up),
            await tax_regions(session, tenant_ids, tax_region),
            await tax_rules_on(session, period.end - timedelta(days=1)),
        )


async def _own_month(
    session: ReadSession, rollup: Rollup, tenant_ids: Sequence[str], given_up: Sequence[UUID]
) -> ClosedMonth:
    period = rollup.month
    adjusted = await later_adjustments(session, period, tenant_ids, given_up)
    return ClosedMonth(
        period,
        {},
        await usage_of_period(session, period, tenant_ids),
        adjusted,
        await proven_for(session, period, sorted({tenant for tenant, _ in adjusted}), given_up)
        if adjusted
        else {},
        is_own=True,
        bill=await read_bill(session, period),
        may_wait=not rollup.without_bill,
        rebilled=await rebilled_deployments(session, period, tenant_ids, given_up),
    )


def is_replaced(invoice: LivingInvoice, rollup: Rollup) -> bool:
    """Whether a roll-up replaces an existing invoice with a new draft."""
    ours = invoice.rollup_id == rollup.id
    return rollup.force and not ours and invoice.status is InvoiceStatus.DRAFT
