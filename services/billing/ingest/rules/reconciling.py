"""Reconciles an invoice: its lines, the provider's summary and the billing history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.billing.ingest.rules.matching import MatchCounts

__all__ = [
    "HALF_A_CENT",
    "PARTS",
    "PRECISION",
    "Ingest",
    "IngestStatus",
    "PartResidual",
    "PartialSum",
    "ProviderInvoice",
    "Reconciliation",
    "RunStatus",
    "SummaryParts",
    "compare_parts",
    "is_nothing",
    "parts_agree",
    "reconcile",
]


PRECISION: Final = 200_000
"""Digits of a sum: more than PostgreSQL's NUMERIC stores, so no sum is ever rounded."""

HALF_A_CENT: Final = Decimal("0.005")


class IngestStatus(StrEnum):
    """The ingest status of an invoice."""

    DISCOVERED = "discovered"
    INGESTING = "ingesting"
    INGESTED = "ingested"
    FAILED = "failed"


class RunStatus(StrEnum):
    """The status of an ingest."""

    OPEN = "open"
    COMPLETED = "completed"
    FAILED = "failed"


PARTS: Final[Mapping[str, str]] = {
    "product_charges": "charges",
    "overages": "overages",
    "taxes": "taxes",
    "credits_and_adjustments": "credits",
}
"""The parts of the provider's summary, each with its name here."""


@dataclass(frozen=True, slots=True)
class SummaryParts:
    """The provider's summary in USD; None for a missing part."""

    amount_usd: Decimal
    charges_usd: Decimal | None = None
    overages_usd: Decimal | None = None
    taxes_usd: Decimal | None = None
    credits_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PartResidual:
    """One part of an invoice by its lines and by the summary, in USD."""

    part: str
    """Its name in the provider's summary."""
    lines_usd: Decimal
    summary_usd: Decimal | None
    residual_usd: Decimal | None
    """Summary less lines; zero if they agree, None if the summary is unknown."""


@dataclass(frozen=True, slots=True)
class PartialSum:
    """The total of one classification, in USD."""

    classification: str
    is_overage: bool
    line_count: int
    amount_usd: Decimal


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The three figures of an invoice and its parts, in USD."""

    line_count: int
    lines_usd: Decimal
    overages_usd: Decimal
    taxes_usd: Decimal
    credits_usd: Decimal
    total_usd: Decimal
    summary_usd: Decimal | None
    residual_usd: Decimal
    """History less total; zero if the lines add up."""
    balanced: bool | None
    """Whether all three agree to the cent; None if the summary is unknown."""


def reconcile(
    sums: Iterable[PartialSum], *, summary_usd: Decimal | None, history_usd: Decimal
) -> Reconciliation:
    """Compares an invoice's lines with the summary and the history."""
    parts = {"lines": Decimal(0), "overages": Decimal(0), "tax": Decimal(0), "credit": Decimal(0)}
    count = 0
    with localcontext(prec=PRECISION):
        for one in sums:
            part = one.classification if one.classification in parts else "lines"
            parts["overages" if one.is_overage else part] += one.amount_usd
            count += one.line_count
        total = sum(parts.values(), Decimal(0))
        residual = history_usd - total
        balanced = (
            None
            if summary_usd is None
            else is_nothing(residual) and is_nothing(summary_usd - total)
        )
    return Reconciliation(
        line_count=count,
        lines_usd=parts["lines"],
        overages_usd=parts["overages"],
        taxes_usd=parts["tax"],
        credits_usd=parts["credit"],
        total_usd=total,
        summary_usd=summary_usd,
        residual_usd=residual,
        balanced=balanced,
    )


def compare_parts(
    lines: Mapping[str, Decimal], summary: Mapping[str, Decimal | None]
) -> list[PartResidual]:
    """The parts by summary and by lines, in the order of `PARTS`."""
    with localcontext(prec=PRECISION):
        return [
            PartResidual(
                part,
                lines[name],
                said := summary[name],
                None if said is None else said - lines[name],
            )
            for part, name in PARTS.items()
        ]


def parts_agree(parts: Iterable[PartResidual]) -> bool | None:
    """Whether all agree to the cent; None if one is unknown and no other differs."""
    residuals = [part.residual_usd for part in parts]
    if any(residual is not None and not is_nothing(residual) for residual in residuals):
        return False
    return None if None in residuals else True


def is_nothing(residual_usd: Decimal) -> bool:
    """Whether a difference is less than a cent.

    Lines are billed in fractions of a cent, totals in whole cents.
    """
    return abs(residual_usd) < HALF_A_CENT


@dataclass(frozen=True, slots=True)
class Ingest:
    """An ingest of an invoice, with its progress."""

    id: UUID
    provider_invoice_id: UUID
    key: str
    status: str
    """`open`, `completed` or `failed`."""
    reason: str
    row_count: int | None
    """Staged rows of the CSV form, once complete."""
    item_count: int
    """Staged items of the JSON form so far."""
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProviderInvoice:
    """The header of an invoice; amounts in USD."""

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
    """The ingest of its current lines, which identifies the line set."""
    ingested_at: datetime | None
    reconciliation: Reconciliation | None
    """None before lines are ingested, as are all values derived from them."""
    summary: SummaryParts | None
    matched_at: datetime | None
    matching: MatchCounts | None
    waived_at: datetime | None
    waived_by: str
    waive_reason: str
    run: Ingest | None = None
    """The newest ingest, if requested."""
