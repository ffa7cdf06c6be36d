"""The steps of InvoicingService by which invoices reach accounts receivable, and are chased."""

from typing import Any

from arcadia.analytics.v1 import invoicing_service_pb2 as pb
from grpc.aio import ServicerContext

from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.messages import (
    credit_note_message,
    invoice_message,
    line_message,
)
from services.analytics.invoicing.invoices.rules.states import HandedOver, HandOverStatus
from services.analytics.invoicing.invoices.store.hand_overs import (
    Attempt,
    hand_over_of,
    list_pending,
    read_hand_over,
    record_attempt,
)
from services.analytics.invoicing.invoices.store.reading import (
    list_lines,
    list_overdue,
    read_invoice,
    read_invoices,
)
from services.analytics.invoicing.invoices.store.rows import Stored
from services.analytics.invoicing.invoices.store.settling import (
    locked_invoice,
    note_lines,
    read_credit_note,
)
from services.common.db.database import Database
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.rpc.access import ALL
from services.common.rpc.paging import decode_token, encode_token, page_size
from services.common.values.clock import Clock
from services.common.values.periods import read_day

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
        """What accounts receivable does not have yet, an invoice before what corrects it."""
        rollup_id = requests.uuid_or_none("rollup_id", request.rollup_id)
        invoice_id = requests.uuid_or_none("invoice_id", request.invoice_id)
        size = page_size(request.page_size)
        filters = ("pending_hand_overs", request.rollup_id, request.invoice_id)
        position = decode_token(request.page_token, filters, (int,))
        async with self._database.read(ALL) as session:
            rows = await list_pending(
                session,
                rollup_id=rollup_id,
                invoice_id=invoice_id,
                after=position[0] if position else 0,
                limit=size + 1,
            )
            page = rows[:size]
            of_invoices = [row.invoice_id for row in page if row.document == HandedOver.INVOICE]
            invoices = await read_invoices(session, of_invoices)
        return pb.ListPendingHandOversResponse(
            invoices=[invoice_message(row, operator=True) for row in invoices],
            hand_overs=map(_pending, page),
            next_page_token=encode_token(filters, (page[-1].id,)) if len(rows) > size else "",
        )

    async def GetHandOver(  # noqa: N802
        self, request: pb.GetHandOverRequest, context: Context
    ) -> pb.GetHandOverResponse:
        """What is handed over: an invoice with all its lines, a credit note, a void."""
        async with self._database.read(ALL) as session:
            if request.id:
                known = await read_hand_over(session, _id(request.id))
            else:
                invoice_id = requests.uuid_of("invoice_id", request.invoice_id)
                draft = await read_invoice(session, ALL, invoice_id)
                if draft.number is None:
                    raise FailedPrecondition(
                        f"the invoice is {draft.status}: only issued ones are handed over",
                        reason="INVOICE_NOT_ISSUED",
                    )
                known = await hand_over_of(session, invoice_id, HandedOver.INVOICE)
            row = await read_invoice(session, ALL, known.invoice_id)
            lines = await list_lines(session, known.invoice_id, after=0, limit=None)
            answer = pb.GetHandOverResponse(
                invoice=invoice_message(row, operator=True),
                lines=map(line_message, lines),
                document=known.document,
                status=known.status,
            )
            if known.credit_note_id is not None:
                note = await read_credit_note(session, ALL, known.credit_note_id)
                of_note = await note_lines(session, [known.credit_note_id])
                answer.credit_note.CopyFrom(credit_note_message(note, of_note, operator=True))
        return answer

    async def RecordHandOver(  # noqa: N802
        self, request: pb.RecordHandOverRequest, context: Context
    ) -> pb.RecordHandOverResponse:
        """Keeps what became of an attempt."""
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
            if request.id:
                known = await read_hand_over(session, _id(request.id))
            else:
                invoice_id = requests.uuid_of("invoice_id", request.invoice_id)
                known = await hand_over_of(session, invoice_id, HandedOver.INVOICE)
            # Its invoice first: who voids it meanwhile sees what was delivered, or is seen.
            await locked_invoice(session, known.invoice_id)
            follows = await record_attempt(session, known.id, attempt, self._clock())
            row = await read_invoice(session, ALL, known.invoice_id)
        return pb.RecordHandOverResponse(
            invoice=invoice_message(row, operator=True),
            follow_up=None if follows is None else _pending(follows),
        )

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


def _id(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise InvalidArgument("id", "is not a hand-over's")
    return int(text)


def _pending(row: Stored) -> pb.PendingHandOver:
    return pb.PendingHandOver(
        id=str(row.id),
        document=row.document,
        invoice_id=str(row.invoice_id),
        attempt_count=row.attempt_count,
    )
