"""Where the hand-over of each issued invoice to accounts receivable stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update

from services.analytics.invoicing.models import invoice_hand_overs
from services.analytics.invoicing.states import HandOverStatus
from services.analytics.invoicing.store.reading import WITH_STANDING
from services.common.database import ReadSession, WriteSession
from services.common.errors import NotFound

__all__ = ["Attempt", "await_again", "call_off", "list_pending", "note_work", "record_attempt"]

_HAND_OVER = invoice_hand_overs.c


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of an attempt to hand an invoice over."""

    status: HandOverStatus
    reference: str
    reason: str
    attempt_count: int
    workflow_id: str
    run_id: str


async def list_pending(
    session: ReadSession, *, rollup_id: UUID | None, after: int, limit: int
) -> Sequence[Row[Any]]:
    """The invoices that accounts receivable does not have yet, by number."""
    statement = (
        WITH_STANDING.where(
            _HAND_OVER.status == HandOverStatus.PENDING.value, _HAND_OVER.number > after
        )
        .order_by(_HAND_OVER.number)
        .limit(limit)
    )
    if rollup_id is not None:
        statement = statement.where(_HAND_OVER.rollup_id == rollup_id)
    return (await session.execute(statement)).all()


async def record_attempt(
    session: WriteSession, invoice_id: UUID, attempt: Attempt, at: datetime
) -> None:
    """Keeps an attempt. What was delivered stays so, with its reference. Raises NotFound.

    An attempt that was under way when the hand-over was called off does not begin it again.
    """
    statement = select(_HAND_OVER.status).where(_HAND_OVER.invoice_id == invoice_id)
    status = (await session.execute(statement.with_for_update())).scalar_one_or_none()
    if status is None:
        raise NotFound("hand over", str(invoice_id))
    delivered = attempt.status is HandOverStatus.DELIVERED
    if status != HandOverStatus.PENDING and (status == HandOverStatus.DELIVERED or not delivered):
        return
    await session.execute(
        update(invoice_hand_overs)
        .where(_HAND_OVER.invoice_id == invoice_id)
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


async def await_again(session: WriteSession, invoice_id: UUID, at: datetime) -> None:
    """Makes a hand-over that was given up, or never begun, pending again."""
    await session.execute(
        update(invoice_hand_overs)
        .where(
            _HAND_OVER.invoice_id == invoice_id,
            _HAND_OVER.status.in_(
                (HandOverStatus.FAILED.value, HandOverStatus.NOT_CONFIGURED.value)
            ),
        )
        .values(status=HandOverStatus.PENDING.value, reason="", updated_at=at)
    )


async def note_work(
    session: WriteSession, invoice_id: UUID, workflow_id: str, run_id: str, at: datetime
) -> None:
    """Remembers what works on a hand-over that waits; one that ended meanwhile stays as it is."""
    await session.execute(
        update(invoice_hand_overs)
        .where(
            _HAND_OVER.invoice_id == invoice_id,
            _HAND_OVER.status == HandOverStatus.PENDING.value,
        )
        .values(
            workflow_id=workflow_id,
            run_id=run_id,
            started_at=func.coalesce(_HAND_OVER.started_at, at),
            updated_at=at,
        )
    )


async def call_off(session: WriteSession, invoice_id: UUID, reason: str, at: datetime) -> None:
    """Gives up a hand-over that waits: there is nothing to hand over any more."""
    await session.execute(
        update(invoice_hand_overs)
        .where(
            _HAND_OVER.invoice_id == invoice_id,
            _HAND_OVER.status == HandOverStatus.PENDING.value,
        )
        .values(status=HandOverStatus.FAILED.value, reason=reason, updated_at=at)
    )
