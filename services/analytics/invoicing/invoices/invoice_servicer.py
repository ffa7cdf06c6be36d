"""InvoiceService: invoices and credit notes, for tenants and operators."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import UUID

from arcadia.analytics.v1 import invoice_service_pb2 as pb
from arcadia.analytics.v1 import invoice_service_pb2_grpc, invoices_pb2
from arcadia.catalog.v1 import pricing_service_pb2 as pricing
from arcadia.catalog.v1 import quotes_pb2
from google.api import httpbody_pb2

from contracts.collections import DUNNING, LOOK
from contracts.invoicing import document_hand_over
from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.credit import credit
from services.analytics.invoicing.invoices.document.rendering import FOCUS, FORMATS, Renderer
from services.analytics.invoicing.invoices.documents import Documents
from services.analytics.invoicing.invoices.issue import Issue, issue_by_hand
from services.analytics.invoicing.invoices.messages import (
    credit_note_message,
    invoice_message,
    line_message,
)
from services.analytics.invoicing.invoices.rules import numbering, verifying
from services.analytics.invoicing.invoices.rules.chain import BEGINNING
from services.analytics.invoicing.invoices.rules.crediting import CreditedAmount
from services.analytics.invoicing.invoices.rules.lines import Proof, price_of
from services.analytics.invoicing.invoices.rules.states import (
    Decision,
    HandedOver,
    HandOverStatus,
    InvoiceStatus,
)
from services.analytics.invoicing.invoices.rules.tracing import usage_behind
from services.analytics.invoicing.invoices.store import reading, settlements
from services.analytics.invoicing.invoices.store.hand_overs import (
    hand_over_of,
    hand_over_of_note,
    note_work,
    reopen_hand_over,
)
from services.analytics.invoicing.invoices.store.issuing import read_sequence
from services.analytics.invoicing.invoices.store.reading import InvoiceFilter
from services.analytics.invoicing.invoices.void import void
from services.analytics.invoicing.one_offs.rules import ONE_OFF_ENGINE
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.analytics.invoicing.rollups.decide import approve_when_issued, signal_workflow
from services.analytics.invoicing.rollups.rules.rollups import Rollup
from services.analytics.invoicing.rollups.store.claimed import costs_behind
from services.analytics.invoicing.rollups.store.rollups import set_run
from services.analytics.peers import asking
from services.analytics.usage.store.reading import UsageFilter, list_usage
from services.common.db.database import Database, ReadSession, WriteSession
from services.common.db.idempotency import once
from services.common.durable import FlowClient
from services.common.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unavailable,
)
from services.common.identity.callers import ALL, current_caller
from services.common.rpc.calls import parted
from services.common.rpc.downloads import file_stem, sent_as
from services.common.rpc.messages import message_of, messages_of, page_message
from services.common.rpc.paging import (
    MAXIMUM_PAGE_SIZE,
    Position,
    first_page,
    page_request,
    page_size,
)
from services.common.rpc.wire import Context
from services.common.settings import Service
from services.common.values.clock import Clock, utc_now
from services.common.values.periods import optional_day, read_month

if TYPE_CHECKING:
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub

__all__ = ["InvoiceServicer"]


FIRST_LINES: Final = first_page(500)
WALKED_AT_ONCE: Final = 500
WALKED_A_CALL: Final = 5_000
PROOFS_A_CALL: Final = 1_000
PROOF_BYTES_A_CALL: Final = 8 * 1024 * 1024


class InvoiceServicer(invoice_service_pb2_grpc.InvoiceServiceServicer):
    """Reads, issues, settles, credits and verifies invoices."""

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

    async def ListInvoices(
        self, request: pb.ListInvoicesRequest, context: Context
    ) -> pb.ListInvoicesResponse:
        """Lists invoices, newest month first. A tenant sees only issued ones."""
        caller = current_caller()
        scope = caller.scope
        period = read_month(request.period, "period") if request.period else None
        if request.status:
            requests.word("status", request.status, list(InvoiceStatus))
        wanted = InvoiceFilter(
            requests.text("tenant_id", request.tenant_id), period, request.status
        )
        filters = ("invoices", request.tenant_id, period.code if period else "", request.status)
        asked = page_request(request, filters, date, UUID)
        async with self._database.read(scope) as session:
            found = await reading.list_invoices(session, scope, wanted, asked)
        write = partial(invoice_message, operator=caller.is_operator)
        return page_message(pb.ListInvoicesResponse, found, write)

    async def GetInvoice(
        self, request: pb.GetInvoiceRequest, context: Context
    ) -> pb.GetInvoiceResponse:
        """Returns an invoice with its first lines."""
        caller = current_caller()
        invoice_id = requests.uuid_of("id", request.id)
        async with self._database.read(caller.scope) as session:
            invoice = await reading.read_invoice(session, caller.scope, invoice_id)
            lines = await reading.list_lines(session, invoice_id, FIRST_LINES)
        return message_of(
            pb.GetInvoiceResponse,
            invoice=invoice_message(invoice, operator=caller.is_operator),
            lines=[line_message(line, operator=caller.is_operator) for line in lines.rows],
        )

    async def ListInvoiceLines(
        self, request: pb.ListInvoiceLinesRequest, context: Context
    ) -> pb.ListInvoiceLinesResponse:
        """Lists the lines of an invoice in order."""
        caller = current_caller()
        scope = caller.scope
        invoice_id = requests.uuid_of("invoice_id", request.invoice_id)
        asked = page_request(request, ("invoice_lines", str(invoice_id)), Position)
        async with self._database.read(scope) as session:
            await reading.read_invoice(session, scope, invoice_id)
            found = await reading.list_lines(session, invoice_id, asked)
        write = partial(line_message, operator=caller.is_operator)
        return page_message(pb.ListInvoiceLinesResponse, found, write)

    async def TraceInvoiceLine(
        self, request: pb.TraceInvoiceLineRequest, context: Context
    ) -> pb.TraceInvoiceLineResponse:
        """Traces a line to its price and a page of the days of usage behind it."""
        caller = current_caller()
        scope = caller.scope
        invoice_id = requests.uuid_of("invoice_id", request.invoice_id)
        line_id = requests.uuid_of("line_id", request.line_id)
        filters = ("traced_line", str(invoice_id), str(line_id))
        kinds = (date, str, str, str, str)
        size = page_size(request.page_size or MAXIMUM_PAGE_SIZE)
        asked = page_request(request, filters, *kinds, size=size)
        is_first = asked.after is None
        async with self._database.read(scope) as session:
            invoice = await reading.read_invoice(session, scope, invoice_id)
            found = await reading.read_line(session, invoice_id, line_id)
            line, days, next_page = found.line, [], ""
            if line.kind in ("overage", "ad_hoc", "rebilled", "adjustment"):
                wanted = UsageFilter(
                    tenant_id=invoice.tenant_id,
                    deployment_id=line.deployment_id or "",
                    resource_kind=line.resource_kind,
                    from_day=line.service_start,
                    to_day=line.service_end,
                    dimensions=line.dimensions,
                )
                figures = await list_usage(session, scope, wanted, asked, oldest_first=True)
                next_page = figures.next_page_token
                proofs = await reading.proofs_of(session, [invoice_id], line.deployment_id)
                days = usage_behind(line, figures.rows, proofs[invoice_id], invoice.period)
            costs = await costs_behind(session, found) if caller.is_operator and is_first else []
        price_type, price_id = price_of(line.kind, line.meta)
        return message_of(
            pb.TraceInvoiceLineResponse,
            line=line_message(found, operator=caller.is_operator),
            price_type=price_type,
            price_id=price_id,
            daily_usage=days,
            rebilled_costs=costs,
            next_page_token=next_page,
        )

    async def DownloadInvoice(
        self, request: pb.DownloadInvoiceRequest, context: Context
    ) -> httpbody_pb2.HttpBody:
        """Returns the invoice as a document."""
        caller = current_caller()
        invoice_id = requests.uuid_of("id", request.id)
        wanted = requests.word("format", request.format, (*FORMATS, FOCUS))
        async with self._database.read(caller.scope) as session:
            invoice = await reading.read_invoice(session, caller.scope, invoice_id)
            if wanted == FOCUS:
                if invoice.status is InvoiceStatus.VOID:
                    raise FailedPrecondition(
                        "the invoice is void: it has no charges", reason="INVOICE_VOID"
                    )
                lines = (await reading.lines_of(session, [invoice_id]))[invoice_id]
        if wanted == FOCUS:
            body = await self._documents.of_lines(invoice, lines)
        else:
            body = await self._documents.of_invoice(invoice, wanted)
        return await sent_as(file_stem(*invoice.title), body, context)

    async def DownloadVoidNotice(
        self, request: pb.DownloadVoidNoticeRequest, context: Context
    ) -> httpbody_pb2.HttpBody:
        """Returns the void notice of a voided invoice as a document."""
        caller = current_caller()
        invoice_id = requests.uuid_of("id", request.id)
        wanted = requests.word("format", request.format, FORMATS)
        async with self._database.read(caller.scope) as session:
            invoice = await reading.read_invoice(session, caller.scope, invoice_id)
            if invoice.status is not InvoiceStatus.VOID or invoice.number is None:
                raise FailedPrecondition(
                    f"the invoice is {invoice.status}: only a voided invoice that was issued has a"
                    " void notice",
                    reason="INVOICE_NOT_VOID",
                )
        body = await self._documents.of_void(invoice, wanted)
        return await sent_as(
            file_stem(numbering.invoice_number(invoice.number), "void"), body, context
        )

    async def IssueInvoice(
        self, request: pb.IssueInvoiceRequest, context: Context
    ) -> pb.IssueInvoiceResponse:
        """Issues one draft outside of a roll-up and starts its hand-over."""
        answer = await self._issue(request)
        if self._terms.hand_over is HandOverStatus.PENDING:
            answer = pb.IssueInvoiceResponse(invoice=await self._handed_over(UUID(request.id)))
        return answer

    @once
    async def _issue(
        self, session: WriteSession, request: pb.IssueInvoiceRequest
    ) -> pb.IssueInvoiceResponse:
        invoice_id = requests.uuid_of("id", request.id)
        at = self._clock()
        how = Issue(
            self._terms.checked_issuer(),
            at.date(),
            self._terms.due_after,
            self._terms.hand_over,
            at,
        )
        await self._complete_when_issued(session, await issue_by_hand(session, invoice_id, how))
        return pb.IssueInvoiceResponse(invoice=await _invoice_message(session, invoice_id))

    async def PayInvoice(
        self, request: pb.PayInvoiceRequest, context: Context
    ) -> pb.PayInvoiceResponse:
        """Marks an issued invoice as paid."""
        answer = await self._pay(request)
        await self._flows.notify(DUNNING.id(answer.invoice.tenant_id), LOOK)
        return answer

    @once
    async def _pay(
        self, session: WriteSession, request: pb.PayInvoiceRequest
    ) -> pb.PayInvoiceResponse:
        invoice_id = requests.uuid_of("id", request.id)
        at = self._clock()
        paid_on = optional_day(request.paid_on, "paid_on") or at.date()
        if paid_on > at.date():
            raise InvalidArgument("paid_on", "is in the future")
        reference = requests.text("reference", request.reference, 200)
        invoice = await reading.locked_invoice(session, invoice_id)
        invoice.check_status(InvoiceStatus.ISSUED, reason="INVOICE_NOT_ISSUED")
        await settlements.mark_paid(
            session, invoice_id, paid_on=paid_on, reference=reference, at=at
        )
        return pb.PayInvoiceResponse(invoice=await _invoice_message(session, invoice_id))

    async def VoidInvoice(
        self, request: pb.VoidInvoiceRequest, context: Context
    ) -> pb.VoidInvoiceResponse:
        """Voids a draft or an issued invoice. The next invoice bills its late usage again."""
        answer = await self._void(request)
        if answer.invoice.void_hand_over.status == HandOverStatus.PENDING:
            # The void is committed; if Temporal is down, it is handed over later.
            with suppress(Unavailable):
                voided = await self._handed_over(UUID(request.id), HandedOver.VOID)
                answer = pb.VoidInvoiceResponse(invoice=voided)
        await self._flows.notify(DUNNING.id(answer.invoice.tenant_id), LOOK)
        return answer

    @once
    async def _void(
        self, session: WriteSession, request: pb.VoidInvoiceRequest
    ) -> pb.VoidInvoiceResponse:
        invoice_id = requests.uuid_of("id", request.id)
        rollup = await void(
            session,
            invoice_id,
            reason=requests.required("reason", request.reason),
            by=current_caller().subject,
            hand_over=self._terms.hand_over,
            at=self._clock(),
        )
        await self._complete_when_issued(session, rollup)
        return pb.VoidInvoiceResponse(invoice=await _invoice_message(session, invoice_id))

    async def _complete_when_issued(self, session: WriteSession, rollup: Rollup | None) -> None:
        """Signals a roll-up to finish when it has no draft left to approve.

        The signal is sent before the commit, for which the workflow waits at its next step. If it
        were sent after the commit and Temporal were down, it would be lost.
        """
        if rollup is None:
            return
        operator = current_caller().subject
        if await approve_when_issued(session, rollup, operator=operator, at=self._clock()):
            run_id = await signal_workflow(self._flows, rollup, Decision.APPROVE)
            await set_run(session, rollup.id, run_id)

    async def HandOverInvoice(
        self, request: pb.HandOverInvoiceRequest, context: Context
    ) -> pb.HandOverInvoiceResponse:
        """Restarts the hand-over of an issued invoice, or of its void."""
        invoice_id = requests.uuid_of("id", request.id)
        self._terms.check_receivable()
        async with self._database.write(ALL) as session:
            invoice = await reading.locked_invoice(session, invoice_id)
            document = HandedOver.INVOICE
            if invoice.void_hand_over is not None:
                document = HandedOver.VOID
            else:
                invoice.check_status(
                    InvoiceStatus.ISSUED, InvoiceStatus.PAID, reason="INVOICE_NOT_ISSUED"
                )
            known = await hand_over_of(session, invoice_id, document)
            known.check_not_delivered()
            await reopen_hand_over(session, known.id, self._clock())
        return pb.HandOverInvoiceResponse(invoice=await self._handed_over(invoice_id, document))

    async def _handed_over(
        self, invoice_id: UUID, document: HandedOver = HandedOver.INVOICE
    ) -> invoices_pb2.Invoice:
        """Starts the workflow of a pending hand-over and returns the invoice with it.

        Call it after the commit, because the workflow reads the hand-over as pending. Idempotent.
        """
        async with self._database.read(ALL) as session:
            invoice = await reading.read_invoice(session, ALL, invoice_id)
            known = await hand_over_of(session, invoice_id, document)
        number = numbering.invoice_number(invoice.number)
        start = document_hand_over(
            str(invoice_id),
            number if document is HandedOver.INVOICE else f"{number}/void",
            tenant_id=invoice.tenant_id,
            period_code=invoice.month.code,
        )
        run = await self._flows.start(start)
        async with self._database.write(ALL) as session:
            await note_work(session, known.id, run.workflow_id, run.run_id, self._clock())
            return await _invoice_message(session, invoice_id)

    async def CreateCreditNote(
        self, request: pb.CreateCreditNoteRequest, context: Context
    ) -> pb.CreateCreditNoteResponse:
        """Credits an issued or paid invoice, in part or in full."""
        answer = await self._credit(request)
        # The note is committed; if Temporal is down, it is handed over later.
        with suppress(Unavailable):
            note = await self._note_handed_over(UUID(answer.credit_note.id))
            answer = pb.CreateCreditNoteResponse(credit_note=note)
        await self._flows.notify(DUNNING.id(answer.credit_note.tenant_id), LOOK)
        return answer

    @once
    async def _credit(
        self, session: WriteSession, request: pb.CreateCreditNoteRequest
    ) -> pb.CreateCreditNoteResponse:
        note = await credit(
            session,
            requests.uuid_of("invoice_id", request.invoice_id),
            [
                CreditedAmount(
                    requests.uuid_of(f"lines[{index}].line_id", line.line_id), line.amount_cents
                )
                for index, line in enumerate(request.lines)
            ],
            reason=requests.required("reason", request.reason),
            by=current_caller().subject,
            hand_over=self._terms.hand_over,
            at=self._clock(),
        )
        return pb.CreateCreditNoteResponse(credit_note=credit_note_message(note, operator=True))

    async def HandOverCreditNote(
        self, request: pb.HandOverCreditNoteRequest, context: Context
    ) -> pb.HandOverCreditNoteResponse:
        """Restarts the hand-over of a credit note."""
        note_id = requests.uuid_of("id", request.id)
        self._terms.check_receivable()
        async with self._database.write(ALL) as session:
            await settlements.read_credit_note(session, ALL, note_id)
            known = await hand_over_of_note(session, note_id)
            known.check_not_delivered()
            await reopen_hand_over(session, known.id, self._clock())
        return pb.HandOverCreditNoteResponse(credit_note=await self._note_handed_over(note_id))

    async def _note_handed_over(self, note_id: UUID) -> invoices_pb2.CreditNote:
        """Starts the workflow of a pending note's hand-over and returns the note with it.

        Call it after the commit, because the workflow reads it as pending. Raises Unavailable.
        """
        async with self._database.read(ALL) as session:
            note = await settlements.read_credit_note(session, ALL, note_id)
            known = await hand_over_of_note(session, note_id)
            invoice = await reading.read_invoice(session, ALL, note.invoice_id)
        if known.status is HandOverStatus.PENDING:
            start = document_hand_over(
                str(note.invoice_id),
                numbering.credit_note_number(note.number),
                tenant_id=note.tenant_id,
                period_code=invoice.month.code,
            )
            run = await self._flows.start(start)
            async with self._database.write(ALL) as session:
                await note_work(session, known.id, run.workflow_id, run.run_id, self._clock())
                note = await settlements.read_credit_note(session, ALL, note_id)
        return credit_note_message(note, operator=True)

    async def DownloadCreditNote(
        self, request: pb.DownloadCreditNoteRequest, context: Context
    ) -> httpbody_pb2.HttpBody:
        """Returns the credit note as a document."""
        scope = current_caller().scope
        note_id = requests.uuid_of("id", request.id)
        wanted = requests.word("format", request.format, FORMATS)
        async with self._database.read(scope) as session:
            note = await settlements.read_credit_note(session, scope, note_id)
        body = await self._documents.of_note(note, wanted)
        return await sent_as(file_stem(numbering.credit_note_number(note.number)), body, context)

    async def ListCreditNotes(
        self, request: pb.ListCreditNotesRequest, context: Context
    ) -> pb.ListCreditNotesResponse:
        """Lists credit notes, newest first."""
        caller = current_caller()
        filters = ("credit_notes", request.tenant_id, request.invoice_id)
        asked = page_request(request, filters, UUID)
        async with self._database.read(caller.scope) as session:
            found = await settlements.list_credit_notes(
                session,
                caller.scope,
                asked,
                tenant_id=requests.text("tenant_id", request.tenant_id),
                invoice_id=requests.uuid_or_none("invoice_id", request.invoice_id),
            )
        write = partial(credit_note_message, operator=caller.is_operator)
        return page_message(pb.ListCreditNotesResponse, found, write)

    async def GetCreditNote(
        self, request: pb.GetCreditNoteRequest, context: Context
    ) -> pb.GetCreditNoteResponse:
        """Returns a credit note."""
        caller = current_caller()
        note_id = requests.uuid_of("id", request.id)
        async with self._database.read(caller.scope) as session:
            note = await settlements.read_credit_note(session, caller.scope, note_id)
        return pb.GetCreditNoteResponse(
            credit_note=credit_note_message(note, operator=caller.is_operator)
        )

    async def VerifyInvoice(
        self, request: pb.VerifyInvoiceRequest, context: Context
    ) -> pb.VerifyInvoiceResponse:
        """Recomputes every part of an invoice; compares it with an operator's quote, if given."""
        caller = current_caller()
        invoice_id = requests.uuid_of("id", request.id)
        quote_id = request.quote_id
        if quote_id:
            requests.uuid_of("quote_id", quote_id)
            if not caller.scope.everything:
                # The catalog is called as a service, which may read every tenant's quotes.
                raise PermissionDenied(
                    "only an operator may compare an invoice with a quote", reason="OPERATOR_ONLY"
                )
        async with self._database.read(caller.scope) as session:
            invoice = await reading.read_invoice(session, caller.scope, invoice_id)
            lines = (await reading.lines_of(session, [invoice_id]))[invoice_id]
            proofs = (await reading.proofs_of(session, [invoice_id]))[invoice_id]
        changed = verifying.changed_lines(invoice, lines, proofs)
        subscriptions = [proof for proof in proofs if proof.subscription_id]
        parts = [
            _part(proof, changed or verification.reason, verified=verification.verified)
            for proof, verification in zip(
                subscriptions, await self._verified(subscriptions), strict=True
            )
        ]
        for proof in proofs:
            if not proof.subscription_id:
                reason = changed or (
                    verifying.changed_one_off(lines, proof)
                    if proof.engine_version == ONE_OFF_ENGINE
                    else verifying.changed_tax(invoice, proof)
                )
                parts.append(_part(proof, reason, verified=True))
        return pb.VerifyInvoiceResponse(
            verified=bool(parts) and all(part.verified for part in parts),
            parts=parts,
            differences=await self._differences(quote_id, subscriptions) if quote_id else (),
        )

    async def VerifyInvoiceChain(
        self, request: pb.VerifyInvoiceChainRequest, context: Context
    ) -> pb.VerifyInvoiceChainResponse:
        """Verifies the hash chain, at most 5,000 invoices per call."""
        async with self._database.read(ALL) as session:
            number, previous = await _beginning(session, request.after_number)
            walked = 0
            while walked < WALKED_A_CALL:
                invoices = await reading.invoices_after(session, number, WALKED_AT_ONCE)
                if not invoices:
                    end = await read_sequence(session, "invoice")
                    complete = (end.next, end.chain_hash) == (number + 1, previous)
                    reason = "" if complete else "the chain ends before the last invoice number"
                    return _walked(number, walked, reason, complete=complete)
                ids = [invoice.id for invoice in invoices]
                lines, proofs = (
                    await reading.lines_of(session, ids),
                    await reading.proofs_of(session, ids),
                )
                for invoice in invoices:
                    reason = verifying.broken_link(
                        invoice, lines[invoice.id], proofs[invoice.id], number + 1, previous
                    )
                    if reason:
                        return _walked(number, walked, reason)
                    number, previous, walked = number + 1, invoice.chain_hash or "", walked + 1
        return _walked(number, walked, "")

    async def _verified(self, proofs: Sequence[Proof]) -> list[quotes_pb2.Verification]:
        verified: list[quotes_pb2.Verification] = []
        parts = parted(
            proofs,
            most=PROOFS_A_CALL,
            most_bytes=PROOF_BYTES_A_CALL,
            bytes_of=lambda proof: len(proof.inputs_json),
        )
        for part in parts:
            request = pricing.VerifyProofsRequest(proofs=messages_of(quotes_pb2.Proof, part))
            with asking(Service.CATALOG):
                answer = await self._catalog.VerifyProofs(request)
            verified.extend(answer.verifications)
        return verified

    async def _differences(self, quote_id: str, proofs: Sequence[Proof]) -> list[pb.ChangedInput]:
        """The differences between the quote and the most similar part."""
        with asking(Service.CATALOG, missing=NotFound("quote", quote_id)):
            compared = [
                (
                    await self._catalog.CompareProofs(
                        pricing.CompareProofsRequest(
                            left_quote_id=quote_id,
                            right_proof=message_of(quotes_pb2.Proof, proof),
                        )
                    )
                ).differences
                for proof in proofs
            ]
        nearest = min(compared, key=len, default=())
        return [
            pb.ChangedInput(path=one.path, quote_json=one.left_json, invoice_json=one.right_json)
            for one in nearest
        ]


async def _invoice_message(session: ReadSession, invoice_id: UUID) -> invoices_pb2.Invoice:
    return invoice_message(await reading.read_invoice(session, ALL, invoice_id), operator=True)


def _part(proof: Proof, reason: str, *, verified: bool) -> pb.VerifiedPart:
    return message_of(pb.VerifiedPart, proof, reason=reason, verified=verified and not reason)


async def _beginning(session: ReadSession, after_number: str) -> tuple[int, str]:
    """The number and the hash from which to continue."""
    if not after_number:
        return 0, BEGINNING
    number = numbering.read_invoice_number(after_number, "after_number")
    invoice = await reading.read_numbered(session, number)
    if invoice is None:
        raise InvalidArgument("after_number", "is not the number of an invoice")
    return number, invoice.chain_hash or ""


def _walked(
    number: int, walked: int, reason: str, *, complete: bool = False
) -> pb.VerifyInvoiceChainResponse:
    """The last number verified, and why verification stopped there."""
    return pb.VerifyInvoiceChainResponse(
        verified=not reason,
        invoice_count=walked,
        last_number=numbering.invoice_number(number or None),
        broken_number=numbering.invoice_number(number + 1) if reason else "",
        reason=reason,
        complete=complete,
    )
