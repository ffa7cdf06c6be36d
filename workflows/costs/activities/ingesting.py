"""Activities that stream invoices and daily estimates from the provider to billing."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import ingest_service_pb2 as pb
from grpc.aio import AioRpcError
from temporalio import activity

from contracts.costs import InvoiceIngestInput
from providers.digitalocean import billing as provider_billing
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import NotFound, ProviderError
from services.common.rpc.messages import message_of
from workflows.costs.payloads import (
    CompletedIngest,
    DailyCostsInput,
    DailyCostsResult,
    FailIngestInput,
    IngestInput,
    ItemsCursor,
    UploadProgress,
)
from workflows.durable.activities import service_activity
from workflows.durable.errors import reason_of_refusal
from workflows.durable.heartbeats import beating, reached_before
from workflows.durable.reasons import final_failure

if TYPE_CHECKING:
    from arcadia.billing.v1.ingest_service_pb2_grpc import IngestServiceAsyncStub

__all__ = ["IngestActivities"]

BILLING: Final = "billing"
MALFORMED: Final = "MALFORMED_CSV"
"""Billing's error reason for an unreadable row; the message has row, column and cause."""

PAGES_A_CALL: Final = 20
"""Pages of 200 items per call, within the message limit."""

UPLOAD_SECONDS: Final = 4 * 3600.0
DAILY_SECONDS: Final = 3600.0
COMPLETE_SECONDS: Final = 3600.0
"""Timeout of replacing millions of lines in one transaction."""

MAX_REASON: Final = 1_000


class IngestActivities:
    """Uses the provider's client and the billing service's IngestService."""

    def __init__(self, provider: DigitalOcean, ingest: "IngestServiceAsyncStub") -> None:
        self._provider = provider
        self._ingest = ingest

    @service_activity(BILLING, doing="beginning the ingest")
    async def begin_ingest(self, request: InvoiceIngestInput) -> str:
        """Opens the ingest of this run; returns its id."""
        info = activity.info()
        answer = await self._ingest.BeginIngest(
            pb.BeginIngestRequest(
                provider_invoice_id=request.provider_invoice_id,
                key=f"{info.workflow_id}/{info.workflow_run_id}",
            )
        )
        return answer.ingest_id

    @service_activity(BILLING, doing="reading the CSV form")
    async def upload_csv(self, request: IngestInput) -> UploadProgress:
        """Streams the CSV form to staging. A retry starts again and replaces the staged rows."""
        sent = 0

        async def pieces() -> AsyncGenerator[pb.UploadInvoiceCsvRequest, None]:
            nonlocal sent
            yield pb.UploadInvoiceCsvRequest(ingest_id=request.ingest_id)
            uuid = request.invoice.invoice_uuid
            async with provider_billing.invoice_csv(self._provider, uuid) as chunks:
                async for chunk in chunks:
                    yield pb.UploadInvoiceCsvRequest(chunk=chunk)
                    sent += len(chunk)
            yield pb.UploadInvoiceCsvRequest(total_bytes=sent)

        try:
            async with beating(lambda: UploadProgress(sent)):
                answer = await _streamed(self._ingest.UploadInvoiceCsv, pieces(), UPLOAD_SECONDS)
        except AioRpcError as error:
            if reason_of_refusal(error) == MALFORMED:
                where = str(error.details()).removeprefix("chunk: ")
                raise final_failure("MalformedBill", where) from None
            raise
        return UploadProgress(sent, answer.row_count, answer.amount_usd)

    @service_activity(BILLING)
    async def replace_daily_costs(self, request: DailyCostsInput) -> DailyCostsResult:
        """Replaces the estimates of a span atomically."""
        sent = 0

        async def pieces() -> AsyncGenerator[pb.ReplaceDailyCostsRequest, None]:
            nonlocal sent
            first, end = request.from_day, request.to_day
            yield pb.ReplaceDailyCostsRequest(from_day=first.isoformat(), to_day=end.isoformat())
            urn = await provider_billing.account_urn(self._provider)
            last = end - timedelta(days=1)
            async for page in provider_billing.insight_pages(self._provider, urn, first, last):
                yield pb.ReplaceDailyCostsRequest(daily_costs=map(_daily_cost, page))
                sent += len(page)
            yield pb.ReplaceDailyCostsRequest(total_rows=sent)

        async with beating(lambda: DailyCostsResult(sent)):
            answer = await _streamed(self._ingest.ReplaceDailyCosts, pieces(), DAILY_SECONDS)
        return DailyCostsResult(answer.row_count, answer.amount_usd)

    @service_activity(BILLING, doing="reading the JSON form")
    async def record_items(self, request: IngestInput) -> ItemsCursor:
        """Stages the JSON form, resuming from the cursor of an earlier attempt."""
        walk = _ItemsWalk(
            self._provider, self._ingest, request, reached_before(ItemsCursor) or ItemsCursor()
        )
        async with beating(lambda: walk.cursor):
            await walk.run()
        return walk.cursor

    @service_activity(BILLING, heartbeat=True, doing="replacing the lines")
    async def complete_ingest(self, request: IngestInput) -> CompletedIngest:
        """Replaces the invoice's lines and reconciles them with the provider's summary."""
        answer = await self._ingest.CompleteIngest(
            pb.CompleteIngestRequest(
                ingest_id=request.ingest_id,
                summary=await self._summary(request.invoice.invoice_uuid),
            ),
            timeout=COMPLETE_SECONDS,
        )
        return _completed(answer.provider_invoice)

    @service_activity(BILLING, doing="closing the failed ingest")
    async def fail_ingest(self, request: FailIngestInput) -> None:
        """Closes a failed ingest; the lines of the last successful one are kept."""
        await self._ingest.FailIngest(
            pb.FailIngestRequest(ingest_id=request.ingest_id, reason=request.reason[:MAX_REASON])
        )

    async def _summary(self, invoice_uuid: str) -> pb.InvoiceSummary | None:
        """None if the provider has none."""
        try:
            said = await provider_billing.summary(self._provider, invoice_uuid)
        except NotFound:
            return None
        return message_of(pb.InvoiceSummary, said)


async def _streamed(rpc: Any, messages: AsyncGenerator[Any, None], seconds: float) -> Any:
    """Streams messages to billing; raises errors of the provider or the service."""
    failure: ProviderError | None = None

    async def watched() -> AsyncIterator[Any]:
        nonlocal failure
        try:
            async with aclosing(messages):
                async for message in messages:
                    yield message
        except ProviderError as error:
            failure = error
            raise

    try:
        return await rpc(watched(), timeout=seconds)
    except asyncio.CancelledError:
        # gRPC cancels a stream whose source fails, and hides the failure.
        if failure is not None:
            raise failure from None
        raise


class _ItemsWalk:
    """Stages pages of the JSON form while the next pages are being read."""

    def __init__(
        self,
        provider: DigitalOcean,
        ingest: "IngestServiceAsyncStub",
        request: IngestInput,
        cursor: ItemsCursor,
    ) -> None:
        self._provider = provider
        self._ingest = ingest
        self._request = request
        self.cursor = cursor
        """The cursor; everything before it is recorded."""

    async def run(self) -> None:
        """Stages from the cursor to the end."""
        uuid = self._request.invoice.invoice_uuid
        pages = provider_billing.item_pages(self._provider, uuid, first=self.cursor.page)
        sending: asyncio.Task[None] | None = None
        first, items = self.cursor.page, list[pb.InvoiceItem]()
        try:
            async with aclosing(pages):
                async for page in pages:
                    items += (message_of(pb.InvoiceItem, item) for item in page.items)
                    for odd in page.unreadable:
                        activity.logger.warning("a line of invoice %s has no id: %s", uuid, odd)
                    # Every attempt groups the same pages, so that each group replaces itself.
                    if page.number % PAGES_A_CALL == 0:
                        if sending is not None:
                            await sending
                        sending = asyncio.create_task(self._send(first, items, page.number + 1))
                        first, items = page.number + 1, []
            if sending is not None:
                await sending
            await self._send(first, items, first)
        finally:
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    async def _send(self, first: int, items: list[pb.InvoiceItem], following: int) -> None:
        answer = await self._ingest.RecordInvoiceItems(
            pb.RecordInvoiceItemsRequest(ingest_id=self._request.ingest_id, page=first, items=items)
        )
        self.cursor = ItemsCursor(following, answer.item_count)


def _daily_cost(insight: provider_billing.Insight) -> costs_pb2.DailyCost:
    return costs_pb2.DailyCost(
        day=insight.day.isoformat(),
        region=insight.region,
        sku=insight.sku,
        description=insight.description,
        group_description=insight.group_description,
        amount_usd=insight.amount_usd,
    )


def _completed(invoice: costs_pb2.ProviderInvoice) -> CompletedIngest:
    sums = invoice.reconciliation
    agreed = {True: "balanced", False: "residual"}[sums.balanced]
    return CompletedIngest(
        period=invoice.period[:7],
        line_count=invoice.line_count,
        total_usd=sums.total_usd,
        residual_usd=sums.residual_usd,
        outcome=agreed if sums.HasField("balanced") else "unconfirmed",
    )
