"""The headers of the provider's invoices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, or_, select, text, tuple_, update

from services.billing.ingest.rules.reconciling import HALF_A_CENT
from services.billing.ingest.tables import cloud_invoices as invoices
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import FailedPrecondition, NotFound

__all__ = [
    "NOT_WAIVED",
    "HistoryCounts",
    "InvoiceHead",
    "list_pending",
    "lock_invoice",
    "prepare_month",
    "read_invoice",
    "record_history",
    "set_status",
    "unwaive",
    "waive",
]


@dataclass(frozen=True, slots=True)
class InvoiceHead:
    """What the billing history says of an invoice; the amount is in USD."""

    invoice_uuid: str
    invoice_number: str
    amount_usd: Decimal
    issued_at: datetime
    description: str
    period: date | None


@dataclass(frozen=True, slots=True)
class HistoryCounts:
    """What became of a page of the history."""

    discovered: int
    updated: int
    unchanged: int


NOT_WAIVED: Final[dict[str, Any]] = {"waived_at": None, "waived_by": "", "waive_reason": ""}

# An ingested invoice whose amount the provider changed is due again; its lines stay until
# then. A month that is known is never forgotten: the lines lie under it.
_RECORD: Final = text("""
WITH given AS (
    SELECT * FROM unnest(
        CAST(:uuids AS text[]), CAST(:numbers AS text[]), CAST(:amounts AS numeric[]),
        CAST(:issued AS timestamptz[]), CAST(:descriptions AS text[]), CAST(:periods AS date[])
    ) AS given (invoice_uuid, invoice_number, history_usd, issued_at, description, period)
), recorded AS (
    INSERT INTO cloud_invoices AS known
        (invoice_uuid, invoice_number, history_usd, issued_at, description, period, discovered_at)
    SELECT invoice_uuid, invoice_number, history_usd, issued_at, description, period, now()
    FROM given ORDER BY issued_at, invoice_uuid
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
            abs(known.summary_usd - known.total_usd) < :half_a_cent
            AND abs(excluded.history_usd - known.total_usd) < :half_a_cent END
    WHERE (known.invoice_number, known.history_usd, known.issued_at, known.description,
           known.period) IS DISTINCT FROM
          (excluded.invoice_number, excluded.history_usd, excluded.issued_at,
           excluded.description, coalesce(known.period, excluded.period))
    RETURNING xmax = 0 AS is_new
)
SELECT count(*) FILTER (WHERE is_new) AS discovered, count(*) FILTER (WHERE NOT is_new) AS updated
FROM recorded
""")


async def record_history(session: WriteSession, entries: Iterable[InvoiceHead]) -> HistoryCounts:
    """Makes or updates the headers of these invoices; of two entries of one the later counts."""
    last = list({entry.invoice_uuid: entry for entry in entries}.values())
    if not last:
        return HistoryCounts(0, 0, 0)
    for month in sorted({entry.period for entry in last if entry.period is not None}):
        await prepare_month(session, month)
    counted = await session.execute(
        _RECORD,
        {
            "uuids": [entry.invoice_uuid for entry in last],
            "numbers": [entry.invoice_number for entry in last],
            "amounts": [entry.amount_usd for entry in last],
            "issued": [entry.issued_at for entry in last],
            "descriptions": [entry.description for entry in last],
            "periods": [entry.period for entry in last],
            "half_a_cent": HALF_A_CENT,
        },
    )
    row = counted.one()
    unchanged = len(last) - row.discovered - row.updated
    return HistoryCounts(row.discovered, row.updated, unchanged)


async def prepare_month(session: WriteSession, month: date) -> None:
    """Makes the partitions of a month when they are missing; no reader waits for it."""
    await session.execute(text("SELECT prepare_cost_month(:month)"), {"month": month})


async def read_invoice(session: ReadSession, invoice_id: UUID) -> Row[Any]:
    """A header. Raises NotFound."""
    found = await session.execute(select(invoices).where(invoices.c.id == invoice_id))
    return _there(found.one_or_none(), invoice_id)


async def lock_invoice(session: WriteSession, invoice_id: UUID) -> Row[Any]:
    """A header that nobody else changes until this transaction ends. Raises NotFound."""
    query = select(invoices).where(invoices.c.id == invoice_id).with_for_update()
    return _there((await session.execute(query)).one_or_none(), invoice_id)


async def set_status(
    session: WriteSession, invoice_id: UUID, status: str, *, error: str = ""
) -> Row[Any]:
    """Says how far the ingest of an invoice is."""
    changed = await session.execute(
        update(invoices)
        .where(invoices.c.id == invoice_id)
        .values(ingest_status=status, ingest_error=error)
        .returning(invoices)
    )
    return changed.one()


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
    await session.execute(
        update(invoices)
        .where(invoices.c.id == invoice_id)
        .values(waived_at=func.now(), waived_by=by, waive_reason=reason)
    )


async def unwaive(session: WriteSession, invoice_id: UUID) -> None:
    """Has a waived invoice due again. Raises NotFound, and FailedPrecondition for another."""
    invoice = await lock_invoice(session, invoice_id)
    if invoice.waived_at is None:
        raise FailedPrecondition("the invoice is not waived", reason="INVOICE_NOT_WAIVED")
    await session.execute(update(invoices).where(invoices.c.id == invoice_id).values(NOT_WAIVED))


async def list_pending(
    session: ReadSession, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Row[Any]]:
    """The headers that are not ingested, or whose lines wait to be matched, oldest first.

    Without those that are waived.
    """
    position = (invoices.c.issued_at, invoices.c.id)
    query = select(invoices).where(
        or_(invoices.c.ingest_status != "ingested", invoices.c.matched_at.is_(None)),
        invoices.c.waived_at.is_(None),
    )
    if after is not None:
        query = query.where(tuple_(*position) > tuple_(*after))
    return (await session.execute(query.order_by(*position).limit(limit))).all()


def _there(row: Row[Any] | None, invoice_id: UUID) -> Row[Any]:
    if row is None:
        raise NotFound("provider invoice", str(invoice_id))
    return row
