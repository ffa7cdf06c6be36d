"""The lifecycle of ingests (opened, completed, failed), and waivers of invoices."""

from datetime import date
from typing import Final
from uuid import UUID

from services.billing.ingest.rules.reconciling import (
    Ingest,
    IngestStatus,
    ProviderInvoice,
    RunStatus,
    SummaryParts,
    reconcile,
)
from services.billing.ingest.store import headers, ingests
from services.billing.ingest.store.candidates import forget_candidates
from services.billing.ingest.store.headers import NOT_WAIVED
from services.billing.ingest.store.ingests import staged_sums
from services.billing.ingest.store.matching import record_counts
from services.billing.ingest.store.totals import refresh_totals
from services.billing.ingest.store.writing import replace_lines
from services.common.db.database import WriteSession
from services.common.errors import AlreadyExists, FailedPrecondition

__all__ = ["begin_ingest", "complete_ingest", "fail_ingest", "unwaive", "waive"]

SUPERSEDED: Final = "superseded by another run"


async def begin_ingest(
    session: WriteSession, invoice_id: UUID, key: str
) -> tuple[Ingest, ProviderInvoice]:
    """Opens an empty ingest. Idempotent by key.

    Closes an open ingest of the invoice under another key, whose run has ended or is superseded.
    Raises NotFound, and AlreadyExists for another invoice's key.
    """
    invoice = await headers.lock_invoice(session, invoice_id)
    ingest = await ingests.find_ingest(session, key)
    if ingest is not None:
        if ingest.provider_invoice_id != invoice_id:
            raise AlreadyExists(
                f"the key {key!r} names an ingest of another invoice", reason="INGEST_KEY_REUSED"
            )
        if ingest.status == RunStatus.OPEN:
            ingest = await ingests.empty_ingest(session, ingest.id)
        return ingest, invoice
    for left in await ingests.lock_open_of(session, invoice_id):
        await ingests.close_ingest(session, left.id, RunStatus.FAILED, reason=SUPERSEDED)
    opened = await ingests.open_ingest(session, invoice_id, key)
    return opened, await headers.set_status(session, invoice_id, IngestStatus.INGESTING)


async def fail_ingest(session: WriteSession, ingest_id: UUID, reason: str) -> ProviderInvoice:
    """Closes a failed ingest. Idempotent.

    Returns the header, which has the reason. The invoice's lines are not changed.
    """
    ingest = await ingests.lock_ingest(session, ingest_id)
    if ingest.status != RunStatus.OPEN:
        return await headers.lock_invoice(session, ingest.provider_invoice_id)
    await ingests.close_ingest(session, ingest_id, RunStatus.FAILED, reason=reason)
    return await headers.set_status(
        session, ingest.provider_invoice_id, IngestStatus.FAILED, error=reason
    )


async def complete_ingest(
    session: WriteSession, ingest_id: UUID, *, summary: SummaryParts | None, period: date | None
) -> ProviderInvoice:
    """Replaces an invoice's lines with the staged ones, reconciles them, and returns the header.

    `period` is the month in the summary, for a header without one; its partitions exist. A
    completed ingest returns the header unchanged. Raises FailedPrecondition if nothing was staged,
    staged rows were lost, or the month is unknown, none of which a retry can fix.
    """
    ingest = await ingests.lock_ingest(session, ingest_id)
    invoice = await headers.lock_invoice(session, ingest.provider_invoice_id)
    if ingest.status == RunStatus.COMPLETED:
        return invoice
    month = _month_of(ingest, invoice.period or period)
    result = reconcile(
        await staged_sums(session, ingest_id),
        summary_usd=summary.amount_usd if summary else None,
        history_usd=invoice.history_usd,
    )
    if result.line_count != ingest.row_count:
        raise FailedPrecondition("staged rows were lost; ingest again", reason="STAGED_ROWS_LOST")
    is_matched = await replace_lines(session, ingest, month)
    await refresh_totals(session, month, invoice.id)
    await ingests.close_ingest(session, ingest_id, RunStatus.COMPLETED)
    header = await headers.keep_completed(session, ingest, month, result, summary)
    if not is_matched:
        return header
    await forget_candidates(session, ingest_id)
    await record_counts(session, month, invoice.id)
    return await headers.lock_invoice(session, invoice.id)


def _month_of(ingest: Ingest, month: date | None) -> date:
    if ingest.status != RunStatus.OPEN:
        raise FailedPrecondition(f"the ingest failed: {ingest.reason}", reason="INGEST_CLOSED")
    if ingest.row_count is None:
        raise FailedPrecondition("nothing was uploaded", reason="NOTHING_STAGED")
    if month is None:
        raise FailedPrecondition(
            "neither the billing history nor the summary has the month", reason="PERIOD_UNKNOWN"
        )
    return month


async def waive(session: WriteSession, invoice_id: UUID, *, reason: str, by: str) -> None:
    """Waives an invoice, which is then no longer due.

    Raises NotFound, and FailedPrecondition if it is ingested or already waived.
    """
    invoice = await headers.lock_invoice(session, invoice_id)
    if invoice.ingest_status == IngestStatus.INGESTED:
        raise FailedPrecondition(
            "the invoice is ingested: there is nothing to waive", reason="INVOICE_INGESTED"
        )
    if invoice.waived_at is not None:
        raise FailedPrecondition(
            f"the invoice is already waived: {invoice.waive_reason}", reason="INVOICE_WAIVED"
        )
    await headers.set_waiver(session, invoice_id, reason=reason, by=by)


async def unwaive(session: WriteSession, invoice_id: UUID) -> None:
    """Removes a waiver. Raises NotFound, and FailedPrecondition if it is not waived."""
    invoice = await headers.lock_invoice(session, invoice_id)
    if invoice.waived_at is None:
        raise FailedPrecondition("the invoice is not waived", reason="INVOICE_NOT_WAIVED")
    await headers.update_invoice(session, invoice_id, **NOT_WAIVED)
