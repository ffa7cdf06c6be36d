"""IngestService: workers ingest the provider's bills."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from arcadia.billing.v1 import ingest_service_pb2 as pb
from arcadia.billing.v1 import ingest_service_pb2_grpc

from services.billing.costs.messages import invoice_message, match_message
from services.billing.ingest import ingest_requests
from services.billing.ingest.lifecycle import begin_ingest, complete_ingest, fail_ingest
from services.billing.ingest.match import (
    InventoryLookup,
    match_page,
    match_span,
    page_of,
    prepare_invoice,
    prepare_staged,
)
from services.billing.ingest.store import headers
from services.billing.ingest.store.daily_costs import replace_daily_costs
from services.billing.ingest.store.history import keep_entries
from services.billing.ingest.store.ingests import finish_lines, stage_items, stage_lines
from services.billing.ingest.uploads import DailyUpload, Upload
from services.common.db.database import Database
from services.common.errors import InvalidArgument, Unavailable
from services.common.identity.callers import current_caller
from services.common.rpc.messages import page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context, internal_page_size
from services.common.values.money import plain

__all__ = ["IngestServicer"]

LINES_A_PAGE: Final = 10_000
MAX_LINES: Final = 50_000

log = structlog.get_logger()


class IngestServicer(ingest_service_pb2_grpc.IngestServiceServicer):
    """The ingest calls of workers."""

    def __init__(self, database: Database, inventory: InventoryLookup) -> None:
        self._database = database
        self._inventory = inventory

    async def RecordBillingHistory(
        self, request: pb.RecordBillingHistoryRequest, context: Context
    ) -> pb.RecordBillingHistoryResponse:
        """Records a page of the history and upserts the headers of its invoices."""
        entries = ingest_requests.history_entries(request)
        walk_key = ingest_requests.words("walk_key", request.walk_key)
        async with self._database.write(current_caller().scope) as session:
            counts = await headers.record_history(session, entries)
            if walk_key:
                await keep_entries(session, walk_key, entries, is_last_page=request.is_last_page)
        return pb.RecordBillingHistoryResponse(
            discovered_count=counts.discovered,
            updated_count=counts.updated,
            unchanged_count=counts.unchanged,
            unreadable=[
                f"{entry.type} {entry.invoice_uuid or entry.description}: {entry.unreadable}"
                for entry in entries
                if entry.unreadable
            ],
        )

    async def ListPendingInvoices(
        self, request: pb.ListPendingInvoicesRequest, context: Context
    ) -> pb.ListPendingInvoicesResponse:
        """Lists the invoices that are not ingested, oldest first."""
        asked = page_request(request, ("pending invoices",), datetime, UUID)
        async with self._database.read(current_caller().scope) as session:
            pending = await headers.list_pending(session, asked)
        return page_message(pb.ListPendingInvoicesResponse, pending, invoice_message)

    async def BeginIngest(
        self, request: pb.BeginIngestRequest, context: Context
    ) -> pb.BeginIngestResponse:
        """Opens an empty ingest. Idempotent by key."""
        invoice_id = ingest_requests.uuid_of("provider_invoice_id", request.provider_invoice_id)
        key = ingest_requests.required("key", request.key)
        async with self._database.write(current_caller().scope) as session:
            ingest, invoice = await begin_ingest(session, invoice_id, key)
        return pb.BeginIngestResponse(
            ingest_id=str(ingest.id), provider_invoice=invoice_message(invoice)
        )

    async def UploadInvoiceCsv(
        self, request_iterator: AsyncIterator[pb.UploadInvoiceCsvRequest], context: Context
    ) -> pb.UploadInvoiceCsvResponse:
        """Stages the CSV form from a stream; replaces earlier staged rows atomically."""
        first = await anext(request_iterator, None)
        if first is None:
            raise InvalidArgument("ingest_id", "is required", reason="FIELD_REQUIRED")
        ingest_id = ingest_requests.uuid_of("ingest_id", first.ingest_id)
        upload = Upload(request_iterator)
        async with (
            self._database.write(current_caller().scope) as session,
            aclosing(upload.pieces(first)) as pieces,
        ):
            await stage_lines(session, ingest_id, pieces)
            await finish_lines(
                session, ingest_id, row_count=upload.row_count, amount_usd=upload.amount_usd
            )
        return pb.UploadInvoiceCsvResponse(
            row_count=upload.row_count, amount_usd=plain(upload.amount_usd)
        )

    async def RecordInvoiceItems(
        self, request: pb.RecordInvoiceItemsRequest, context: Context
    ) -> pb.RecordInvoiceItemsResponse:
        """Stages a page of the JSON form."""
        ingest_id = ingest_requests.uuid_of("ingest_id", request.ingest_id)
        if request.page < 1:
            raise InvalidArgument("page", "is counted from 1")
        items = ingest_requests.billed_items(request)
        async with self._database.write(current_caller().scope) as session:
            count = await stage_items(session, ingest_id, request.page, items)
        return pb.RecordInvoiceItemsResponse(item_count=count)

    async def CompleteIngest(
        self, request: pb.CompleteIngestRequest, context: Context
    ) -> pb.CompleteIngestResponse:
        """Replaces the invoice's lines with the staged ones."""
        ingest_id = ingest_requests.uuid_of("ingest_id", request.ingest_id)
        summary, period = ingest_requests.summary_of(request)
        scope = current_caller().scope
        if period is not None:
            async with self._database.write(scope) as session:
                await headers.prepare_month(session, period)
        try:
            async with self._database.write(scope) as session:
                await prepare_staged(session, self._inventory, ingest_id)
        except Unavailable as unavailable:
            # The lines are written unmatched, and MatchLines matches them later.
            log.warning("lines are matched later", reason=unavailable.reason)
        async with self._database.write(scope) as session:
            invoice = await complete_ingest(session, ingest_id, summary=summary, period=period)
        return pb.CompleteIngestResponse(provider_invoice=invoice_message(invoice))

    async def FailIngest(
        self, request: pb.FailIngestRequest, context: Context
    ) -> pb.FailIngestResponse:
        """Closes a failed ingest."""
        ingest_id = ingest_requests.uuid_of("ingest_id", request.ingest_id)
        reason = ingest_requests.required("reason", request.reason)
        async with self._database.write(current_caller().scope) as session:
            invoice = await fail_ingest(session, ingest_id, reason)
        return pb.FailIngestResponse(provider_invoice=invoice_message(invoice))

    async def MatchLines(
        self, request: pb.MatchLinesRequest, context: Context
    ) -> pb.MatchLinesResponse:
        """Matches a page of an invoice's lines; the first page looks up all their candidates."""
        invoice_id = ingest_requests.uuid_of("provider_invoice_id", request.provider_invoice_id)
        size = internal_page_size(request.page_size, LINES_A_PAGE, MAX_LINES)
        asked = page_request(request, ("matching", str(invoice_id)), UUID, int, size=size)
        line_set, after = asked.after or (None, 0)
        scope = current_caller().scope
        async with self._database.read(scope) as session:
            invoice = await headers.read_invoice(session, invoice_id)
        if request.unless_matched and line_set is None and invoice.matched_at is not None:
            return pb.MatchLinesResponse(matching=match_message(invoice.matching))
        page = page_of(invoice, line_set, after, size)
        async with self._database.write(scope) as session:
            await prepare_invoice(session, self._inventory, invoice, page)
        async with self._database.write(scope) as session:
            counts, is_last = await match_page(session, invoice_id, page)
        token = "" if is_last else asked.token_after((page.line_set, page.until))
        return pb.MatchLinesResponse(matching=match_message(counts), next_page_token=token)

    async def ReplaceDailyCosts(
        self, request_iterator: AsyncIterator[pb.ReplaceDailyCostsRequest], context: Context
    ) -> pb.ReplaceDailyCostsResponse:
        """Replaces the daily costs of a span from a stream."""
        upload = await DailyUpload.begun(request_iterator)
        scope = current_caller().scope
        async with self._database.write(scope) as session:
            for month in upload.months():
                await headers.prepare_month(session, month)
        async with (
            self._database.write(scope) as session,
            aclosing(upload.pieces()) as pieces,
        ):
            await replace_daily_costs(session, upload.span, pieces)
            matching = await match_span(session, self._inventory, upload.span)
        return pb.ReplaceDailyCostsResponse(
            row_count=upload.row_count,
            amount_usd=plain(upload.amount_usd),
            matching=match_message(matching),
        )
