"""Waiving invoices that can never be read: they are due no longer."""

from uuid import UUID

from services.billing.ingest.store.headers import (
    NOT_WAIVED,
    lock_invoice,
    set_waiver,
    update_invoice,
)
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition

__all__ = ["unwaive", "waive"]


async def waive(session: WriteSession, invoice_id: UUID, *, reason: str, by: str) -> None:
    """Has an invoice due no longer.

    Raises NotFound, and FailedPrecondition for one whose lines are there or that is waived.
    """
    invoice = await lock_invoice(session, invoice_id)
    if invoice.ingest_status == "ingested":
        raise FailedPrecondition(
            "the invoice is ingested: there is nothing to waive", reason="INVOICE_INGESTED"
        )
    if invoice.waived_at is not None:
        raise FailedPrecondition(
            f"the invoice is waived already: {invoice.waive_reason}", reason="INVOICE_WAIVED"
        )
    await set_waiver(session, invoice_id, reason=reason, by=by)


async def unwaive(session: WriteSession, invoice_id: UUID) -> None:
    """Has a waived invoice due again. Raises NotFound, and FailedPrecondition for another."""
    invoice = await lock_invoice(session, invoice_id)
    if invoice.waived_at is None:
        raise FailedPrecondition("the invoice is not waived", reason="INVOICE_NOT_WAIVED")
    await update_invoice(session, invoice_id, **NOT_WAIVED)
