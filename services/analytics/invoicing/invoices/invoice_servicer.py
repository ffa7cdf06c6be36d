"""InvoiceService: what tenants owe, as they and operators read it."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from arcadia.analytics.v1 import invoice_service_pb2 as pb
from arcadia.analytics.v1 import invoice_service_pb2_grpc
from google.api import httpbody_pb2
from grpc.aio import ServicerContext

from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.credit_calls import CreditCalls
from services.analytics.invoicing.invoices.document.documents import Documents
from services.analytics.invoicing.invoices.document.rendering import FORMATS, Renderer
from services.analytics.invoicing.invoices.messages import invoice_message, line_message
from services.analytics.invoicing.invoices.rules.focus import as_focus
from services.analytics.invoicing.invoices.rules.numbering import invoice_number, invoice_title
from services.analytics.invoicing.invoices.rules.states import InvoiceStatus
from services.analytics.invoicing.invoices.rules.tracing import price_of
from services.analytics.invoicing.invoices.settling_calls import SettlingCalls
from services.analytics.invoicing.invoices.store.reading import (
    InvoiceFilter,
    list_invoices,
    list_lines,
    read_invoice,
    read_line,
)
from services.analytics.invoicing.invoices.verifying_calls import VerifyingCalls
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.analytics.usage.messages import usage_message
from services.analytics.usage.store.reading import UsageFilter, list_usage
from services.common.db.database import Database
from services.common.durable import FlowClient
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.rpc.access import current_caller
from services.common.rpc.downloads import file_stem, sent_as
from services.common.rpc.paging import decode_token, encode_token, page_size
from services.common.values.clock import Clock, utc_now
from services.common.values.periods import read_day, read_month

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["InvoiceServicer"]

FOCUS = "focus"
"""The format of a downloaded invoice that is a file of its lines."""

Context = ServicerContext[Any, Any]

FIRST_LINES: Final = 500
MOST_DAYS: Final = 400
"""Of usage behind a line: one kind of one deployment in one month has at most 31."""

LARGEST_POSITION: Final = 2**31 - 1
"""Of a line, as the database keeps it: a token may be forged."""


class InvoiceServicer(
    SettlingCalls,
    CreditCalls,
    VerifyingCalls,
    invoice_service_pb2_grpc.InvoiceServiceServicer,
):
    """Invoices with their lines and documents; the mixins settle, credit and verify them."""

    def __init__(
        self,
        database: Database,
        catalog: "PricingServiceAsyncStub",
        flows: FlowClient,
        terms: Terms,
        renderer: Renderer,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._flows = flows
        self._terms = terms
        self._clock = clock
        self._documents = Documents(database, renderer, terms.payment_instructions, clock)

    async def ListInvoices(  # noqa: N802
        self, request: pb.ListInvoicesRequest, context: Context
    ) -> pb.ListInvoicesResponse:
        """Invoices, newest month first. A tenant is shown what was issued to it."""
        caller = current_caller()
        scope = caller.scope
        size = page_size(request.page_size)
        period = read_month(request.period, "period") if request.period else None
        if request.status:
            requests.word("status", request.status, list(InvoiceStatus))
        wanted = InvoiceFilter(
            requests.text("tenant_id", request.tenant_id), period, request.status
        )
        filters = ("invoices", request.tenant_id, period.code if period else "", request.status)
        position = decode_token(request.page_token, filters, (str, str))
        before = None
        if position is not None:
            before = (
                read_day(position[0], "page_token"),
                requests.uuid_of("page_token", position[1]),
            )
        async with self._database.read(scope) as session:
            rows = await list_invoices(session, scope, wanted, before=before, limit=size + 1)
        page = rows[:size]
        return pb.ListInvoicesResponse(
            invoices=[invoice_message(row, operator=caller.is_operator) for row in page],
            next_page_token=(
                encode_token(filters, (page[-1].period.isoformat(), str(page[-1].id)))
                if len(rows) > size
                else ""
            ),
        )

    async def GetInvoice(  # noqa: N802
        self, request: pb.GetInvoiceRequest, context: Context
    ) -> pb.GetInvoiceResponse:
        """One invoice with its first lines."""
        caller = current_caller()
        invoice_id = requests.uuid_of("id", request.id)
        async with self._database.read(caller.scope) as session:
            row = await read_invoice(session, caller.scope, invoice_id)
            lines = await list_lines(session, invoice_id, after=0, limit=FIRST_LINES)
        return pb.GetInvoiceResponse(
            invoice=invoice_message(row, operator=caller.is_operator),
            lines=map(line_message, lines),
        )

    async def ListInvoiceLines(  # noqa: N802
        self, request: pb.ListInvoiceLinesRequest, context: Context
    ) -> pb.ListInvoiceLinesResponse:
        """The lines of an invoice, in their order."""
        scope = current_caller().scope
        invoice_id = requests.uuid_of("invoice_id", request.invoice_id)
        size = page_size(request.page_size)
        filters = ("invoice_lines", str(invoice_id))
        position = decode_token(request.page_token, filters, (int,))
        if position and not 0 <= position[0] <= LARGEST_POSITION:
            raise InvalidArgument("page_token", "is not one of ours")
        async with self._database.read(scope) as session:
            await read_invoice(session, scope, invoice_id)
            rows = await list_lines(
                session, invoice_id, after=position[0] if position else 0, limit=size + 1
            )
        page = rows[:size]
        return pb.ListInvoiceLinesResponse(
            lines=map(line_message, page),
            next_page_token=(
                encode_token(filters, (page[-1].position,)) if len(rows) > size else ""
            ),
        )

    async def TraceInvoiceLine(  # noqa: N802
        self, request: pb.TraceInvoiceLineRequest, context: Context
    ) -> pb.TraceInvoiceLineResponse:
        """What a line comes from: its price row, and the days of usage behind it."""
        scope = current_caller().scope
        invoice_id = requests.uuid_of("invoice_id", request.invoice_id)
        line_id = requests.uuid_of("line_id", request.line_id)
        async with self._database.read(scope) as session:
            invoice = await read_invoice(session, scope, invoice_id)
            line = await read_line(session, invoice_id, line_id)
            days = []
            if line.kind in ("overage", "ad_hoc", "adjustment"):
                wanted = UsageFilter(
                    tenant_id=invoice.tenant_id,
                    deployment_id=line.deployment_id,
                    resource_kind=line.resource_kind,
                    from_day=line.service_start,
                    to_day=line.service_end,
                )
                days = [*await list_usage(session, scope, wanted, after=None, limit=MOST_DAYS)]
        price_type, price_id = price_of(line.kind, line.meta)
        return pb.TraceInvoiceLineResponse(
            line=line_message(line),
            price_type=price_type,
            price_id=price_id,
            daily_usage=map(usage_message, reversed(days)),
        )

    async def DownloadInvoice(  # noqa: N802
        self, request: pb.DownloadInvoiceRequest, context: Context
    ) -> httpbody_pb2.HttpBody:
        """The invoice as a document."""
        caller = current_caller()
        invoice_id = requests.uuid_of("id", request.id)
        wanted = requests.word("format", request.format, (*FORMATS, FOCUS))
        async with self._database.read(caller.scope) as session:
            row = await read_invoice(session, caller.scope, invoice_id)
            if wanted != FOCUS:
                lines = []
            elif row.status == InvoiceStatus.VOID:
                raise FailedPrecondition(
                    "the invoice is void: it bills nothing", reason="INVOICE_VOID"
                )
            else:
                lines = [*await list_lines(session, invoice_id, after=0, limit=None)]
        if wanted == FOCUS:
            file = await asyncio.to_thread(as_focus, row, lines)
            body = httpbody_pb2.HttpBody(content_type="text/csv; charset=utf-8", data=file)
        else:
            body = await self._documents.of_invoice(row, wanted)
        title = invoice_title(
            row.id, row.number, status=row.status, kind=row.kind, tenant_id=row.tenant_id,
            period=row.period, currency=row.currency,
        )  # fmt: skip
        return await sent_as(file_stem(*title), body, context)

    async def DownloadVoidNotice(  # noqa: N802
        self, request: pb.DownloadVoidNoticeRequest, context: Context
    ) -> httpbody_pb2.HttpBody:
        """What says that an issued invoice was voided, as a document."""
        caller = current_caller()
        invoice_id = requests.uuid_of("id", request.id)
        wanted = requests.word("format", request.format, FORMATS)
        async with self._database.read(caller.scope) as session:
            row = await read_invoice(session, caller.scope, invoice_id)
            if row.status != InvoiceStatus.VOID or row.number is None:
                raise FailedPrecondition(
                    f"the invoice is {row.status}: only one that was issued and voided has a"
                    " void notice",
                    reason="INVOICE_NOT_VOID",
                )
        body = await self._documents.of_void(row, wanted)
        return await sent_as(file_stem(invoice_number(row.number), "void"), body, context)
