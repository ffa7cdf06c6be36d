"""Renders invoices and credit notes as messages."""

from typing import Final

from arcadia.analytics.v1 import invoices_pb2
from arcadia.common.v1 import runs_pb2

from services.analytics.invoicing.invoices.rules.invoices import (
    CreditedLine,
    CreditNote,
    HandOver,
    Invoice,
)
from services.analytics.invoicing.invoices.rules.lines import InvoiceLine
from services.analytics.invoicing.invoices.rules.numbering import credit_note_number, invoice_number
from services.analytics.invoicing.invoices.rules.states import HandOverStatus
from services.common.rpc.messages import message_of
from services.common.values.cost_plus import tenant_meta

__all__ = ["credit_note_message", "invoice_message", "line_message"]

RUN_STATUS: Final = {
    HandOverStatus.PENDING: "running",
    HandOverStatus.DELIVERED: "completed",
    HandOverStatus.FAILED: "failed",
}


def invoice_message(invoice: Invoice, *, operator: bool) -> invoices_pb2.Invoice:
    """An invoice. Only operators see the workflow of its hand-over."""
    return message_of(
        invoices_pb2.Invoice,
        invoice,
        period_end=invoice.month.end,
        number=invoice_number(invoice.number),
        purchase_order=invoice.purchase_order or None,
        hand_over=_hand_over(invoice.hand_over, operator=operator),
        void_hand_over=_hand_over(invoice.void_hand_over, operator=operator),
    )


def credit_note_message(note: CreditNote, *, operator: bool) -> invoices_pb2.CreditNote:
    """A credit note with its lines. Only operators see the workflow of its hand-over."""
    return message_of(
        invoices_pb2.CreditNote,
        note,
        number=credit_note_number(note.number),
        invoice_number=invoice_number(note.invoice_number),
        lines=[_credited_line(line, operator=operator) for line in note.lines],
        hand_over=_hand_over(note.hand_over, operator=operator),
    )


def line_message(line: InvoiceLine, *, operator: bool) -> invoices_pb2.InvoiceLine:
    """A line of an invoice. Only operators see the cost side of what is priced from cost."""
    meta = line.line.meta
    return message_of(invoices_pb2.InvoiceLine, line, meta=meta if operator else tenant_meta(meta))


def _credited_line(credited: CreditedLine, *, operator: bool) -> invoices_pb2.InvoiceLine:
    meta = credited.line.line.meta
    return message_of(
        invoices_pb2.InvoiceLine,
        credited.line,
        meta=meta if operator else tenant_meta(meta),
        position=credited.note_position,
        amount_cents=credited.credited_cents,
    )


def _hand_over(known: HandOver | None, *, operator: bool) -> invoices_pb2.HandOver | None:
    if known is None:
        return None
    ended = known.status in (HandOverStatus.DELIVERED, HandOverStatus.FAILED)
    run = message_of(
        runs_pb2.Run,
        known,
        status=RUN_STATUS.get(known.status, ""),
        details="",
        url="",
        finished_at=known.updated_at if ended else None,
    )
    return message_of(
        invoices_pb2.HandOver,
        known,
        # It may contain the response of accounts receivable, which tenants must not see.
        reason=known.reason if operator else "",
        run=run if operator and known.workflow_id else None,
    )
