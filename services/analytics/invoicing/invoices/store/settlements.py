"""Writes payments, voids and credit notes."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.analytics.invoicing.invoices.rules.crediting import Credit, Creditable, CreditableTax
from services.analytics.invoicing.invoices.rules.invoices import CreditedLine, CreditNote, Invoice
from services.analytics.invoicing.invoices.rules.lines import TAX
from services.analytics.invoicing.invoices.rules.states import InvoiceStatus
from services.analytics.invoicing.invoices.store.reading import standing
from services.analytics.invoicing.tables import (
    credit_note_lines,
    credit_notes,
    invoice_hand_overs,
    tenant_invoice_lines,
    tenant_invoices,
)
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import records_of
from services.common.errors import NotFound
from services.common.identity.callers import Scope
from services.common.rpc.paging import Page, PageRequest, first_page

__all__ = [
    "creditable_lines",
    "creditable_tax",
    "insert_credit_note",
    "list_credit_notes",
    "mark_credited_in_full",
    "mark_paid",
    "mark_void",
    "read_credit_note",
]

_INVOICE = tenant_invoices.c
_NOTE = credit_notes.c
_NOTE_LINE = credit_note_lines.c
_WITH_STANDING: Final[Select[Any]] = select(
    credit_notes,
    _INVOICE.number.label("invoice_number"),
    *standing(invoice_hand_overs, "hand_over"),
).select_from(
    credit_notes.join(tenant_invoices, _INVOICE.id == _NOTE.invoice_id).outerjoin(
        invoice_hand_overs, invoice_hand_overs.c.credit_note_id == _NOTE.id
    )
)
"""Credit notes with the number of the corrected invoice and their hand-over."""


async def mark_paid(
    session: WriteSession, invoice_id: UUID, *, paid_on: date, reference: str, at: datetime
) -> None:
    """Marks an issued invoice as paid."""
    await session.execute(
        update(tenant_invoices)
        .where(_INVOICE.id == invoice_id)
        .values(
            status=InvoiceStatus.PAID.value,
            paid_on=paid_on,
            paid_at=at,
            payment_reference=reference,
        )
    )


async def mark_void(
    session: WriteSession, invoice_id: UUID, *, reason: str, by: str, at: datetime
) -> None:
    """Voids a draft or an issued invoice; it keeps its number."""
    await session.execute(
        update(tenant_invoices)
        .where(_INVOICE.id == invoice_id)
        .values(status=InvoiceStatus.VOID.value, voided_at=at, voided_by=by, void_reason=reason)
    )


async def creditable_lines(session: ReadSession, invoice_id: UUID) -> list[Creditable]:
    """The lines of an invoice without the tax, each with its credited amount."""
    line = tenant_invoice_lines.c
    credited = (
        select(func.coalesce(func.sum(_NOTE_LINE.amount_cents), 0))
        .where(_NOTE_LINE.line_id == line.id)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(line.id, line.amount_cents, credited.label("credited"))
        .where(line.invoice_id == invoice_id, line.kind != TAX)
        .order_by(line.position)
    )
    return [Creditable(row.id, row.amount_cents, int(row.credited)) for row in rows]


async def creditable_tax(session: ReadSession, invoice_id: UUID) -> CreditableTax:
    """The tax line of an invoice with its credited amount."""
    line = tenant_invoice_lines.c
    row = (
        await session.execute(
            select(line.id, line.amount_cents).where(
                line.invoice_id == invoice_id, line.kind == TAX
            )
        )
    ).one()
    alone = await session.execute(
        select(func.coalesce(func.sum(_NOTE_LINE.amount_cents), 0)).where(
            _NOTE_LINE.line_id == row.id
        )
    )
    all_of_it = await session.execute(
        select(func.coalesce(func.sum(_NOTE.tax_cents), 0)).where(_NOTE.invoice_id == invoice_id)
    )
    alone_cents = int(alone.scalar_one())
    return CreditableTax(
        row.id, row.amount_cents, int(all_of_it.scalar_one()) - alone_cents, alone_cents
    )


async def mark_credited_in_full(session: WriteSession, invoice_id: UUID, at: datetime) -> None:
    """Frees the month of an invoice that is credited in full."""
    await session.execute(
        update(tenant_invoices).where(_INVOICE.id == invoice_id).values(credited_in_full_at=at)
    )


async def insert_credit_note(
    session: WriteSession,
    invoice: Invoice,
    credit: Credit,
    *,
    number: int,
    reason: str,
    by: str,
    at: datetime,
) -> UUID:
    """Inserts a credit note under a number; returns its id."""
    made = await session.execute(
        insert(credit_notes)
        .values(
            invoice_id=invoice.id,
            tenant_id=invoice.tenant_id,
            number=number,
            subtotal_cents=credit.subtotal_cents,
            tax_cents=credit.tax_cents,
            total_cents=credit.total_cents,
            currency=invoice.currency,
            reason=reason,
            issued_by=by,
            issued_at=at,
        )
        .returning(_NOTE.id)
    )
    note_id: UUID = made.scalar_one()
    await session.execute(
        insert(credit_note_lines),
        [
            {
                "credit_note_id": note_id,
                "tenant_id": invoice.tenant_id,
                "line_id": amount.line_id,
                "position": position,
                "amount_cents": amount.amount_cents,
            }
            for position, amount in enumerate(credit.amounts, start=1)
        ],
    )
    return note_id


async def list_credit_notes(
    session: ReadSession,
    scope: Scope,
    asked: PageRequest,
    *,
    tenant_id: str = "",
    invoice_id: UUID | None = None,
    note_id: UUID | None = None,
) -> Page[CreditNote]:
    """Credit notes with their lines, newest first."""
    statement = _WITH_STANDING
    if not scope.everything:
        statement = statement.where(_NOTE.tenant_id == scope.tenant_id)
    if tenant_id:
        statement = statement.where(_NOTE.tenant_id == tenant_id)
    if invoice_id is not None:
        statement = statement.where(_NOTE.invoice_id == invoice_id)
    if note_id is not None:
        statement = statement.where(_NOTE.id == note_id)
    page = await page_of(session, CreditNote, statement, asked, _NOTE.id, descending=True)
    lines = (
        select(
            _NOTE_LINE.credit_note_id,
            _NOTE_LINE.position.label("note_position"),
            _NOTE_LINE.amount_cents.label("credited_cents"),
            tenant_invoice_lines,
        )
        .join(tenant_invoice_lines, tenant_invoice_lines.c.id == _NOTE_LINE.line_id)
        .where(_NOTE_LINE.credit_note_id.in_([note.id for note in page.rows]))
        .order_by(_NOTE_LINE.position)
    )
    credited: dict[UUID, list[CreditedLine]] = {}
    for line in records_of(CreditedLine, await session.execute(lines)):
        credited.setdefault(line.credit_note_id, []).append(line)
    notes = [replace(note, lines=tuple(credited.get(note.id, ()))) for note in page.rows]
    return replace(page, rows=notes)


async def read_credit_note(session: ReadSession, scope: Scope, note_id: UUID) -> CreditNote:
    """A credit note. Raises NotFound, also for another tenant's."""
    for note in (await list_credit_notes(session, scope, first_page(1), note_id=note_id)).rows:
        return note
    raise NotFound("credit note", str(note_id))
