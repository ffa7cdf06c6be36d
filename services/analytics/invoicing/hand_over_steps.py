"""The steps of InvoicingService by which invoices reach accounts receivable, and are chased."""

from typing import Any

from arcadia.analytics.v1 import invoicing_service_pb2 as pb
from grpc.aio import ServicerContext

from services.analytics.invoicing import requests
from services.analytics.invoicing.clock import Clock
from services.analytics.invoicing.messages import invoice_message, line_message
from services.analytics.invoicing.states import HandOverStatus
from services.analytics.invoicing.store.hand_overs import Attempt, list_pending, record_attempt
from services.analytics.invoicing.store.reading import list_lines, list_overdue, read_invoice
from services.common.access import ALL
from services.common.database import Database
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.paging import decode_token, encode_token, page_size
from services.common.periods import read_day

__all__ = ["HandOverSteps"]

Context = ServicerContext[Any, Any]


class HandOverSteps:
    """What is to be handed over, and what became of it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def ListPendingHandOvers(  # noqa: N802
        self, request: pb.ListPendingHandOversRequest, context: Context
    ) -> pb.ListPendingHandOversResponse:
        """The issued invoices that accounts receivable does not have yet, by number."""
        rollup_id = requests.uuid_or_none("rollup_id", request.rollup_id)
        size = page_size(request.page_size)
        filters = ("pending_hand_overs", request.rollup_id)
        position = decode_token(request.page_token, filters, (int,))
        async with self._database.read(ALL) as session:
            rows = await list_pending(
                session,
                rollup_id=rollup_id,
                after=position[0] if position else 0,
                limit=size + 1,
            )
        page = rows[:size]
        return pb.ListPendingHandOversResponse(
            invoices=[invoice_message(row, operator=True) for row in page],
            next_page_token=encode_token(filters, (page[-1].number,)) if len(rows) > size else "",
        )

    async def GetHandOver(  # noqa: N802
        self, request: pb.GetHandOverRequest, context: Context
    ) -> pb.GetHandOverResponse:
        """An issued invoice with all its lines."""
        invoice_id = requests.uuid_of("invoice_id", request.invoice_id)
        async with self._database.read(ALL) as session:
            row = await read_invoice(session, ALL, invoice_id)
            if row.number is None:
                raise FailedPrecondition(
                    f"the invoice is {row.status}: only issued ones are handed over",
                    reason="INVOICE_NOT_ISSUED",
                )
            lines = await list_lines(session, invoice_id, after=0, limit=None)
        return pb.GetHandOverResponse(
            invoice=invoice_message(row, operator=True), lines=map(line_message, lines)
        )

    async def RecordHandOver(  # noqa: N802
        self, request: pb.RecordHandOverRequest, context: Context
    ) -> pb.RecordHandOverResponse:
        """Keeps what became of an attempt."""
        invoice_id = requests.uuid_of("invoice_id", request.invoice_id)
        if request.attempt_count < 0:
            raise InvalidArgument("attempt_count", "must not be negative")
        status = requests.word("status", request.status, list(HandOverStatus))
        attempt = Attempt(
            status=HandOverStatus(status),
            reference=requests.text("reference", request.reference),
            reason=requests.text("reason", request.reason),
            attempt_count=request.attempt_count,
            workflow_id=requests.text("workflow_id", request.workflow_id),
            run_id=requests.text("run_id", request.run_id),
        )
        async with self._database.write(ALL) as session:
            await record_attempt(session, invoice_id, attempt, self._clock())
            row = await read_invoice(session, ALL, invoice_id)
        return pb.RecordHandOverResponse(invoice=invoice_message(row, operator=True))

    async def ListOverdueInvoices(  # noqa: N802
        self, request: pb.ListOverdueInvoicesRequest, context: Context
    ) -> pb.ListOverdueInvoicesResponse:
        """The issued invoices that were to be paid before a day and are not."""
        due_before = read_day(request.due_before, "due_before")
        tenant_id = requests.text("tenant_id", request.tenant_id)
        size = page_size(request.page_size)
        filters = ("overdue_invoices", due_before.isoformat(), tenant_id)
        position = decode_token(request.page_token, filters, (str, str))
        after = None
        if position is not None:
            after = (
                read_day(position[0], "page_token"),
                requests.uuid_of("page_token", position[1]),
            )
        async with self._database.read(ALL) as session:
            rows = await list_overdue(
                session, due_before, tenant_id=tenant_id, after=after, limit=size + 1
            )
        page = rows[:size]
        return pb.ListOverdueInvoicesResponse(
            invoices=[invoice_message(row, operator=True) for row in page],
            next_page_token=(
                encode_token(filters, (page[-1].due_on.isoformat(), str(page[-1].id)))
                if len(rows) > size
                else ""
            ),
        )
