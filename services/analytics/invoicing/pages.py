"""A page of a roll-up: usage and subscriptions in, quotes from the catalog, drafts out.

Everything is read and priced before the transaction that writes begins: no lock is held
while prices are computed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.analytics.invoicing.adjusting import adjustment_lines
from services.analytics.invoicing.drafting import CannotBill, Draft, Part, assemble
from services.analytics.invoicing.late_months import LateMonth
from services.analytics.invoicing.parties import TaxRule
from services.analytics.invoicing.quotes import part_of
from services.analytics.invoicing.states import InvoiceStatus, Outcome, RollupStatus
from services.analytics.invoicing.store.drafts import (
    delete_drafts,
    insert_drafts,
    living_invoices,
)
from services.analytics.invoicing.store.late import late_usage_billed, lines_of_late_usage
from services.analytics.invoicing.store.planning import TenantOutcome, record_outcomes
from services.analytics.invoicing.store.profiles import tax_regions, tax_rules_on
from services.analytics.invoicing.store.rollups import locked_rollup
from services.analytics.invoicing.store.rows import Stored
from services.analytics.quoting import (
    OfSpans,
    Subscriptions,
    billable_of,
    items_of,
    quote,
    usage_spans,
)
from services.analytics.usage.store.periods import (
    Adjustment,
    PeriodUsage,
    claim_adjustments,
    open_adjustments,
    release_adjustments,
    usage_of_period,
    usage_of_spans,
)
from services.common.access import ALL
from services.common.database import Database
from services.common.errors import Aborted, FailedPrecondition
from services.common.periods import Period, month_of

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["PageDrafting"]


@dataclass(frozen=True, slots=True)
class _Page:
    """What is known of the tenants of a page before anything is priced."""

    period: Period
    standing: Mapping[str, Stored]
    """The living invoices, by tenant."""
    usage: Sequence[PeriodUsage]
    late: Sequence[LateMonth]
    regions: Mapping[str, str]
    rules: Mapping[str, TaxRule]


@dataclass(slots=True)
class _Made:
    """What becomes of the tenants of a page."""

    skipped: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    """Drafted by this roll-up already: an answer was lost."""
    replaced: list[UUID] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    claims: list[Adjustment] = field(default_factory=list)
    failures: dict[str, CannotBill] = field(default_factory=dict)

    def outcomes(self, written: AbstractSet[str]) -> list[TenantOutcome]:
        """A line for each tenant."""
        return [
            *(TenantOutcome(one, Outcome.DRAFTED) for one in sorted(self.kept | written)),
            *(TenantOutcome(one, Outcome.SKIPPED) for one in sorted(self.skipped)),
            *(
                TenantOutcome(tenant, Outcome.FAILED, why.deployment_id, why.reason, why.message)
                for tenant, why in sorted(self.failures.items())
            ),
        ]


class PageDrafting:
    """Drafts tenants with what the catalog quotes for them."""

    def __init__(
        self, database: Database, catalog: "PricingServiceAsyncStub", *, tax_region: str
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._tax_region = tax_region

    async def draft(self, rollup: Stored, tenant_ids: Sequence[str], at: datetime) -> None:
        """Drafts these tenants of a roll-up, and keeps what became of each.

        Raises FailedPrecondition when the roll-up does not draft (any more), Aborted when
        late usage was billed by another one meanwhile, or more of it came.
        """
        page = await self._read(rollup, tenant_ids)
        made = _sorted_out(rollup, page)
        todo = [tenant for tenant in tenant_ids if tenant not in made.skipped | made.kept]
        parts, made.failures = await self._priced(page, todo)
        for tenant in todo:
            if tenant in made.failures:
                continue
            if not parts[tenant]:  # planned for late usage alone, and all of it was allowed
                made.skipped.add(tenant)
                continue
            try:
                made.drafts.append(self._draft(page, tenant, parts[tenant]))
            except CannotBill as refusal:
                made.failures[tenant] = refusal
        made.claims = [late for month in page.late for late in month.late]
        await self._write(rollup, made, at)

    async def _read(self, rollup: Stored, tenant_ids: Sequence[str]) -> _Page:
        period = month_of(rollup.period)
        async with self._database.read(ALL) as session:
            standing = {
                row.tenant_id: row
                for row in await living_invoices(session, period.start, tenant_ids)
            }
            given_up = [row.id for row in standing.values() if _is_replaced(row, rollup)]
            late: dict[Period, list[Adjustment]] = defaultdict(list)
            for adjustment in await open_adjustments(
                session, period.start, tenant_ids, given_up=given_up
            ):
                late[adjustment.service_period].append(adjustment)
            months = []
            for month, adjustments in sorted(late.items()):
                tenants = sorted({one.tenant_id for one in adjustments})
                months.append(
                    LateMonth(
                        month,
                        await usage_of_period(session, month, tenants),
                        await late_usage_billed(session, month, tenants, given_up),
                        await lines_of_late_usage(session, month, tenants, given_up),
                        adjustments,
                    )
                )
            return _Page(
                period,
                standing,
                await usage_of_period(session, period, tenant_ids),
                months,
                await tax_regions(session, tenant_ids, self._tax_region),
                await tax_rules_on(session, period.end - timedelta(days=1)),
            )

    async def _priced(
        self, page: _Page, tenant_ids: Sequence[str]
    ) -> tuple[dict[str, list[Part]], dict[str, CannotBill]]:
        """The parts of each tenant, and who cannot be billed."""
        parts: dict[str, list[Part]] = defaultdict(list)
        failures: dict[str, CannotBill] = {}
        subscriptions = await billable_of(self._catalog, page.period, tenant_ids)
        of_spans = await self._used_in_spans(subscriptions, page.period)
        quoted = await self._quoted(page.period, subscriptions, page.usage, of_spans, failures)
        for tenant, part in quoted:
            parts[tenant].append(part)
        for month in page.late:
            wanted = {one.tenant_id for one in month.late} & set(tenant_ids)
            for tenant, part in await self._late_parts(month, sorted(wanted), failures):
                parts[tenant].append(part)
        return parts, failures

    async def _late_parts(
        self, month: LateMonth, tenant_ids: Sequence[str], failures: dict[str, CannotBill]
    ) -> list[tuple[str, Part]]:
        deployments = {one.deployment_id for one in month.late}
        everyone = await billable_of(self._catalog, month.period, tenant_ids)
        # Of several subscriptions of a deployment, the last one bears what came late.
        last = {one.subscription.deployment_id: one for one in everyone}
        subscriptions = [last[one] for one in last if one in deployments]
        of_spans = await self._used_in_spans(everyone, month.period)
        month = month.borne_by([one.subscription.id for one in subscriptions], of_spans)
        billed = await self._quoted(month.period, subscriptions, month.metered, {}, failures)
        now = await self._quoted(month.period, subscriptions, month.known_now(), {}, failures)
        before = {part.proof.subscription_id: part for _, part in billed}
        made = []
        for tenant, part in now:
            known = before.get(part.proof.subscription_id)
            if known is not None:
                adjusted = month.lines.get((tenant, part.deployment_id), ())
                lines = adjustment_lines([*known.lines, *adjusted], part.lines)
                made.append((tenant, replace(part, lines=lines)))
        return [(tenant, part) for tenant, part in made if part.lines]

    async def _used_in_spans(self, subscriptions: Subscriptions, period: Period) -> OfSpans:
        spans = usage_spans(subscriptions, period)
        if not spans:
            return {}
        async with self._database.read(ALL) as session:
            return await usage_of_spans(session, spans)

    async def _quoted(
        self,
        period: Period,
        subscriptions: Subscriptions,
        usage: Sequence[PeriodUsage],
        of_spans: OfSpans,
        failures: dict[str, CannotBill],
    ) -> list[tuple[str, Part]]:
        if not subscriptions:
            return []
        outcomes = await quote(self._catalog, period, items_of(subscriptions, usage, of_spans))
        made: list[tuple[str, Part]] = []
        for subscription, outcome in zip(subscriptions, outcomes, strict=True):
            tenant = subscription.subscription.tenant_id
            if outcome.quote is None:
                deployment = subscription.subscription.deployment_id
                failures.setdefault(tenant, CannotBill(outcome.reason, outcome.message, deployment))
            else:
                made.append((tenant, part_of(subscription, outcome.quote, period)))
        return made

    def _draft(self, page: _Page, tenant: str, parts: Sequence[Part]) -> Draft:
        region = page.regions[tenant]
        rule = page.rules.get(region)
        if rule is None:
            raise CannotBill(
                "NO_TAX_RULE_IN_FORCE", f"no tax rule of {region} is in force in the period"
            )
        return assemble(tenant, page.period, parts, rule)

    async def _write(self, rollup: Stored, made: _Made, at: datetime) -> None:
        async with self._database.write(ALL) as session:
            current = await locked_rollup(session, rollup.id, shared=True)
            if current.status != RollupStatus.RUNNING or current.decision:
                raise FailedPrecondition(
                    f"the roll-up is {current.status}: nothing is drafted",
                    reason="ROLLUP_NOT_DRAFTING",
                    metadata={"status": current.status},
                )
            if made.replaced:
                await release_adjustments(session, made.replaced)
                await delete_drafts(session, made.replaced)
            ids = await insert_drafts(session, rollup.id, rollup.period, made.drafts, at)
            beaten = [draft.tenant_id for draft in made.drafts if draft.tenant_id not in ids]
            for row in await living_invoices(session, rollup.period, beaten):
                # Drafted meanwhile: by the same page, sent twice, or by somebody else.
                (made.kept if row.rollup_id == rollup.id else made.skipped).add(row.tenant_id)
            billed_on = {
                claim: ids[claim.tenant_id] for claim in made.claims if claim.tenant_id in ids
            }
            if len(await claim_adjustments(session, billed_on)) != len(billed_on):
                raise Aborted(
                    "late usage is on another invoice, or more of it came",
                    reason="LATE_USAGE_MOVED",
                )
            await record_outcomes(session, rollup.id, made.outcomes(ids.keys()), at)


def _is_replaced(invoice: Stored, rollup: Stored) -> bool:
    """Whether a roll-up gives up a standing invoice for a new draft."""
    ours = invoice.rollup_id == rollup.id
    return bool(rollup.force and not ours and invoice.status == InvoiceStatus.DRAFT)


def _sorted_out(rollup: Stored, page: _Page) -> _Made:
    """Who has an invoice and is skipped, whose draft is this roll-up's own, which to replace."""
    made = _Made()
    for tenant, invoice in page.standing.items():
        if invoice.status != InvoiceStatus.DRAFT:
            made.skipped.add(tenant)
        elif invoice.rollup_id == rollup.id:
            made.kept.add(tenant)
        elif _is_replaced(invoice, rollup):
            made.replaced.append(invoice.id)
        else:
            made.skipped.add(tenant)
    return made
