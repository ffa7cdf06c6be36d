"""Saves the drafts of one page of a roll-up, and what they bill, in one transaction."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.analytics.invoicing.invoices.rules.states import Outcome, RollupStatus
from services.analytics.invoicing.one_offs.store import claim_one_off_lines
from services.analytics.invoicing.rollups.read_page import Page
from services.analytics.invoicing.rollups.repricing import Repriced
from services.analytics.invoicing.rollups.rules.drafting import CannotBill, Draft
from services.analytics.invoicing.rollups.rules.rebilling import WAITING_FOR_BILL
from services.analytics.invoicing.rollups.rules.rollups import Rollup, TenantOutcome
from services.analytics.invoicing.rollups.store.billed import lock_months, other_invoices
from services.analytics.invoicing.rollups.store.drafts import (
    DraftKey,
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
)
from services.analytics.invoicing.rollups.store.rollups import locked_rollup
from services.analytics.usage.store.periods import (
    claim_changes,
    release_adjustments,
    settle_changes,
)
from services.common.db.database import Database, WriteSession
from services.common.errors import Aborted, FailedPrecondition
from services.common.identity.callers import ALL
from services.common.values.periods import month_of

__all__ = ["PageResults", "save_page"]


@dataclass(slots=True)
class PageResults:
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


async def save_page(
    database: Database, rollup: Rollup, page: Page, made: PageResults, at: datetime
) -> None:
    """Saves the drafts and outcomes of a page in one transaction.

    Raises FailedPrecondition if the roll-up is not drafting, Aborted if another invoice billed one
    of a tenant's months since the page was read.
    """
    period = page.own.period
    tenants = sorted({*page.regions})
    repriced = [one for one in made.repriced if one.tenant_id not in made.failures]
    async with database.write(ALL) as session:
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


async def _claim(
    session: WriteSession, page: Page, drafts: Sequence[Draft], ids: Mapping[DraftKey, UUID]
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
