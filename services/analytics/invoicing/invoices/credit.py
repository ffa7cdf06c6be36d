"""Credits an issued invoice, in part or in full, with a credit note."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.analytics.invoicing.invoices.rules.crediting import CreditedAmount, credit_of
from services.analytics.invoicing.invoices.rules.invoices import CreditNote
from services.analytics.invoicing.invoices.rules.states import (
    HandedOver,
    HandOverStatus,
    InvoiceStatus,
)
from services.analytics.invoicing.invoices.store import settlements
from services.analytics.invoicing.invoices.store.hand_overs import begin_hand_over
from services.analytics.invoicing.invoices.store.issuing import (
    NumberSequence,
    advance_sequence,
    locked_sequence,
)
from services.analytics.invoicing.invoices.store.reading import locked_invoice
from services.analytics.invoicing.one_offs.store import release_one_off_lines
from services.analytics.invoicing.rollups.store.rebilled import release_costs
from services.analytics.margin.store.months import mark_margin
from services.analytics.usage.store.periods import release_adjustments
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition
from services.common.identity.callers import ALL

__all__ = ["credit"]


async def credit(
    session: WriteSession,
    invoice_id: UUID,
    wanted: Sequence[CreditedAmount],
    *,
    reason: str,
    by: str,
    hand_over: HandOverStatus,
    at: datetime,
) -> CreditNote:
    """Issues a credit note for the given lines, or for the whole remainder if none are given.

    Crediting an invoice in full frees its month: the next invoice bills it again.
    Raises FailedPrecondition for an invoice that was not issued, and whatever `credit_of` raises.
    """
    invoice = await locked_invoice(session, invoice_id)
    if invoice.status not in (InvoiceStatus.ISSUED, InvoiceStatus.PAID):
        raise FailedPrecondition(
            f"the invoice is {invoice.status}: only an issued or paid invoice can be credited",
            reason="INVOICE_NOT_ISSUED",
            metadata={"status": invoice.status},
        )
    taken = credit_of(
        await settlements.creditable_lines(session, invoice_id),
        await settlements.creditable_tax(session, invoice_id),
        wanted,
        rate_percent=invoice.tax_rate_percent,
    )
    sequence = await locked_sequence(session, "credit_note")
    await advance_sequence(
        session, "credit_note", NumberSequence(sequence.next + 1, sequence.chain_hash)
    )
    note_id = await settlements.insert_credit_note(
        session, invoice, taken, number=sequence.next, reason=reason, by=by, at=at
    )
    if invoice.credited_cents + taken.total_cents == invoice.total_cents:
        await settlements.mark_credited_in_full(session, invoice_id, at)
        await release_adjustments(session, [invoice_id])
        await release_one_off_lines(session, [invoice_id])
        await release_costs(session, [invoice_id], at)
    await mark_margin(session, invoice.month)
    await begin_hand_over(
        session,
        invoice,
        HandedOver.CREDIT_NOTE,
        number=sequence.next,
        credit_note_id=note_id,
        status=hand_over,
        at=at,
    )
    return await settlements.read_credit_note(session, ALL, note_id)
