"""Whether an invoice adds up: its lines, the provider's summary and the billing history."""

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
"""Digits of a sum: more than PostgreSQL's NUMERIC keeps, so that no sum is ever rounded."""

HALF_A_CENT: Final = Decimal("0.005")


class IngestStatus(StrEnum):
    """How far an invoice is."""

    DISCOVERED = "discovered"
    INGESTING = "ingesting"
    INGESTED = "ingested"
    FAILED = "failed"


class RunStatus(StrEnum):
    """How far one ingest of an invoice is."""

    OPEN = "open"
    COMPLETED = "completed"
    FAILED = "failed"


PARTS: Final[Mapping[str, str]] = {
    "product_charges": "charges",
    "overages": "overages",
    "taxes": "taxes",
    "credits_and_adjustments": "credits",
}
"""The parts of the provider's summary, each with the name of the same part here."""


@dataclass(frozen=True, slots=True)
class SummaryParts:
    """What the provider's summary says, in USD; None for a part that it does not tell."""

    amount_usd: Decimal
    charges_usd: Decimal | None = None
    overages_usd: Decimal | None = None
    taxes_usd: Decimal | None = None
    credits_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PartResidual:
    """One part of an invoice by its lines and by the summary; USD."""

    part: str
    """As the provider's summary calls it."""
    lines_usd: Decimal
    summary_usd: Decimal | None
    residual_usd: Decimal | None
    """Summary less lines: zero when they agree; None while the summary is unknown."""


@dataclass(frozen=True, slots=True)
class PartialSum:
    """The lines of one classification, together; amounts are in USD."""

    classification: str
    is_overage: bool
    line_count: int
    amount_usd: Decimal


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The three figures of an invoice, and the parts of the first; all in USD."""

    line_count: int
    lines_usd: Decimal
    overages_usd: Decimal
    taxes_usd: Decimal
    credits_usd: Decimal
    total_usd: Decimal
    summary_usd: Decimal | None
    residual_usd: Decimal
    """History less total: zero when the lines add up."""
    balanced: bool | None
    """Whether all three agree to the cent; None while the summary is unknown."""


def reconcile(
    sums: Iterable[PartialSum], *, summary_usd: Decimal | None, history_usd: Decimal
) -> Reconciliation:
    """Holds an invoice's lines against what else the provider says of it."""
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
    """The summary's parts beside the lines', in the order of `PARTS`, by their names here."""
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
    """Whether all agree to the cent; None while one is unknown and no other differs."""
    residuals = [part.residual_usd for part in parts]
    if any(residual is not None and not is_nothing(residual) for residual in residuals):
        return False
    return None if None in residuals else True


def is_nothing(residual_usd: Decimal) -> bool:
    """Whether two amounts that differ by this are the same to the cent.

    Lines are billed in fractions of a cent, and what they come to in whole ones.
    """
    return abs(residual_usd) < HALF_A_CENT


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
