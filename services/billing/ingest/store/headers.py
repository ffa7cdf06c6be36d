"""The headers of provider invoices."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Executable, func, or_, select, text, update

from services.billing.ingest.rules.matching import MatchCounts
from services.billing.ingest.rules.reconciling import (
    HALF_A_CENT,
    PARTS,
    Ingest,
    IngestStatus,
    ProviderInvoice,
    Reconciliation,
    SummaryParts,
)
from services.billing.ingest.store.history import HistoryEntry
from services.billing.ingest.tables import cloud_invoices as invoices
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import arrays_of, found_of, unnested
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "INVOICE",
    "NOT_WAIVED",
    "HistoryCounts",
    "keep_completed",
    "list_pending",
    "lock_invoice",
    "prepare_month",
    "read_invoice",
    "record_history",
    "set_status",
    "set_waiver",
    "update_invoice",
]


@dataclass(frozen=True, slots=True)
class HistoryCounts:
    """The results of a page of the history."""

    discovered: int
    updated: int
    unchanged: int


INVOICE: Final = (invoices, invoices.c.summary_usd.label("summary_amount_usd"))
"""The columns of a ProviderInvoice."""

NOT_WAIVED: Final[dict[str, Any]] = {"waived_at": None, "waived_by": "", "waive_reason": ""}

# If the provider changed the amount of an ingested invoice, it is due again; its lines are kept
# until then. A known month is never cleared, because it is the lines' partition key.
_RECORD: Final = f"""
WITH recorded AS (
    INSERT INTO cloud_invoices AS known
        (invoice_uuid, invoice_number, history_usd, issued_at, description, period, discovered_at)
    SELECT invoice_uuid, invoice_number, amount_usd, occurred_at, description, period, now()
    FROM {unnested(HistoryEntry, "given")} ORDER BY occurred_at, invoice_uuid
    ON CONFLICT (invoice_uuid) DO UPDATE SET
        invoice_number = excluded.invoice_number,
        history_usd = excluded.history_usd,
        issued_at = excluded.issued_at,
        description = excluded.description,
        period = coalesce(known.period, excluded.period),
        ingest_status = CASE
            WHEN known.ingest_status = 'ingested' AND known.history_usd <> excluded.history_usd
            THEN 'discovered' ELSE known.ingest_status END,
        residual_usd = excluded.history_usd - known.total_usd,
        balanced = CASE WHEN known.summary_usd IS NOT NULL THEN
            abs(known.summary_usd - known.total_usd) < %(half_a_cent)s
            AND abs(excluded.history_usd - known.total_usd) < %(half_a_cent)s END
    WHERE (known.invoice_number, known.history_usd, known.issued_at, known.description,
           known.period) IS DISTINCT FROM
          (excluded.invoice_number, excluded.history_usd, excluded.issued_at,
           excluded.description, coalesce(known.period, excluded.period))
    RETURNING xmax = 0 AS is_new
)
SELECT count(*) FILTER (WHERE is_new) AS discovered, count(*) FILTER (WHERE NOT is_new) AS updated
FROM recorded
"""


async def record_history(session: WriteSession, entries: Iterable[HistoryEntry]) -> HistoryCounts:
    """Upserts the headers of invoices; the later of two entries of one wins."""
    last = list({entry.invoice_uuid: entry for entry in entries if entry.is_invoice}.values())
    for month in sorted({entry.period for entry in last if entry.period is not None}):
        await prepare_month(session, month)
    given = {"half_a_cent": HALF_A_CENT, **arrays_of(HistoryEntry, last, "given")}
    [(discovered, updated)] = await session.on_driver(_RECORD, given, binary=False)
    return HistoryCounts(discovered, updated, len(last) - discovered - updated)


async def prepare_month(session: WriteSession, month: date) -> None:
    """Creates missing partitions of a month without blocking readers."""
    await session.execute(text("SELECT prepare_cost_month(:month)"), {"month": month})


async def read_invoice(session: ReadSession, invoice_id: UUID) -> ProviderInvoice:
    """A header. Raises NotFound."""
    return await _one(session, select(*INVOICE).where(invoices.c.id == invoice_id), invoice_id)


async def lock_invoice(session: WriteSession, invoice_id: UUID) -> ProviderInvoice:
    """A header, locked until the transaction ends. Raises NotFound."""
    query = select(*INVOICE).where(invoices.c.id == invoice_id).with_for_update()
    return await _one(session, query, invoice_id)


async def update_invoice(
    session: WriteSession,
    invoice_id: UUID,
    **values: Any,
) -> ProviderInvoice:
    """Updates columns of a header and returns it."""
    query = update(invoices).where(invoices.c.id == invoice_id).values(**values)
    return await _one(session, query.returning(*INVOICE), invoice_id)


async def set_status(
    session: WriteSession, invoice_id: UUID, status: str, *, error: str = ""
) -> ProviderInvoice:
    """Sets the ingest status of an invoice."""
    return await update_invoice(session, invoice_id, ingest_status=status, ingest_error=error)


async def keep_completed(
    session: WriteSession,
    ingest: Ingest,
    month: date,
    result: Reconciliation,
    summary: SummaryParts | None,
) -> ProviderInvoice:
    """Sets the ingest and totals of a header's lines; their matches are still open."""
    return await update_invoice(
        session,
        ingest.provider_invoice_id,
        period=month,
        ingest_status=IngestStatus.INGESTED,
        ingest_error="",
        ingest_id=ingest.id,
        ingested_at=func.now(),
        matched_at=None,
        **asdict(result),
        **{
            f"summary_{part}_usd": summary and getattr(summary, f"{part}_usd")
            for part in PARTS.values()
        },
        **dict.fromkeys(MatchCounts.__dataclass_fields__),
        # An ingested invoice needs no waiver.
        **NOT_WAIVED,
    )


async def set_waiver(session: WriteSession, invoice_id: UUID, *, reason: str, by: str) -> None:
    """Marks an invoice as waived."""
    await update_invoice(
        session, invoice_id, waived_at=func.now(), waived_by=by, waive_reason=reason
    )


async def list_pending(session: ReadSession, asked: PageRequest) -> Page[ProviderInvoice]:
    """The headers that are not ingested or not matched, oldest first, without waived ones."""
    query = select(*INVOICE).where(
        or_(invoices.c.ingest_status != IngestStatus.INGESTED, invoices.c.matched_at.is_(None)),
        invoices.c.waived_at.is_(None),
    )
    place = (invoices.c.issued_at, invoices.c.id)
    return await page_of(session, ProviderInvoice, query, asked, *place)


async def _one(session: ReadSession, query: Executable, invoice_id: UUID) -> ProviderInvoice:
    return found_of(ProviderInvoice, await session.execute(query), "provider invoice", invoice_id)
