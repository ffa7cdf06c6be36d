"""Reads provider invoices with their newest ingest."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select, true

from services.billing.ingest.rules.reconciling import Ingest, ProviderInvoice
from services.billing.ingest.store.headers import INVOICE
from services.billing.ingest.tables import cloud_ingests as ingests
from services.billing.ingest.tables import cloud_invoices as invoices
from services.common.db.database import ReadSession
from services.common.db.pages import page_of
from services.common.db.records import columns_of, found_of, records_of
from services.common.rpc.paging import Page, PageRequest

__all__ = ["InvoiceFilter", "find_invoice", "ingested_invoices", "list_invoices"]


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """A filter; empty or None fields do not restrict it."""

    period: date | None = None
    ingest_status: str = ""
    balanced: bool | None = None
    waived: bool | None = None


_NEWEST: Final = (
    select(*(column.label(f"run_{column.name}") for column in columns_of(Ingest, ingests)))
    .where(ingests.c.provider_invoice_id == invoices.c.id)
    .order_by(ingests.c.id.desc())
    .limit(1)
    .lateral("newest")
)
_READ: Final = select(*INVOICE, _NEWEST).join_from(invoices, _NEWEST, true(), isouter=True)


async def list_invoices(
    session: ReadSession, wanted: InvoiceFilter, asked: PageRequest
) -> Page[ProviderInvoice]:
    """Invoices, newest first."""
    query = _READ
    if wanted.period is not None:
        query = query.where(invoices.c.period == wanted.period)
    if wanted.ingest_status:
        query = query.where(invoices.c.ingest_status == wanted.ingest_status)
    if wanted.balanced is not None:
        query = query.where(invoices.c.balanced.is_(wanted.balanced))
    if wanted.waived is not None:
        waived = invoices.c.waived_at.is_not(None)
        query = query.where(waived if wanted.waived else ~waived)
    place = (invoices.c.issued_at, invoices.c.id)
    return await page_of(session, ProviderInvoice, query, asked, *place, descending=True)


async def find_invoice(session: ReadSession, invoice_id: UUID) -> ProviderInvoice:
    """An invoice. Raises NotFound."""
    found = await session.execute(_READ.where(invoices.c.id == invoice_id))
    return found_of(ProviderInvoice, found, "provider invoice", invoice_id)


async def ingested_invoices(session: ReadSession, period: date | None) -> list[ProviderInvoice]:
    """Every invoice with lines, of a month or of all, oldest first."""
    query = select(*INVOICE).where(invoices.c.ingest_id.is_not(None))
    if period is not None:
        query = query.where(invoices.c.period == period)
    found = await session.execute(query.order_by(invoices.c.issued_at, invoices.c.id))
    return records_of(ProviderInvoice, found)
