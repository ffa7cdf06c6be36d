"""The calls of InvoiceService about credit notes."""

from typing import Any

from arcadia.analytics.v1 import invoice_service_pb2 as pb
from grpc.aio import ServicerContext

from services.analytics.invoicing import requests
from services.analytics.invoicing.clock import Clock
from services.analytics.invoicing.crediting import Wanted, credit
from services.analytics.invoicing.messages import credit_note_message, grouped
from services.analytics.invoicing.states import InvoiceStatus
from services.analytics.invoicing.store.one_offs import release_one_off_lines
from services.analytics.invoicing.store.settling import (
    creditable_lines,
    creditable_tax,
    insert_credit_note,
    list_credit_notes,
    locked_invoice,
    note_lines,
    read_credit_note,
    settle_by_credit,
)
from services.analytics.invoicing.temporal import Work
from services.analytics.margin.store.months import mark_margin
from services.analytics.usage.store.periods import release_adjustments
from services.common.access import ALL, current_caller
from services.common.database import Database
from services.common.errors import FailedPrecondition
from services.common.idempotency import once
from services.common.paging import decode_token, encode_token, page_size
from services.common.periods import month_of

__all__ = ["CreditCalls"]

Context = ServicerContext[Any, Any]


class CreditCalls:
    """What is taken back of issued invoices."""

    _database: Database
    _work: Work
    _clock: Clock

    async def CreateCreditNote(  # noqa: N802
        self, request: pb.CreateCreditNoteRequest, context: Context
    ) -> pb.CreateCreditNoteResponse:
        """Takes back some or all of an issued or paid invoice."""
        invoice_id = requests.uuid_of("invoice_id", request.invoice_id)
        reason = requests.required("reason", request.reason)
        operator = current_caller().subject
        wanted = [
            Wanted(requests.uuid_of(f"lines[{index}].line_id", line.line_id), line.amount_cents)
            for index, line in enumerate(request.lines)
        ]
        async with self._database.write(ALL) as session:

            async def do() -> pb.CreateCreditNoteResponse:
                invoice = await locked_invoice(session, invoice_id)
                if invoice.status not in (InvoiceStatus.ISSUED, InvoiceStatus.PAID):
                    raise FailedPrecondition(
                        f"the invoice is {invoice.status}: there is nothing to take back",
                        reason="INVOICE_NOT_ISSUED",
                        metadata={"status": invoice.status},
                    )
                taken = credit(
                    await creditable_lines(session, invoice_id),
                    await creditable_tax(session, invoice_id),
                    wanted,
                    rate_percent=invoice.tax_rate_percent,
                )
                note_id = await insert_credit_note(
                    session, invoice, taken, reason=reason, by=operator, at=self._clock()
                )
                if await settle_by_credit(session, invoice, self._clock()):
                    await release_adjustments(session, [invoice_id])
                    await release_one_off_lines(session, [invoice_id])
                await mark_margin(session, month_of(invoice.period))
                note = await read_credit_note(session, ALL, note_id)
                lines = await note_lines(session, [note_id])
                return pb.CreateCreditNoteResponse(credit_note=credit_note_message(note, lines))

            answer = await once(session, request, pb.CreateCreditNoteResponse, do)
        await self._work.look_again(answer.credit_note.tenant_id)
        return answer

    async def ListCreditNotes(  # noqa: N802
        self, request: pb.ListCreditNotesRequest, context: Context
    ) -> pb.ListCreditNotesResponse:
        """Credit notes, newest first."""
        scope = current_caller().scope
        size = page_size(request.page_size)
        invoice_id = requests.uuid_or_none("invoice_id", request.invoice_id)
        filters = ("credit_notes", request.tenant_id, request.invoice_id)
        position = decode_token(request.page_token, filters, (str,))
        async with self._database.read(scope) as session:
            rows = await list_credit_notes(
                session,
                scope,
                tenant_id=requests.text("tenant_id", request.tenant_id),
                invoice_id=invoice_id,
                before=requests.uuid_of("page_token", position[0]) if position else None,
                limit=size + 1,
            )
            page = rows[:size]
            lines = grouped(await note_lines(session, [row.id for row in page]), "credit_note_id")
        return pb.ListCreditNotesResponse(
            credit_notes=[credit_note_message(row, lines.get(row.id, [])) for row in page],
            next_page_token=encode_token(filters, (str(page[-1].id),)) if len(rows) > size else "",
        )

    async def GetCreditNote(  # noqa: N802
        self, request: pb.GetCreditNoteRequest, context: Context
    ) -> pb.GetCreditNoteResponse:
        """One credit note."""
        scope = current_caller().scope
        note_id = requests.uuid_of("id", request.id)
        async with self._database.read(scope) as session:
            row = await read_credit_note(session, scope, note_id)
            lines = await note_lines(session, [note_id])
        return pb.GetCreditNoteResponse(credit_note=credit_note_message(row, lines))
