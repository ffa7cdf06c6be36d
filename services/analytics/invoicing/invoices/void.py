"""Voids a draft or an issued invoice. The next invoice bills its late usage again."""

from datetime import datetime
from uuid import UUID

from services.analytics.invoicing.invoices.rules.states import (
    HandedOver,
    HandOverStatus,
    InvoiceStatus,
)
from services.analytics.invoicing.invoices.store.hand_overs import begin_hand_over, call_off
from services.analytics.invoicing.invoices.store.reading import locked_invoice, read_invoice
from services.analytics.invoicing.invoices.store.settlements import mark_void
from services.analytics.invoicing.one_offs.store import release_one_off_lines
from services.analytics.invoicing.rollups.rules.rollups import Rollup
from services.analytics.invoicing.rollups.store.rebilled import release_costs
from services.analytics.invoicing.rollups.store.rollups import locked_rollup
from services.analytics.margin.store.months import mark_margin
from services.analytics.usage.store.periods import release_adjustments
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition
from services.common.identity.callers import ALL

__all__ = ["void"]


async def void(
    session: WriteSession,
    invoice_id: UUID,
    *,
    reason: str,
    by: str,
    hand_over: HandOverStatus,
    at: datetime,
) -> Rollup | None:
    """Voids an invoice; `hand_over` is the initial status of the void's hand-over.

    Returns the roll-up that drafted it. Raises FailedPrecondition for a paid, void or credited
    invoice.
    """
    found = await read_invoice(session, ALL, invoice_id)
    rollup = None
    if found.status is InvoiceStatus.DRAFT and found.rollup_id is not None:
        rollup = await locked_rollup(session, found.rollup_id)
    invoice = await locked_invoice(session, invoice_id)
    invoice.check_status(InvoiceStatus.DRAFT, InvoiceStatus.ISSUED, reason="INVOICE_NOT_VOIDABLE")
    if invoice.credited_cents:
        raise FailedPrecondition(
            "part of the invoice is credited: credit the rest with another credit note",
            reason="INVOICE_CREDITED",
        )
    await mark_void(session, invoice_id, reason=reason, by=by, at=at)
    known = invoice.hand_over
    if (
        invoice.number is not None
        and known is not None
        and (known.attempt_count or known.status is HandOverStatus.DELIVERED)
    ):  # it may have been delivered: then the void must be handed over too
        await begin_hand_over(
            session, invoice, HandedOver.VOID, number=invoice.number, status=hand_over, at=at
        )
    await call_off(session, invoice_id, "the invoice was voided", at)
    await release_adjustments(session, [invoice_id])
    await release_one_off_lines(session, [invoice_id])
    await release_costs(session, [invoice_id], at)
    await mark_margin(session, invoice.month)
    return rollup
