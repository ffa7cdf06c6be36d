"""Tells tenants, at the operator's address for notices, what is about to be done to them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import orjson
from arcadia.analytics.v1 import invoices_pb2
from arcadia.analytics.v1 import invoicing_service_pb2 as pb
from temporalio import activity
from temporalio.exceptions import ApplicationError

from services.common.values.periods import read_day
from workflows.collections.payloads import (
    Noticed,
    PastDueNotices,
    PastDueResult,
    TenantNotice,
)
from workflows.durable.errors import as_failures
from workflows.durable.heartbeats import beating, reached_before
from workflows.durable.signed_posts import Receipt, SignedPosts

if TYPE_CHECKING:
    from arcadia.analytics.v1.invoicing_service_pb2_grpc import InvoicingServiceAsyncStub

__all__ = ["NOWHERE", "TenantNoticeActivities"]

SERVICE: Final = "analytics"
INVOICES_A_PAGE: Final = 500
POSTS_AT_ONCE: Final = 8
NOWHERE: Final = "ARCADIA_NOTICE_URL is not set"


class TenantNoticeActivities:
    """Needs the analytics' stub, and where to tell when there is such a place."""

    def __init__(self, steps: "InvoicingServiceAsyncStub", notices: SignedPosts | None) -> None:
        self._steps = steps
        self._notices = notices

    @activity.defn
    async def post_tenant_notice(self, notice: TenantNotice) -> Noticed:
        """Posts a notice; fails while the address does not take it."""
        receipt = await self._post(notice)
        if not receipt.is_delivered and not receipt.is_final:
            raise ApplicationError(receipt.reason, type="NoticeNotTaken")
        return Noticed(receipt.is_delivered, receipt.reason)

    @activity.defn
    async def tell_of_past_due(self, request: PastDueNotices) -> PastDueResult:
        """Posts a notice for each unpaid invoice that falls due in some days."""
        if self._notices is None:
            return PastDueResult()
        with as_failures(SERVICE):
            told = reached_before(PastDueResult) or PastDueResult()
            turns = asyncio.Semaphore(POSTS_AT_ONCE)
            async with beating(lambda: told):
                while True:
                    page = await self._steps.ListOverdueInvoices(
                        pb.ListOverdueInvoicesRequest(
                            due_before=request.until,
                            page_size=INVOICES_A_PAGE,
                            page_token=told.page_token,
                        )
                    )
                    # What is past due already has its dunning, which tells the rest.
                    due = [one for one in page.invoices if one.due_on >= request.today]
                    told = _with(told, await self._all(due, turns))
                    told = replace(told, page_token=page.next_page_token)
                    if not told.page_token:
                        return told

    async def _all(
        self, invoices: Sequence[invoices_pb2.Invoice], turns: asyncio.Semaphore
    ) -> list[Receipt]:
        async def one(invoice: invoices_pb2.Invoice) -> Receipt:
            async with turns:
                return await self._post(_of_invoice(invoice))

        return await asyncio.gather(*map(one, invoices))

    async def _post(self, notice: TenantNotice) -> Receipt:
        if self._notices is None:
            return Receipt(is_delivered=False, reason=NOWHERE)
        document = {
            "id": notice.key,
            "action": notice.action,
            "tenant_id": notice.tenant_id,
            "deployment_ids": list(notice.deployment_ids),
            "at": notice.at,
            "what": notice.what,
            "why": notice.why,
            "what_to_do": notice.what_to_do,
        }
        body = orjson.dumps({"notice": document}, option=orjson.OPT_SORT_KEYS)
        return await self._notices.post(notice.key, body, datetime.now(UTC))


def _of_invoice(invoice: invoices_pb2.Invoice) -> TenantNotice:
    day = read_day(invoice.due_on, "due_on") + timedelta(days=1)
    return TenantNotice(
        key=f"past-due/{invoice.id}",
        action="past_due",
        tenant_id=invoice.tenant_id,
        at=f"{day}T00:00:00Z",
        what="the active deployments of the tenant become past due, and are suspended later",
        why=f"invoice {invoice.number} is due on {invoice.due_on} and not paid",
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
