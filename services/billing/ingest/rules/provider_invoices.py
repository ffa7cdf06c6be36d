"""The provider's invoices and the ingests of their lines, as billing keeps them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from services.billing.ingest.rules.matching import MatchCounts
from services.billing.ingest.rules.reconciling import Reconciliation, SummaryParts

__all__ = ["Ingest", "ProviderInvoice"]


@dataclass(frozen=True, slots=True)
class Ingest:
    """A run that brings an invoice's lines in, and how far it is."""

    id: UUID
    provider_invoice_id: UUID
    key: str
    status: str
    """`open`, `completed` or `failed`."""
    reason: str
    row_count: int | None
    """Of the CSV form, once it was staged whole."""
    item_count: int
    """Of the JSON form, so far."""
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProviderInvoice:
    """The header of an invoice; amounts are in USD."""

    id: UUID
    invoice_uuid: str
    invoice_number: str
    period: date | None
    history_usd: Decimal
    issued_at: datetime
    ingest_status: str
    """`discovered`, `ingesting`, `ingested` or `failed`."""
    ingest_error: str
    ingest_id: UUID | None
    """The ingest whose lines these are: it names the set of them."""
    ingested_at: datetime | None
    reconciliation: Reconciliation | None
    """None before lines were ingested, as all that follows from them."""
    summary: SummaryParts | None
    matched_at: datetime | None
    matching: MatchCounts | None
    waived_at: datetime | None
    waived_by: str
    waive_reason: str
    run: Ingest | None = None
    """The newest, where it is asked for."""
