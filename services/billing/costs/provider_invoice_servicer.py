"""ProviderInvoiceService: the provider's bills, for operators."""

from datetime import datetime
from uuid import UUID

from arcadia.billing.v1 import provider_invoice_service_pb2 as pb
from arcadia.billing.v1 import provider_invoice_service_pb2_grpc
from arcadia.common.v1 import runs_pb2

from contracts.costs import InvoiceIngestInput, cost_rematch, invoice_ingest
from services.billing.costs import requests
from services.billing.costs.messages import (
    RUN_STATUSES,
    entry_message,
    history_message,
    invoice_message,
)
from services.billing.costs.store.provider_invoices import (
    InvoiceFilter,
    find_invoice,
    ingested_invoices,
    list_invoices,
)
from services.billing.ingest.ingest_requests import required, uuid_of
from services.billing.ingest.lifecycle import unwaive, waive
from services.billing.ingest.rules.reconciling import IngestStatus, ProviderInvoice
from services.billing.ingest.store.history import EntryFilter, list_entries, sum_of_history
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.durable import FlowClient, Started
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.messages import page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context

__all__ = ["ProviderInvoiceServicer"]


class ProviderInvoiceServicer(provider_invoice_service_pb2_grpc.ProviderInvoiceServiceServicer):
    """Reads provider invoices, and starts ingests and matching."""

    def __init__(self, database: Database, flows: FlowClient) -> None:
        self._database = database
        self._flows = flows

    async def ListProviderInvoices(
        self, request: pb.ListProviderInvoicesRequest, context: Context
    ) -> pb.ListProviderInvoicesResponse:
        """Lists invoices, newest first."""
        wanted = InvoiceFilter(
            requests.month("period", request.period).start if request.period else None,
            requests.one_of("ingest_status", request.ingest_status, tuple(IngestStatus)),
            requests.flag("balanced", request.balanced),
            requests.flag("waived", request.waived),
        )
        asked = page_request(request, ("provider invoices", str(wanted)), datetime, UUID)
        async with self._database.read(current_caller().scope) as session:
            found = await list_invoices(session, wanted, asked)
        return page_message(pb.ListProviderInvoicesResponse, found, invoice_message)

    async def GetProviderInvoice(
        self, request: pb.GetProviderInvoiceRequest, context: Context
    ) -> pb.GetProviderInvoiceResponse:
        """Returns an invoice with its reconciliation."""
        invoice_id = uuid_of("id", request.id)
        async with self._database.read(current_caller().scope) as session:
            invoice = await find_invoice(session, invoice_id)
        return pb.GetProviderInvoiceResponse(provider_invoice=invoice_message(invoice))

    @once
    async def IngestProviderInvoice(
        self, session: WriteSession, request: pb.IngestProviderInvoiceRequest, context: Context
    ) -> pb.IngestProviderInvoiceResponse:
        """Starts or repeats the ingest of an invoice."""
        invoice_id = uuid_of("id", request.id)
        invoice = await find_invoice(session, invoice_id)
        message = invoice_message(invoice)
        started = await self._flows.start(invoice_ingest(_input(invoice)))
        message.run.CopyFrom(_running(started))
        return pb.IngestProviderInvoiceResponse(provider_invoice=message)

    @once
    async def WaiveProviderInvoice(
        self, session: WriteSession, request: pb.WaiveProviderInvoiceRequest, context: Context
    ) -> pb.WaiveProviderInvoiceResponse:
        """Waives an invoice that can never be read."""
        invoice_id = uuid_of("id", request.id)
        reason = required("reason", request.reason.strip())
        caller = current_caller()
        await waive(session, invoice_id, reason=reason, by=caller.subject)
        invoice = await find_invoice(session, invoice_id)
        return pb.WaiveProviderInvoiceResponse(provider_invoice=invoice_message(invoice))

    @once
    async def UnwaiveProviderInvoice(
        self, session: WriteSession, request: pb.UnwaiveProviderInvoiceRequest, context: Context
    ) -> pb.UnwaiveProviderInvoiceResponse:
        """Removes a waiver, so that the invoice is due again."""
        invoice_id = uuid_of("id", request.id)
        await unwaive(session, invoice_id)
        invoice = await find_invoice(session, invoice_id)
        return pb.UnwaiveProviderInvoiceResponse(provider_invoice=invoice_message(invoice))

    async def ListBillingHistory(
        self, request: pb.ListBillingHistoryRequest, context: Context
    ) -> pb.ListBillingHistoryResponse:
        """Lists the billing history, newest first, with its reconciliation."""
        wanted = EntryFilter(
            requests.words("type", request.type),
            requests.flag("unreadable", request.unreadable),
        )
        asked = page_request(request, ("billing history", str(wanted)), datetime, UUID)
        async with self._database.read(current_caller().scope) as session:
            found = await list_entries(session, wanted, asked)
            whole = history_message(await sum_of_history(session))
        return page_message(
            pb.ListBillingHistoryResponse, found, entry_message, reconciliation=whole
        )

    @once
    async def RematchCostLines(
        self, session: WriteSession, request: pb.RematchCostLinesRequest, context: Context
    ) -> pb.RematchCostLinesResponse:
        """Starts matching lines again: of one invoice, of a month, or of all."""
        invoice_id, period = None, None
        if request.provider_invoice_id:
            invoice_id = uuid_of("provider_invoice_id", request.provider_invoice_id)
            if request.period:
                raise InvalidArgument("period", "must be unset when provider_invoice_id is given")
        elif request.period:
            period = requests.month("period", request.period)
        what = str(invoice_id or (period.code if period else "all"))
        found = (
            [await find_invoice(session, invoice_id)]
            if invoice_id
            else await ingested_invoices(session, period.start if period else None)
        )
        bills = [_input(one) for one in found if one.ingest_id is not None]
        if not bills:
            raise FailedPrecondition("there are no lines to match", reason="NOT_INGESTED")
        started = await self._flows.start(cost_rematch(what, bills))
        return pb.RematchCostLinesResponse(run=_running(started))


def _input(invoice: ProviderInvoice) -> InvoiceIngestInput:
    period = f"{invoice.period:%Y-%m}" if invoice.period else ""
    return InvoiceIngestInput(str(invoice.id), invoice.invoice_uuid, period)


def _running(started: Started) -> runs_pb2.Run:
    return runs_pb2.Run(
        workflow_id=started.workflow_id, run_id=started.run_id, status=RUN_STATUSES["open"]
    )
