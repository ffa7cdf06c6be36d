"""The calls of InvoiceService about credit notes."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from arcadia.analytics.v1 import invoice_service_pb2 as pb
from arcadia.analytics.v1 import invoices_pb2
from google.api import httpbody_pb2
from grpc.aio import ServicerContext

from contracts.collections import DUNNING, LOOK
from contracts.invoicing import document_hand_over
from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.document.documents import Documents
from services.analytics.invoicing.invoices.document.rendering import FORMATS
from services.analytics.invoicing.invoices.messages import credit_note_message, grouped
from services.analytics.invoicing.invoices.rules.crediting import Wanted, credit
from services.analytics.invoicing.invoices.rules.numbering import credit_note_number
from services.analytics.invoicing.invoices.rules.states import (
    HandedOver,
    HandOverStatus,
    InvoiceStatus,
    check_not_delivered,
)
from services.analytics.invoicing.invoices.store.hand_overs import (
    await_again,
    begin_hand_over,
    hand_over_of_note,
    note_work,
)
from services.analytics.invoicing.invoices.store.reading import read_invoice
from services.analytics.invoicing.invoices.store.settling import (
    creditable_lines,
    creditable_tax,
    insert_credit_note,
    list_credit_notes,
    locked_invoice,
    note_lines,
    read_credit_note,
    settle_by_credit,
)
from services.analytics.invoicing.one_offs.store import release_one_off_lines
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.analytics.margin.store.months import mark_margin
from services.analytics.usage.store.periods import release_adjustments
from services.common.db.database import Database, ReadSession
from services.common.db.idempotency import once
from services.common.durable import FlowClient
from services.common.errors import FailedPrecondition, Unavailable
from services.common.rpc.access import ALL, Scope, current_caller
from services.common.rpc.downloads import file_stem, sent_as
from services.common.rpc.paging import decode_token, encode_token, page_size
from services.common.values.clock import Clock
from services.common.values.periods import month_of

__all__ = ["CreditCalls"]

Context = ServicerContext[Any, Any]


class CreditCalls:
    """What is taken back of issued invoices."""

    _database: Database
    _flows: FlowClient
    _terms: Terms
    _clock: Clock
    _documents: Documents

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
                await begin_hand_over(
                    session,
                    invoice,
                    HandedOver.CREDIT_NOTE,
                    number=note.number,
                    credit_note_id=note_id,
                    status=self._terms.hand_over,
                    at=self._clock(),
                )
                return pb.CreateCreditNoteResponse(
                    credit_note=await self._note(session, ALL, note_id, operator=True)
                )

            answer = await once(session, request, pb.CreateCreditNoteResponse, do)
        # The note is made: it is handed over later where Temporal is down.
        with suppress(Unavailable):
            note = await self._note_handed_over(UUID(answer.credit_note.id))
            answer = pb.CreateCreditNoteResponse(credit_note=note)
        await self._flows.notify(DUNNING.id(answer.credit_note.tenant_id), LOOK)
        return answer

    async def HandOverCreditNote(  # noqa: N802
        self, request: pb.HandOverCreditNoteRequest, context: Context
    ) -> pb.HandOverCreditNoteResponse:
        """Starts the hand-over of a credit note again."""
        note_id = requests.uuid_of("id", request.id)
        self._terms.check_receivable()
        async with self._database.write(ALL) as session:
            await read_credit_note(session, ALL, note_id)
            known = await hand_over_of_note(session, note_id)
            check_not_delivered(known.status, known.reference)
            await await_again(session, known.id, self._clock())
        return pb.HandOverCreditNoteResponse(credit_note=await self._note_handed_over(note_id))

    async def DownloadCreditNote(  # noqa: N802
        self, request: pb.DownloadCreditNoteRequest, context: Context
    ) -> httpbody_pb2.HttpBody:
        """The credit note as a document."""
        scope = current_caller().scope
        note_id = requests.uuid_of("id", request.id)
        wanted = requests.word("format", request.format, FORMATS)
        async with self._database.read(scope) as session:
            note = await read_credit_note(session, scope, note_id)
        body = await self._documents.of_note(note, wanted)
        return await sent_as(file_stem(credit_note_number(note.number)), body, context)

    async def _note_handed_over(self, note_id: UUID) -> invoices_pb2.CreditNote:
        """Starts the work on a note that waits; the note with it.

        After the commit: the work reads it as pending. Raises Unavailable.
        """
        async with self._database.read(ALL) as session:
            row = await read_credit_note(session, ALL, note_id)
            known = await hand_over_of_note(session, note_id)
            invoice = await read_invoice(session, ALL, row.invoice_id)
        if known.status == HandOverStatus.PENDING:
            start = document_hand_over(
                str(row.invoice_id),
                credit_note_number(row.number),
                tenant_id=row.tenant_id,
                period_code=month_of(invoice.period).code,
            )
            run = await self._flows.start(start)
            async with self._database.write(ALL) as session:
                await note_work(session, known.id, run.workflow_id, run.run_id, self._clock())
        async with self._database.read(ALL) as session:
            return await self._note(session, ALL, note_id, operator=True)

    async def _note(
        self, session: ReadSession, scope: Scope, note_id: UUID, *, operator: bool
    ) -> invoices_pb2.CreditNote:
        row = await read_credit_note(session, scope, note_id)
        return credit_note_message(row, await note_lines(session, [note_id]), operator=operator)

    async def ListCreditNotes(  # noqa: N802
        self, request: pb.ListCreditNotesRequest, context: Context
    ) -> pb.ListCreditNotesResponse:
        """Credit notes, newest first."""
        caller = current_caller()
        scope = caller.scope
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
            credit_notes=[
                credit_note_message(row, lines.get(row.id, []), operator=caller.is_operator)
                for row in page
            ],
            next_page_token=encode_token(filters, (str(page[-1].id),)) if len(rows) > size else "",
        )

    async def GetCreditNote(  # noqa: N802
        self, request: pb.GetCreditNoteRequest, context: Context
    ) -> pb.GetCreditNoteResponse:
        """One credit note."""
        caller = current_caller()
        note_id = requests.uuid_of("id", request.id)
        async with self._database.read(caller.scope) as session:
            note = await self._note(session, caller.scope, note_id, operator=caller.is_operator)
        return pb.GetCreditNoteResponse(credit_note=note)
