"""The hand-overs of invoices, credit notes and voids to accounts receivable."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.analytics.invoicing.invoices.rules.invoices import HandOver, Invoice
from services.analytics.invoicing.invoices.rules.states import HandedOver, HandOverStatus
from services.analytics.invoicing.tables import invoice_hand_overs
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import first_of, found_of
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "begin_hand_over",
    "call_off",
    "hand_over_of",
    "hand_over_of_note",
    "list_pending",
    "locked_hand_over",
    "note_work",
    "read_hand_over",
    "reopen_hand_over",
    "save_hand_over",
]

_HAND_OVER = invoice_hand_overs.c
_PENDING = _HAND_OVER.status == HandOverStatus.PENDING.value


async def begin_hand_over(
    session: WriteSession,
    invoice: Invoice,
    document: HandedOver,
    *,
    number: int,
    credit_note_id: UUID | None = None,
    rollup_id: UUID | None = None,
    status: HandOverStatus,
    at: datetime,
) -> HandOver | None:
    """Creates the hand-over of a credit note or void; None if it exists."""
    made = await session.execute(
        insert(invoice_hand_overs)
        .values(
            document=document.value,
            invoice_id=invoice.id,
            credit_note_id=credit_note_id,
            tenant_id=invoice.tenant_id,
            number=number,
            rollup_id=rollup_id,
            status=status.value,
            updated_at=at,
        )
        .on_conflict_do_nothing()
        .returning(invoice_hand_overs)
    )
    return first_of(HandOver, made)


async def hand_over_of(session: ReadSession, invoice_id: UUID, document: HandedOver) -> HandOver:
    """The hand-over of an invoice or of its void. Raises NotFound."""
    return await _found(
        session,
        str(invoice_id),
        _HAND_OVER.invoice_id == invoice_id,
        _HAND_OVER.document == document.value,
    )


async def hand_over_of_note(session: ReadSession, note_id: UUID) -> HandOver:
    """The hand-over of a credit note. Raises NotFound."""
    return await _found(session, str(note_id), _HAND_OVER.credit_note_id == note_id)


async def read_hand_over(session: ReadSession, hand_over_id: int) -> HandOver:
    """A hand-over. Raises NotFound."""
    return await _found(session, str(hand_over_id), _HAND_OVER.id == hand_over_id)


async def _found(session: ReadSession, name: str, *which: Any) -> HandOver:
    found = await session.execute(select(invoice_hand_overs).where(*which))
    return found_of(HandOver, found, "hand over", name)


async def list_pending(
    session: ReadSession, asked: PageRequest, *, rollup_id: UUID | None, invoice_id: UUID | None
) -> Page[HandOver]:
    """Undelivered hand-overs: an invoice before its corrections."""
    statement = select(invoice_hand_overs).where(_PENDING)
    if rollup_id is not None:
        statement = statement.where(_HAND_OVER.rollup_id == rollup_id)
    if invoice_id is not None:
        statement = statement.where(_HAND_OVER.invoice_id == invoice_id)
    return await page_of(session, HandOver, statement, asked, _HAND_OVER.id)


async def locked_hand_over(session: WriteSession, hand_over_id: int) -> HandOver:
    """A hand-over, locked until the transaction ends. Raises NotFound."""
    await session.execute(
        select(_HAND_OVER.id).where(_HAND_OVER.id == hand_over_id).with_for_update()
    )
    return await read_hand_over(session, hand_over_id)


async def save_hand_over(session: WriteSession, hand_over: HandOver) -> None:
    """Saves a locked hand-over."""
    await session.execute(
        update(invoice_hand_overs)
        .where(_HAND_OVER.id == hand_over.id)
        .values({name: value for name, value in asdict(hand_over).items() if name != "id"})
    )


async def reopen_hand_over(session: WriteSession, hand_over_id: int, at: datetime) -> None:
    """Resets a failed or unconfigured hand-over to pending."""
    await session.execute(
        update(invoice_hand_overs)
        .where(
            _HAND_OVER.id == hand_over_id,
            _HAND_OVER.status.in_(
                (HandOverStatus.FAILED.value, HandOverStatus.NOT_CONFIGURED.value)
            ),
        )
        .values(status=HandOverStatus.PENDING.value, reason="", updated_at=at)
    )


async def note_work(
    session: WriteSession, hand_over_id: int, workflow_id: str, run_id: str, at: datetime
) -> None:
    """Records the workflow of a hand-over if it is still pending."""
    await session.execute(
        update(invoice_hand_overs)
        .where(_HAND_OVER.id == hand_over_id, _PENDING)
        .values(
            workflow_id=workflow_id,
            run_id=run_id,
            started_at=func.coalesce(_HAND_OVER.started_at, at),
            updated_at=at,
        )
    )


async def call_off(session: WriteSession, invoice_id: UUID, reason: str, at: datetime) -> None:
    """Cancels the pending hand-over of an invoice."""
    await session.execute(
        update(invoice_hand_overs)
        .where(
            _HAND_OVER.invoice_id == invoice_id,
            _HAND_OVER.document == HandedOver.INVOICE.value,
            _PENDING,
        )
        .values(status=HandOverStatus.FAILED.value, reason=reason, updated_at=at)
    )
