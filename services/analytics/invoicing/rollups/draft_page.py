"""Drafts one page of a roll-up: usage and subscriptions in, quotes from the catalog, drafts out.

Everything is read and priced before the write transaction begins, so no lock is held while the
catalog computes prices.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from services.analytics.catalog_client import QuoteItem, billable_of
from services.analytics.invoicing.invoices.rules.states import InvoiceStatus
from services.analytics.invoicing.one_offs.rules import one_off_parts
from services.analytics.invoicing.rollups.costs import CostPricing
from services.analytics.invoicing.rollups.quotes import Subscribed, part_of
from services.analytics.invoicing.rollups.read_page import Page, is_replaced, read_page
from services.analytics.invoicing.rollups.repricing import (
    ClosedMonth,
    Repriced,
    adjusting_parts,
    taken_away,
)
from services.analytics.invoicing.rollups.rules.drafting import CannotBill, Draft, Part, assemble
from services.analytics.invoicing.rollups.rules.rollups import Rollup
from services.analytics.invoicing.rollups.save_page import PageResults, save_page
from services.analytics.usage.rules.figures import UsageSeries
from services.common.db.database import Database

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["PageDrafting"]


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
        page = await read_page(self._database, rollup, tenant_ids, tax_region=self._tax_region)
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
        await save_page(self._database, rollup, page, made, at)

    async def _own_parts(
        self, page: Page, tenant_ids: Sequence[str], made: PageResults
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

    def _assemble(self, page: Page, tenant: str, parts: Iterable[Part], made: PageResults) -> None:
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

    def _draft(self, page: Page, tenant: str, parts: Sequence[Part]) -> Draft:
        region = page.regions[tenant]
        rule = page.rules.get(region)
        if rule is None:
            raise CannotBill(
                "NO_TAX_RULE_IN_FORCE", f"{region} has no tax rule in force in the period"
            )
        return assemble(tenant, page.own.period, parts, rule)


def _sorted_out(rollup: Rollup, page: Page) -> PageResults:
    """The tenants that this roll-up has drafted before, and the drafts to replace."""
    made = PageResults()
    for tenant, invoices in page.standing.items():
        for invoice in invoices:
            if is_replaced(invoice, rollup):
                made.replaced.append(invoice.id)
            elif invoice.status is InvoiceStatus.DRAFT and invoice.rollup_id == rollup.id:
                made.kept.add(tenant)
    return made
