"""The one moment at which an invoice's lines change: all of them, in one transaction."""

from datetime import date
from uuid import UUID

from services.billing.ingest.rules.provider_invoices import Ingest, ProviderInvoice
from services.billing.ingest.rules.reconciling import SummaryParts, reconcile
from services.billing.ingest.store.candidates import forget_candidates
from services.billing.ingest.store.headers import keep_completed, lock_invoice
from services.billing.ingest.store.ingests import close_ingest, lock_ingest
from services.billing.ingest.store.matching import record_counts
from services.billing.ingest.store.staging import staged_sums
from services.billing.ingest.store.totals import refresh_totals
from services.billing.ingest.store.writing import replace_lines
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition

__all__ = ["complete_ingest"]


async def complete_ingest(
    session: WriteSession, ingest_id: UUID, *, summary: SummaryParts | None, period: date | None
) -> ProviderInvoice:
    """Replaces the lines of an invoice by the staged ones, reconciles them, answers the header.

    `period` is the month that the summary names, for a header that knows none; its
    partitions exist. A completed ingest answers the header as it is. Raises
    FailedPrecondition when nothing was staged, when staged rows were lost, and when the month
    is unknown: asking again mends none of them.
    """
    ingest = await lock_ingest(session, ingest_id)
    invoice = await lock_invoice(session, ingest.provider_invoice_id)
    if ingest.status == "completed":
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
    await close_ingest(session, ingest_id, "completed")
    header = await keep_completed(session, ingest, month, result, summary)
    if not is_matched:
        return header
    await forget_candidates(session, ingest_id)
    await record_counts(session, month, invoice.id)
    return await lock_invoice(session, invoice.id)


def _month_of(ingest: Ingest, month: date | None) -> date:
    if ingest.status != "open":
        raise FailedPrecondition(f"the ingest failed: {ingest.reason}", reason="INGEST_CLOSED")
    if ingest.row_count is None:
        raise FailedPrecondition("nothing was uploaded", reason="NOTHING_STAGED")
    if month is None:
        raise FailedPrecondition(
            "neither the billing history nor the summary names the month", reason="PERIOD_UNKNOWN"
        )
    return month
