"""Where the hand-over of each invoice, credit note and void to accounts receivable stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.analytics.invoicing.invoices.rules.states import (
    HandedOver,
    HandOverStatus,
    InvoiceStatus,
)
from services.analytics.invoicing.tables import invoice_hand_overs, tenant_invoices
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import NotFound

__all__ = [
    "Attempt",
    "await_again",
    "begin_hand_over",
    "begin_void_if_reached",
    "call_off",
    "hand_over_of",
    "hand_over_of_note",
    "list_pending",
    "note_work",
    "read_hand_over",
    "record_attempt",
]

_HAND_OVER = invoice_hand_overs.c
_PENDING = _HAND_OVER.status == HandOverStatus.PENDING.value


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of an attempt to hand something over."""

    status: HandOverStatus
    reference: str
    reason: str
    attempt_count: int
    workflow_id: str
    run_id: str


async def begin_hand_over(
    session: WriteSession,
    invoice: Row[Any],
    document: HandedOver,
    *,
    number: int,
    credit_note_id: UUID | None = None,
    rollup_id: UUID | None = None,
    status: HandOverStatus,
    at: datetime,
) -> int | None:
    """Begins the hand-over of what corrects an invoice; None where it began before."""
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
        .returning(_HAND_OVER.id)
    )
    begun: int | None = made.scalar_one_or_none()
    return begun


async def begin_void_if_reached(
    session: WriteSession, invoice: Row[Any], *, status: HandOverStatus, at: datetime
) -> None:
    """Begins the hand-over of the void of an invoice that accounts receivable may have."""
    known = await hand_over_of(session, invoice.id, HandedOver.INVOICE)
    if known.attempt_count or known.status == HandOverStatus.DELIVERED:
        await begin_hand_over(
            session, invoice, HandedOver.VOID, number=invoice.number, status=status, at=at
        )


async def hand_over_of(session: ReadSession, invoice_id: UUID, document: HandedOver) -> Row[Any]:
    """The hand-over of an invoice or of its void. Raises NotFound."""
    return await _found(
        session,
        str(invoice_id),
        _HAND_OVER.invoice_id == invoice_id,
        _HAND_OVER.document == document.value,
    )


async def hand_over_of_note(session: ReadSession, note_id: UUID) -> Row[Any]:
    """The hand-over of a credit note. Raises NotFound."""
    return await _found(session, str(note_id), _HAND_OVER.credit_note_id == note_id)


async def read_hand_over(session: ReadSession, hand_over_id: int) -> Row[Any]:
    """A hand-over. Raises NotFound."""
    return await _found(session, str(hand_over_id), _HAND_OVER.id == hand_over_id)


async def _found(session: ReadSession, name: str, *which: Any) -> Row[Any]:  # noqa: ANN401
    found = (await session.execute(select(invoice_hand_overs).where(*which))).first()
    if found is None:
        raise NotFound("hand over", name)
    return found


async def list_pending(
    session: ReadSession,
    *,
    rollup_id: UUID | None,
    invoice_id: UUID | None,
    after: int,
    limit: int,
) -> Sequence[Row[Any]]:
    """What accounts receivable does not have yet: an invoice before what corrects it."""
    statement = (
        select(invoice_hand_overs)
        .where(_PENDING, _HAND_OVER.id > after)
        .order_by(_HAND_OVER.id)
        .limit(limit)
    )
    if rollup_id is not None:
        statement = statement.where(_HAND_OVER.rollup_id == rollup_id)
    if invoice_id is not None:
        statement = statement.where(_HAND_OVER.invoice_id == invoice_id)
    return (await session.execute(statement)).all()


async def record_attempt(
    session: WriteSession, hand_over_id: int, attempt: Attempt, at: datetime
) -> Row[Any] | None:
    """Keeps an attempt. What was delivered stays so, with its reference. Raises NotFound.

    An attempt that was under way when the hand-over was called off does not begin it again. If
    it delivered an invoice that was voided meanwhile, the void must follow: it is answered.
    """
    found = await session.execute(
        select(invoice_hand_overs).where(_HAND_OVER.id == hand_over_id).with_for_update()
    )
    row = found.first()
    if row is None:
        raise NotFound("hand over", str(hand_over_id))
    delivered = attempt.status is HandOverStatus.DELIVERED
    if row.status != HandOverStatus.PENDING and (
        row.status == HandOverStatus.DELIVERED or not delivered
    ):
        return None
    await session.execute(
        update(invoice_hand_overs)
        .where(_HAND_OVER.id == hand_over_id)
        .values(
            status=attempt.status.value,
            reference=attempt.reference if delivered else "",
            reason=attempt.reason,
            # Attempts are told in order, but an answer may be lost and told again.
            attempt_count=func.greatest(_HAND_OVER.attempt_count, attempt.attempt_count),
            delivered_at=at if delivered else None,
            workflow_id=attempt.workflow_id,
            run_id=attempt.run_id,
            started_at=func.coalesce(_HAND_OVER.started_at, at),
            updated_at=at,
        )
    )
    if delivered and row.document == HandedOver.INVOICE:
        return await _void_that_follows(session, row, at)
    return None


async def _void_that_follows(session: WriteSession, of: Row[Any], at: datetime) -> Row[Any] | None:
    invoice = (
        await session.execute(
            select(tenant_invoices).where(
                tenant_invoices.c.id == of.invoice_id,
                tenant_invoices.c.status == InvoiceStatus.VOID.value,
            )
        )
    ).first()
    if invoice is None:
        return None
    # With its roll-up, whose work is at it: the next round finds it there.
    begun = await begin_hand_over(
        session, invoice, HandedOver.VOID, number=of.number, rollup_id=of.rollup_id,
        status=HandOverStatus.PENDING, at=at,
    )  # fmt: skip
    return None if begun is None else await read_hand_over(session, begun)


async def await_again(session: WriteSession, hand_over_id: int, at: datetime) -> None:
    """Makes a hand-over that was given up, or never begun, pending again."""
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
    """Remembers what works on a hand-over that waits; one that ended meanwhile stays as it is."""
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
    """Gives up the hand-over of an invoice that waits: there is nothing to hand over any more."""
    await session.execute(
        update(invoice_hand_overs)
        .where(
            _HAND_OVER.invoice_id == invoice_id,
            _HAND_OVER.document == HandedOver.INVOICE.value,
            _PENDING,
        )
        .values(status=HandOverStatus.FAILED.value, reason=reason, updated_at=at)
    )
