"""Reads invoices, their lines and proofs, restricted to the caller's tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    and_,
    cast,
    func,
    select,
)

from services.analytics.invoicing.invoices.rules.invoices import HandOver, Invoice
from services.analytics.invoicing.invoices.rules.lines import InvoiceLine, InvoiceProof, Line, Proof
from services.analytics.invoicing.invoices.rules.states import InvoiceStatus
from services.analytics.invoicing.tables import (
    credit_notes,
    invoice_hand_overs,
    tenant_invoice_lines,
    tenant_invoice_proofs,
    tenant_invoices,
)
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import columns_of, first_of, found_of, records_of
from services.common.identity.callers import ALL, Scope
from services.common.rpc.paging import Page, PageRequest
from services.common.values.periods import Period

__all__ = [
    "InvoiceFilter",
    "all_lines",
    "invoices_after",
    "lines_of",
    "list_invoices",
    "list_lines",
    "list_overdue",
    "locked_invoice",
    "proofs_of",
    "read_invoice",
    "read_invoices",
    "read_line",
    "read_numbered",
    "standing",
]

_INVOICE = tenant_invoices.c
_LINE = tenant_invoice_lines.c
_HAND_OVER = invoice_hand_overs.c

_CREDITED: Final = (
    select(cast(func.coalesce(func.sum(credit_notes.c.total_cents), 0), BigInteger))
    .where(credit_notes.c.invoice_id == _INVOICE.id)
    .scalar_subquery()
    .label("credited_cents")
)


def standing(of: FromClause, name: str) -> list[ColumnElement[Any]]:
    """The columns of a hand-over, prefixed with `name`."""
    return [of.c[one.name].label(f"{name}_{one.name}") for one in fields(HandOver)]


_OF_VOID: Final = invoice_hand_overs.alias("void_hand_overs")
WITH_STANDING: Final[Select[Any]] = select(
    tenant_invoices,
    _CREDITED,
    *standing(invoice_hand_overs, "hand_over"),
    *standing(_OF_VOID, "void_hand_over"),
).select_from(
    tenant_invoices.outerjoin(
        invoice_hand_overs,
        and_(_HAND_OVER.invoice_id == _INVOICE.id, _HAND_OVER.document == "invoice"),
    ).outerjoin(_OF_VOID, and_(_OF_VOID.c.invoice_id == _INVOICE.id, _OF_VOID.c.document == "void"))
)
"""Invoices with their credits, their hand-over and their void's hand-over."""


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """A filter: empty fields do not restrict it; the others are combined with AND."""

    tenant_id: str = ""
    period: Period | None = None
    status: str = ""


def visible(scope: Scope) -> list[ColumnElement[bool]]:
    """Restricts a query to the caller's scope.

    A tenant sees no drafts, which may still be undone.
    """
    if scope.everything:
        return []
    return [_INVOICE.tenant_id == scope.tenant_id, _INVOICE.number.is_not(None)]


async def list_invoices(
    session: ReadSession, scope: Scope, wanted: InvoiceFilter, asked: PageRequest
) -> Page[Invoice]:
    """Invoices, newest month first."""
    statement = WITH_STANDING.where(*visible(scope))
    if wanted.tenant_id:
        statement = statement.where(_INVOICE.tenant_id == wanted.tenant_id)
    if wanted.period is not None:
        statement = statement.where(_INVOICE.period == wanted.period.start)
    if wanted.status:
        statement = statement.where(_INVOICE.status == wanted.status)
    place = (_INVOICE.period, _INVOICE.id)
    return await page_of(session, Invoice, statement, asked, *place, descending=True)


async def read_invoice(session: ReadSession, scope: Scope, invoice_id: UUID) -> Invoice:
    """An invoice with its credits and hand-overs. Raises NotFound, also for another tenant's."""
    statement = WITH_STANDING.where(_INVOICE.id == invoice_id, *visible(scope))
    return found_of(Invoice, await session.execute(statement), "invoice", invoice_id)


async def locked_invoice(session: WriteSession, invoice_id: UUID) -> Invoice:
    """An invoice, locked until the transaction ends. Raises NotFound.

    Its credits and hand-overs are read after it is locked.
    """
    await session.execute(select(_INVOICE.id).where(_INVOICE.id == invoice_id).with_for_update())
    return await read_invoice(session, ALL, invoice_id)


async def read_invoices(session: ReadSession, invoice_ids: Sequence[UUID]) -> list[Invoice]:
    """Invoices with their credits and hand-overs, by number."""
    statement = WITH_STANDING.where(_INVOICE.id.in_(invoice_ids)).order_by(_INVOICE.number)
    return records_of(Invoice, await session.execute(statement))


async def list_lines(
    session: ReadSession, invoice_id: UUID, asked: PageRequest
) -> Page[InvoiceLine]:
    """The lines of an invoice in order. Checks no access."""
    statement = select(tenant_invoice_lines).where(_LINE.invoice_id == invoice_id)
    return await page_of(session, InvoiceLine, statement, asked, _LINE.position)


async def all_lines(session: ReadSession, invoice_id: UUID) -> list[InvoiceLine]:
    """All lines of an invoice in order. Checks no access."""
    statement = select(tenant_invoice_lines).where(_LINE.invoice_id == invoice_id)
    return records_of(InvoiceLine, await session.execute(statement.order_by(_LINE.position)))


async def read_line(session: ReadSession, invoice_id: UUID, line_id: UUID) -> InvoiceLine:
    """A line of an invoice. Checks no access. Raises NotFound."""
    statement = select(tenant_invoice_lines).where(
        _LINE.invoice_id == invoice_id, _LINE.id == line_id
    )
    return found_of(InvoiceLine, await session.execute(statement), "invoice line", line_id)


async def lines_of(
    session: ReadSession, invoice_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[Line]]:
    """All lines of some invoices, by invoice and in order."""
    statement = (
        select(tenant_invoice_lines)
        .where(_LINE.invoice_id.in_(invoice_ids))
        .order_by(_LINE.invoice_id, _LINE.position)
    )
    found: dict[UUID, list[Line]] = {one: [] for one in invoice_ids}
    for one in records_of(InvoiceLine, await session.execute(statement)):
        found[one.invoice_id].append(one.line)
    return found


async def proofs_of(
    session: ReadSession, invoice_ids: Sequence[UUID], deployment_id: str | None = None
) -> Mapping[UUID, Sequence[Proof]]:
    """The proofs of some invoices, by invoice and in order: all, or those of a deployment."""
    proof = tenant_invoice_proofs.c
    statement = (
        select(*columns_of(InvoiceProof, tenant_invoice_proofs))
        .where(proof.invoice_id.in_(invoice_ids))
        .order_by(proof.invoice_id, proof.position)
    )
    if deployment_id is not None:
        statement = statement.where(proof.deployment_id == deployment_id)
    found: dict[UUID, list[Proof]] = {one: [] for one in invoice_ids}
    for one in records_of(InvoiceProof, await session.execute(statement)):
        found[one.invoice_id].append(one.proof)
    return found


async def invoices_after(session: ReadSession, number: int, limit: int) -> list[Invoice]:
    """The next invoices in the order of the chain."""
    statement = (
        select(tenant_invoices)
        .where(_INVOICE.number > number)
        .order_by(_INVOICE.number)
        .limit(limit)
    )
    return records_of(Invoice, await session.execute(statement))


async def list_overdue(
    session: ReadSession,
    due_before: date,
    asked: PageRequest,
    *,
    tenant_id: str,
) -> Page[Invoice]:
    """Issued invoices that were due before a day, longest overdue first.

    For all tenants if none is given; without those that are credited in full.
    """
    owed = _INVOICE.total_cents - _CREDITED.element
    statement = WITH_STANDING.where(
        _INVOICE.status == InvoiceStatus.ISSUED.value, _INVOICE.due_on < due_before, owed > 0
    )
    if tenant_id:
        statement = statement.where(_INVOICE.tenant_id == tenant_id)
    return await page_of(session, Invoice, statement, asked, _INVOICE.due_on, _INVOICE.id)


async def read_numbered(session: ReadSession, number: int) -> Invoice | None:
    """The invoice with a number; None if there is none."""
    statement = select(tenant_invoices).where(_INVOICE.number == number)
    return first_of(Invoice, await session.execute(statement))
