"""Drafts one page of a roll-up: usage and subscriptions in, quotes from the catalog, drafts out.

Everything is read and priced before the write transaction begins, so no lock is held while the
catalog computes prices.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

from services.analytics.catalog_client import QuoteItem, billable_of
from services.analytics.invoicing.invoices.rules.states import InvoiceStatus, Outcome, RollupStatus
from services.analytics.invoicing.one_offs.rules import OneOff, one_off_parts
from services.analytics.invoicing.one_offs.store import claim_one_off_lines, open_one_off_lines
from services.analytics.invoicing.profiles.rules.parties import TaxRule
from services.analytics.invoicing.profiles.store import tax_regions, tax_rules_on
from services.analytics.invoicing.rollups.costs import CostPricing
from services.analytics.invoicing.rollups.quotes import Subscribed, part_of
from services.analytics.invoicing.rollups.repricing import (
    ClosedMonth,
    Repriced,
    adjusting_parts,
    taken_away,
)
from services.analytics.invoicing.rollups.rules.drafting import CannotBill, Draft, Part, assemble
from services.analytics.invoicing.rollups.rules.rebilling import WAITING_FOR_BILL
from services.analytics.invoicing.rollups.rules.rollups import Rollup, TenantOutcome
from services.analytics.invoicing.rollups.store.billed import (
    billed_for,
    later_adjustments,
    lock_months,
    other_invoices,
    proven_for,
    taken_back_in,
)
from services.analytics.invoicing.rollups.store.drafts import (
    DraftKey,
    LivingInvoice,
    delete_drafts,
    insert_drafts,
    key_of,
    living_invoices,
)
from services.analytics.invoicing.rollups.store.planning import record_outcomes
from services.analytics.invoicing.rollups.store.rebilled import (
    PricedMonth,
    claim_costs,
    lock_costs,
    read_bill,
    rebilled_deployments,
)
from services.analytics.invoicing.rollups.store.rollups import locked_rollup
from services.analytics.usage.rules.figures import UsageSeries
from services.analytics.usage.store.periods import (
    claim_changes,
    open_changes,
    release_adjustments,
    settle_changes,
    usage_of_period,
)
from services.common.db.database import Database, ReadSession, WriteSession
from services.common.errors import Aborted, FailedPrecondition
from services.common.identity.callers import ALL
from services.common.values.periods import Period, month_of

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["PageDrafting"]


@dataclass(frozen=True, slots=True)
class _Page:
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


@dataclass(slots=True)
class _Made:
    """The results of a page."""

    skipped: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    """Tenants that this roll-up drafted before: the response of that attempt was lost."""
    replaced: list[UUID] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    repriced: list[Repriced] = field(default_factory=list)
    failures: dict[str, CannotBill] = field(default_factory=dict)

    def outcomes(self, drafted: AbstractSet[str]) -> list[TenantOutcome]:
        """One outcome per tenant."""
        drafted = drafted | self.kept
        return [
            *(TenantOutcome(one, Outcome.DRAFTED) for one in sorted(drafted)),
            *(TenantOutcome(one, Outcome.SKIPPED) for one in sorted(self.skipped - drafted)),
            *(
                TenantOutcome(
                    tenant,
                    Outcome.WAITING if why.reason == WAITING_FOR_BILL else Outcome.FAILED,
                    why.deployment_id,
                    why.reason,
                    why.message,
                )
                for tenant, why in sorted(self.failures.items())
            ),
        ]


class PageDrafting:
    """Drafts the invoices of tenants from the catalog's quotes."""

    def __init__(
        self, database: Database, catalog: "PricingServiceAsyncStub", *, tax_region: str
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._tax_region = tax_region
        self._pricing = CostPricing(database, catalog)

    async def draft(self, rollup: Rollup, tenant_ids: Sequence[str], at: datetime) -> None:
        """Drafts the invoices of these tenants and records the outcome of each.

        Raises FailedPrecondition if the roll-up is not drafting, Aborted if another invoice billed
        one of a tenant's months in the meantime.
        """
        page = await self._read(rollup, tenant_ids)
        made = _sorted_out(rollup, page)
        parts: dict[str, list[Part]] = defaultdict(list)
        for tenant, part in await self._own_parts(page, tenant_ids, made):
            parts[tenant].append(part)
        for month in page.again:
            made.repriced += await self._repriced(month, made.failures)
        made.repriced = [one for one in made.repriced if one.tenant_id not in made.failures]
        for one in made.repriced:
            parts[one.tenant_id].extend(one.parts)
        for tenant in tenant_ids:
            if tenant not in made.failures:
                self._assemble(page, tenant, parts[tenant], made)
        await self._write(rollup, page, made, at)

    async def _read(self, rollup: Rollup, tenant_ids: Sequence[str]) -> _Page:
        period = rollup.month
        async with self._database.read(ALL) as session:
            standing: dict[str, list[LivingInvoice]] = defaultdict(list)
            for row in await living_invoices(session, period.start, tenant_ids):
                standing[row.tenant_id].append(row)
            given_up = [
                row.id for rows in standing.values() for row in rows if _is_replaced(row, rollup)
            ]
            # A tenant that has an invoice of the month gets late changes on the next one.
            open_to_more = [
                tenant
                for tenant in tenant_ids
                if all(_is_replaced(row, rollup) for row in standing.get(tenant, ()))
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
            return _Page(
                await _own_month(session, period, tenant_ids, given_up),
                standing,
                again,
                since,
                await other_invoices(session, period, tenant_ids, since),
                await open_one_off_lines(session, tenant_ids, given_up=given_up),
                await tax_regions(session, tenant_ids, self._tax_region),
                await tax_rules_on(session, period.end - timedelta(days=1)),
            )

    async def _own_parts(
        self, page: _Page, tenant_ids: Sequence[str], made: _Made
    ) -> list[tuple[str, Part]]:
        """The parts of the month itself, without those billed by invoices that are kept."""
        month = page.own
        billed = {
            one
            for rows in page.standing.values()
            for row in rows
            if row.id not in made.replaced
            for one in row.subscription_ids
        }
        found = map(Subscribed.of, await billable_of(self._catalog, month.period, tenant_ids))
        listed = month.with_adjusted(found)
        wanted = [one for one in listed if one.subscription_id not in billed]
        return await self._quoted(month, wanted, made.failures)

    async def _repriced(
        self, month: ClosedMonth, failures: dict[str, CannotBill]
    ) -> list[Repriced]:
        """The adjustments of a closed month: its price now less its billed amounts."""
        tenants = sorted({tenant for tenant, _ in month.changed} - failures.keys())
        listed = map(Subscribed.of, await billable_of(self._catalog, month.period, tenants))
        wanted = [one for one in month.with_billed(listed) if one.tenant_id in tenants]
        quoted = await self._quoted(month, wanted, failures)
        return [one for one in adjusting_parts(month, quoted) if one.tenant_id not in failures]

    async def _quoted(
        self,
        month: ClosedMonth,
        subscriptions: Sequence[Subscribed],
        failures: dict[str, CannotBill],
    ) -> list[tuple[str, Part]]:
        if not subscriptions:
            return []
        used: dict[tuple[str, str], list[UsageSeries]] = defaultdict(list)
        for series in month.usage:
            used[series.tenant_id, series.deployment_id].append(series)
        items = [
            QuoteItem(one.subscription_id, used.get(one.deployment, ()), month.engine_of(one))
            for one in subscriptions
        ]
        made: list[tuple[str, Part]] = []
        outcomes, costs = await self._pricing.quoted(month, subscriptions, items)
        for one, outcome in zip(subscriptions, outcomes, strict=True):
            if outcome.quote is None:
                failures.setdefault(
                    one.tenant_id,
                    CannotBill(outcome.reason, outcome.message, one.deployment_id),
                )
            else:
                part = part_of(
                    one,
                    outcome.quote,
                    month.period,
                    is_own=month.is_own,
                    unsold_kinds=one.unsold(used.get(one.deployment, ())),
                    unsold_usage=outcome.unsold,
                    costs=costs.get(one.deployment, ()),
                    was_rebilled=one.deployment in month.rebilled,
                )
                made.append((one.tenant_id, part))
        return made

    def _assemble(self, page: _Page, tenant: str, parts: Iterable[Part], made: _Made) -> None:
        """Adds a draft for each currency without an invoice that is kept."""
        stays = {
            row.currency for row in page.standing.get(tenant, ()) if row.id not in made.replaced
        }
        by_currency: dict[str, list[Part]] = defaultdict(list)
        by_hand = one_off_parts(page.one_offs.get(tenant, ()), page.own.period)
        for part in (*taken_away(page.own, tenant, parts), *by_hand):
            if part.currency not in stays:
                by_currency[part.currency].append(part)
        try:
            drafts = [
                self._draft(page, tenant, by_currency[currency]) for currency in sorted(by_currency)
            ]
        except CannotBill as refusal:
            made.failures[tenant] = refusal
            return
        made.drafts += drafts
        if not drafts and tenant not in made.kept:
            # It has its invoices, or its late changes cost nothing.
            made.skipped.add(tenant)

    def _draft(self, page: _Page, tenant: str, parts: Sequence[Part]) -> Draft:
        region = page.regions[tenant]
        rule = page.rules.get(region)
        if rule is None:
            raise CannotBill(
                "NO_TAX_RULE_IN_FORCE", f"{region} has no tax rule in force in the period"
            )
        return assemble(tenant, page.own.period, parts, rule)

    async def _write(self, rollup: Rollup, page: _Page, made: _Made, at: datetime) -> None:
        period = page.own.period
        tenants = sorted({*page.regions})
        repriced = [one for one in made.repriced if one.tenant_id not in made.failures]
        async with self._database.write(ALL) as session:
            current = await locked_rollup(session, rollup.id, shared=True)
            if current.status is not RollupStatus.RUNNING or current.decision:
                raise FailedPrecondition(
                    f"the roll-up is {current.status}, so it cannot draft invoices",
                    reason="ROLLUP_NOT_DRAFTING",
                    metadata={"status": current.status},
                )
            await lock_months(session, period, [one.month for one in repriced])
            if await other_invoices(session, period, tenants, page.since) != page.others:
                raise _moved()
            if made.replaced:
                await release_adjustments(session, made.replaced)
                await delete_drafts(session, made.replaced)
            ids = await insert_drafts(session, rollup.id, rollup.period, made.drafts, at)
            await _claim(session, page, made.drafts, ids)
            await _take_up(session, repriced, ids)
            by_hand = {
                one.id: ids[one.tenant_id, one.currency]
                for lines in page.one_offs.values()
                for one in lines
                if one.id is not None and (one.tenant_id, one.currency) in ids
            }
            if not await claim_one_off_lines(session, by_hand):
                raise Aborted(
                    "a one-off line was removed, or is on another invoice",
                    reason="ONE_OFF_LINE_MOVED",
                )
            beaten = {draft.tenant_id for draft in made.drafts if key_of(draft) not in ids}
            for row in await living_invoices(session, rollup.period, sorted(beaten)):
                # Drafted in the meantime, by a repetition of this page or by another call.
                (made.kept if row.rollup_id == rollup.id else made.skipped).add(row.tenant_id)
            drafted = {tenant for tenant, _ in ids}
            await record_outcomes(session, rollup.id, made.outcomes(drafted), at)


async def _own_month(
    session: ReadSession, period: Period, tenant_ids: Sequence[str], given_up: Sequence[UUID]
) -> ClosedMonth:
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
        rebilled=await rebilled_deployments(session, period, tenant_ids, given_up),
    )


async def _claim(
    session: WriteSession, page: _Page, drafts: Sequence[Draft], ids: Mapping[DraftKey, UUID]
) -> None:
    """Records which costs the drafts bill.

    Raises Aborted if the bill of one of their months was attributed again in the meantime.
    """
    billed = [
        (PricedMonth(
            ids[key_of(draft)], draft.tenant_id, part.deployment_id, part.proof.subscription_id,
            part.proof.service_month or page.own.period.start, part.proof.service_month is None,
        ), part.claims or ())
        for draft in drafts if key_of(draft) in ids
        for part in draft.rebilling
    ]  # fmt: skip  # a table
    if not billed:
        return
    bills = {month.period: month.bill for month in (page.own, *page.again)}
    priced = {month_of(one.period) for one, _ in billed}
    await lock_costs(session, priced)
    for month in priced:
        if await read_bill(session, month) != bills[month]:
            raise Aborted(
                f"the provider's bill of {month.code} was attributed again in the meantime",
                reason="COSTS_MOVED",
            )
    await claim_costs(
        session, [one for one, _ in billed], [claim for _, claims in billed for claim in claims]
    )


async def _take_up(
    session: WriteSession, repriced: Sequence[Repriced], ids: Mapping[DraftKey, UUID]
) -> None:
    """Records which invoice adjusts each change; closes changes that cost nothing."""
    taken_up: dict[int, UUID] = {}
    free: list[int] = []
    for one in repriced:
        if not one.parts:
            free += one.change_ids
            continue
        invoices = {ids.get((one.tenant_id, part.currency)) for part in one.parts}
        # A repetition of this page was first and claimed all of them.
        if None in invoices:
            if len(invoices) > 1:
                raise _moved()
            continue
        first = min(invoice for invoice in invoices if invoice is not None)
        taken_up |= dict.fromkeys(one.change_ids, first)
    if not (await claim_changes(session, taken_up) and await settle_changes(session, free)):
        raise _moved()


def _moved() -> Aborted:
    return Aborted(
        "another invoice billed a month of one of the tenants in the meantime",
        reason="INVOICES_MOVED",
    )


def _is_replaced(invoice: LivingInvoice, rollup: Rollup) -> bool:
    """Whether a roll-up replaces an existing invoice with a new draft."""
    ours = invoice.rollup_id == rollup.id
    return rollup.force and not ours and invoice.status is InvoiceStatus.DRAFT


def _sorted_out(rollup: Rollup, page: _Page) -> _Made:
    """The tenants that this roll-up has drafted before, and the drafts to replace."""
    made = _Made()
    for tenant, invoices in page.standing.items():
        for invoice in invoices:
            if _is_replaced(invoice, rollup):
                made.replaced.append(invoice.id)
            elif invoice.status is InvoiceStatus.DRAFT and invoice.rollup_id == rollup.id:
                made.kept.add(tenant)
    return made
