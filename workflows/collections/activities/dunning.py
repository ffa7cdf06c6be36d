"""Reads unpaid invoices from analytics, starts dunnings and posts notices."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import orjson
from arcadia.analytics.v1 import invoices_pb2
from arcadia.analytics.v1 import invoicing_service_pb2 as pb
from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.collections import DunningSweepInput, dunning
from services.common.values.periods import read_day
from workflows.collections.payloads import (
    Noticed,
    Overdue,
    OverdueInput,
    PastDueNotices,
    PastDueResult,
    SweepPlace,
    TenantNotice,
)
from workflows.durable.activities import page_by_page, service_activity, start_all
from workflows.durable.signed_posts import Receipt, SignedPosts

if TYPE_CHECKING:
    from arcadia.analytics.v1.invoicing_service_pb2_grpc import InvoicingServiceAsyncStub

__all__ = ["NOWHERE", "DunningActivities", "TenantNoticeActivities", "noticed"]

SERVICE: Final = "analytics"
INVOICES_A_PAGE: Final = 500


class DunningActivities:
    """Uses the analytics service."""

    def __init__(self, steps: "InvoicingServiceAsyncStub") -> None:
        self._steps = steps

    @service_activity(SERVICE)
    async def start_dunning(self, request: DunningSweepInput) -> int:
        """Starts missing dunnings; returns the number of overdue tenants."""

        async def start(place: SweepPlace) -> SweepPlace:
            page = await _overdue_page(self._steps, request.today, page_token=place.page_token)
            # A tenant may be on more than one page; starting its dunning twice has no effect.
            tenants = {invoice.tenant_id for invoice in page.invoices}
            await start_all(dunning(tenant_id, request.terms) for tenant_id in sorted(tenants))
            return SweepPlace(page.next_page_token, place.tenant_count + len(tenants))

        return (await page_by_page(SweepPlace(), start)).tenant_count

    @service_activity(SERVICE)
    async def read_overdue(self, request: OverdueInput) -> Overdue:
        """The unpaid invoices of a tenant."""
        page = await _overdue_page(self._steps, request.today, tenant_id=request.tenant_id)
        if not page.invoices:
            return Overdue()
        first = page.invoices[0]
        return Overdue(len(page.invoices), first.number, first.due_on)


async def _overdue_page(
    steps: "InvoicingServiceAsyncStub", due_before: str, **filters: str
) -> pb.ListOverdueInvoicesResponse:
    """A page of the unpaid invoices due before a day."""
    return await steps.ListOverdueInvoices(
        pb.ListOverdueInvoicesRequest(due_before=due_before, page_size=INVOICES_A_PAGE, **filters)
    )


POSTS_AT_ONCE: Final = 8
NOWHERE: Final = "ARCADIA_NOTICE_URL is not set"


class TenantNoticeActivities:
    """Uses the analytics service, and the notice URL if configured."""

    def __init__(self, steps: "InvoicingServiceAsyncStub", notices: SignedPosts | None) -> None:
        self._steps = steps
        self._notices = notices

    @activity.defn
    async def post_tenant_notice(self, notice: TenantNotice) -> Noticed:
        """Posts a notice. Fails if it is not accepted."""
        return noticed(await self._post(notice))

    @service_activity(SERVICE)
    async def tell_of_past_due(self, request: PastDueNotices) -> PastDueResult:
        """Posts a notice for each unpaid invoice that becomes due soon."""
        if self._notices is None:
            return PastDueResult()
        turns = asyncio.Semaphore(POSTS_AT_ONCE)

        async def post(invoice: invoices_pb2.Invoice) -> Receipt:
            async with turns:
                return await self._post(_of_invoice(invoice))

        async def tell(told: PastDueResult) -> PastDueResult:
            page = await _overdue_page(self._steps, request.until, page_token=told.page_token)
            # Invoices that are past due have a dunning, which posts their notices.
            due = [one for one in page.invoices if one.due_on >= request.today]
            told = _with(told, await asyncio.gather(*map(post, due)))
            return replace(told, page_token=page.next_page_token)

        return await page_by_page(PastDueResult(), tell)

    async def _post(self, notice: TenantNotice) -> Receipt:
        if self._notices is None:
            return Receipt(is_delivered=False, reason=NOWHERE)
        document = asdict(notice)
        document["id"] = document.pop("key")
        body = orjson.dumps({"notice": document}, option=orjson.OPT_SORT_KEYS)
        return await self._notices.post(notice.key, body, datetime.now(UTC))


def noticed(receipt: Receipt) -> Noticed:
    """Whether a notice was delivered. Raises a failure that is worth a retry."""
    if not receipt.is_delivered and not receipt.is_final:
        raise ApplicationError(receipt.reason, type="NoticeNotTaken")
    return Noticed(receipt.is_delivered, receipt.reason)


def _of_invoice(invoice: invoices_pb2.Invoice) -> TenantNotice:
    day = read_day(invoice.due_on, "due_on") + timedelta(days=1)
    return TenantNotice(
        key=f"past-due/{invoice.id}",
        action="past_due",
        tenant_id=invoice.tenant_id,
        at=f"{day}T00:00:00Z",
        what="the tenant's active deployments will be past due, and will be suspended later",
        why=f"invoice {invoice.number} is due on {invoice.due_on} and has not been paid",
        what_to_do=f"pay invoice {invoice.number} by {invoice.due_on}",
    )


def _with(told: PastDueResult, receipts: Sequence[Receipt]) -> PastDueResult:
    untold = [receipt for receipt in receipts if not receipt.is_delivered]
    return replace(
        told,
        told_count=told.told_count + len(receipts) - len(untold),
        untold_count=told.untold_count + len(untold),
        reason=untold[-1].reason if untold else told.reason,
    )
