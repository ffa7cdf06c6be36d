"""Records the outcome of a hand-over attempt."""

from dataclasses import replace
from datetime import datetime

from services.analytics.invoicing.invoices.rules.invoices import HandOver
from services.analytics.invoicing.invoices.rules.states import (
    HandedOver,
    HandOverStatus,
    InvoiceStatus,
)
from services.analytics.invoicing.invoices.store import hand_overs
from services.analytics.invoicing.invoices.store.reading import locked_invoice
from services.common.db.database import WriteSession

__all__ = ["record_attempt"]


async def record_attempt(
    session: WriteSession,
    known: HandOver,
    *,
    status: HandOverStatus,
    reference: str,
    reason: str,
    attempt_count: int,
    workflow_id: str,
    run_id: str,
    at: datetime,
) -> HandOver | None:
    """Records an attempt. A delivered hand-over stays delivered and keeps its reference.

    An attempt that was running when the hand-over was cancelled does not reopen it. If it delivered
    an invoice that was voided in the meantime, the void must be handed over too and is returned.
    """
    # Lock the invoice first, so that a concurrent void sees the delivery or is seen by it.
    invoice = await locked_invoice(session, known.invoice_id)
    known = await hand_overs.locked_hand_over(session, known.id)
    delivered = status is HandOverStatus.DELIVERED
    if known.status is not HandOverStatus.PENDING and (
        known.status is HandOverStatus.DELIVERED or not delivered
    ):
        return None
    await hand_overs.save_hand_over(
        session,
        replace(
            known,
            status=status,
            reference=reference if delivered else "",
            reason=reason,
            # Attempts arrive in order, but one may arrive again if its response was lost.
            attempt_count=max(known.attempt_count, attempt_count),
            delivered_at=at if delivered else None,
            workflow_id=workflow_id,
            run_id=run_id,
            started_at=known.started_at or at,
            updated_at=at,
        ),
    )
    is_void = invoice.status is InvoiceStatus.VOID and invoice.number is not None
    if not (delivered and known.document is HandedOver.INVOICE and is_void):
        return None
    # Under its roll-up, whose workflow will hand it over in the next round.
    return await hand_overs.begin_hand_over(
        session, invoice, HandedOver.VOID, number=invoice.number or 0,
        rollup_id=invoice.rollup_id, status=HandOverStatus.PENDING, at=at,
    )  # fmt: skip  # a table
