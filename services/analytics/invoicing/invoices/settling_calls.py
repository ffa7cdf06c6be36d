"""The calls of InvoiceService that issue, settle, void and hand over an invoice."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from arcadia.analytics.v1 import invoice_service_pb2 as pb
from arcadia.analytics.v1 import invoices_pb2
from grpc.aio import ServicerContext

from contracts.collections import DUNNING, LOOK
from contracts.invoicing import document_hand_over
from services.analytics.invoicing import requests
from services.analytics.invoicing.invoices.messages import invoice_message
from services.analytics.invoicing.invoices.rules.numbering import invoice_number
from services.analytics.invoicing.invoices.rules.states import (
    Decision,
    HandedOver,
    HandOverStatus,
    InvoiceStatus,
    RollupStatus,
    check_not_delivered,
)
from services.analytics.invoicing.invoices.store.hand_overs import (
    await_again,
    begin_void_if_reached,
    call_off,
    hand_over_of,
    note_work,
)
from services.analytics.invoicing.invoices.store.issuing import Issue, issue
from services.analytics.invoicing.invoices.store.reading import read_invoice
from services.analytics.invoicing.invoices.store.rows import Stored
from services.analytics.invoicing.invoices.store.settling import locked_invoice, pay, void
from services.analytics.invoicing.invoices.store.summing import differences_of_draft
from services.analytics.invoicing.one_offs.store import release_one_off_lines
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.analytics.invoicing.rollups.decisions import tell_work
from services.analytics.invoicing.rollups.store.rollups import (
    approve_when_issued,
    locked_rollup,
    set_run,
)
from services.analytics.margin.store.months import mark_margin
from services.analytics.usage.store.periods import release_adjustments
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.durable import FlowClient
from services.common.errors import FailedPrecondition, InvalidArgument, Unavailable
from services.common.rpc.access import ALL, current_caller
from services.common.values.clock import Clock
from services.common.values.periods import month_of, read_day

__all__ = ["SettlingCalls"]

Context = ServicerContext[Any, Any]


class SettlingCalls:
    """Operators only."""

    _database: Database
    _flows: FlowClient
    _terms: Terms
    _clock: Clock

    async def IssueInvoice(  # noqa: N802
        self, request: pb.IssueInvoiceRequest, context: Context
    ) -> pb.IssueInvoiceResponse:
        """Issues one draft, and starts its hand-over: no roll-up does that for it."""
        invoice_id = requests.uuid_of("id", request.id)
        at = self._clock()
        how = Issue(
            self._terms.checked_issuer(),
            at.date(),
            self._terms.due_after,
            self._terms.hand_over,
            at,
        )
        async with self._database.write(ALL) as session:

            async def do() -> pb.IssueInvoiceResponse:
                found = await read_invoice(session, ALL, invoice_id)
                rollup = None
                if found.rollup_id is not None:
                    rollup = await locked_rollup(session, found.rollup_id)
                draft = await locked_invoice(session, invoice_id)
                _expect(draft, InvoiceStatus.DRAFT, reason="INVOICE_NOT_DRAFT")
                if rollup is not None and (
                    rollup.decision == Decision.UNDO or rollup.status == RollupStatus.RUNNING
                ):
                    raise FailedPrecondition(
                        f"its roll-up is {rollup.status}, and not done with it",
                        reason="ROLLUP_NOT_DONE",
                    )
                # The roll-up may have failed for this very draft.
                for difference in await differences_of_draft(session, invoice_id):
                    raise FailedPrecondition(
                        f"it does not add up: {difference}", reason="TOTALS_DIFFER"
                    )
                await issue(session, [invoice_id], how)
                await mark_margin(session, month_of(draft.period))
                if rollup is not None:
                    await self._complete_when_issued(session, rollup)
                return pb.IssueInvoiceResponse(invoice=await _told(session, draft))

            answer = await once(session, request, pb.IssueInvoiceResponse, do)
        if self._terms.hand_over is HandOverStatus.PENDING:
            answer = pb.IssueInvoiceResponse(invoice=await self._handed_over(invoice_id))
        return answer

    async def PayInvoice(  # noqa: N802
        self, request: pb.PayInvoiceRequest, context: Context
    ) -> pb.PayInvoiceResponse:
        """Marks an issued invoice as paid."""
        invoice_id = requests.uuid_of("id", request.id)
        at = self._clock()
        paid_on = read_day(request.paid_on, "paid_on") if request.paid_on else at.date()
        if paid_on > at.date():
            raise InvalidArgument("paid_on", "is in the future")
        reference = requests.text("reference", request.reference, 200)
        async with self._database.write(ALL) as session:

            async def do() -> pb.PayInvoiceResponse:
                invoice = await locked_invoice(session, invoice_id)
                _expect(invoice, InvoiceStatus.ISSUED, reason="INVOICE_NOT_ISSUED")
                await pay(session, invoice_id, paid_on=paid_on, reference=reference, at=at)
                return pb.PayInvoiceResponse(invoice=await _told(session, invoice))

            answer = await once(session, request, pb.PayInvoiceResponse, do)
        await self._flows.notify(DUNNING.id(answer.invoice.tenant_id), LOOK)
        return answer

    async def VoidInvoice(  # noqa: N802
        self, request: pb.VoidInvoiceRequest, context: Context
    ) -> pb.VoidInvoiceResponse:
        """Voids a draft or an issued invoice; what it billed late is billed by the next one."""
        invoice_id = requests.uuid_of("id", request.id)
        reason = requests.required("reason", request.reason)
        operator = current_caller().subject
        async with self._database.write(ALL) as session:

            async def do() -> pb.VoidInvoiceResponse:
                found = await read_invoice(session, ALL, invoice_id)
                rollup = None
                if found.status == InvoiceStatus.DRAFT and found.rollup_id is not None:
                    rollup = await locked_rollup(session, found.rollup_id)
                invoice = await locked_invoice(session, invoice_id)
                _expect(
                    invoice,
                    InvoiceStatus.DRAFT,
                    InvoiceStatus.ISSUED,
                    reason="INVOICE_NOT_VOIDABLE",
                )
                # Read once more, now that nobody credits it any more.
                if (await read_invoice(session, ALL, invoice_id)).credited_cents:
                    raise FailedPrecondition(
                        "a credit note took back some of it: take back the rest by another",
                        reason="INVOICE_CREDITED",
                    )
                await void(session, invoice_id, reason=reason, by=operator, at=self._clock())
                if invoice.number is not None:
                    await begin_void_if_reached(
                        session, invoice, status=self._terms.hand_over, at=self._clock()
                    )
                await call_off(session, invoice_id, "the invoice was voided", self._clock())
                await release_adjustments(session, [invoice_id])
                await release_one_off_lines(session, [invoice_id])
                await mark_margin(session, month_of(invoice.period))
                if rollup is not None:
                    await self._complete_when_issued(session, rollup)
                return pb.VoidInvoiceResponse(invoice=await _told(session, invoice))

            answer = await once(session, request, pb.VoidInvoiceResponse, do)
        if answer.invoice.void_hand_over.status == HandOverStatus.PENDING:
            # It is void: its hand-over is later where Temporal is down.
            with suppress(Unavailable):
                voided = await self._handed_over(invoice_id, HandedOver.VOID)
                answer = pb.VoidInvoiceResponse(invoice=voided)
        await self._flows.notify(DUNNING.id(answer.invoice.tenant_id), LOOK)
        return answer

    async def HandOverInvoice(  # noqa: N802
        self, request: pb.HandOverInvoiceRequest, context: Context
    ) -> pb.HandOverInvoiceResponse:
        """Starts the hand-over of an issued invoice, or of its void, again."""
        invoice_id = requests.uuid_of("id", request.id)
        self._terms.check_receivable()
        async with self._database.write(ALL) as session:
            invoice = await locked_invoice(session, invoice_id)
            row = await read_invoice(session, ALL, invoice_id)
            document = HandedOver.INVOICE
            if row.void_hand_over_status is not None:
                document = HandedOver.VOID
            else:
                _expect(
                    invoice, InvoiceStatus.ISSUED, InvoiceStatus.PAID, reason="INVOICE_NOT_ISSUED"
                )
            known = await hand_over_of(session, invoice_id, document)
            check_not_delivered(known.status, known.reference)
            await await_again(session, known.id, self._clock())
        return pb.HandOverInvoiceResponse(invoice=await self._handed_over(invoice_id, document))

    async def _complete_when_issued(self, session: WriteSession, rollup: Stored) -> None:
        """Lets a roll-up go on to its end when no draft of it is left for an approval.

        It is told before the commit, which it waits for at its next step: were Temporal down
        after it, nobody would tell it any more.
        """
        operator = current_caller().subject
        if await approve_when_issued(session, rollup, operator=operator, at=self._clock()):
            run_id = await tell_work(self._flows, rollup, Decision.APPROVE)
            await set_run(session, rollup.id, run_id)

    async def _handed_over(
        self, invoice_id: UUID, document: HandedOver = HandedOver.INVOICE
    ) -> invoices_pb2.Invoice:
        """Starts the work on a hand-over that waits; the invoice with it.

        After the commit: the work reads it as pending. Told again, it goes on.
        """
        async with self._database.read(ALL) as session:
            invoice = await read_invoice(session, ALL, invoice_id)
            known = await hand_over_of(session, invoice_id, document)
        number = invoice_number(invoice.number)
        start = document_hand_over(
            str(invoice_id),
            number if document is HandedOver.INVOICE else f"{number}/void",
            tenant_id=invoice.tenant_id,
            period_code=month_of(invoice.period).code,
        )
        run = await self._flows.start(start)
        async with self._database.write(ALL) as session:
            await note_work(session, known.id, run.workflow_id, run.run_id, self._clock())
            return await _told(session, invoice)


def _expect(invoice: Stored, *statuses: InvoiceStatus, reason: str) -> None:
    if invoice.status not in statuses:
        raise FailedPrecondition(
            f"the invoice is {invoice.status}, not {' or '.join(statuses)}",
            reason=reason,
            metadata={"status": invoice.status},
        )


async def _told(session: WriteSession, invoice: Stored) -> invoices_pb2.Invoice:
    return invoice_message(await read_invoice(session, ALL, invoice.id), operator=True)
