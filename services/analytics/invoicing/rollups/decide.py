"""Moves a roll-up on, decides upon it, and tells its work what was decided."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.invoicing import DECIDE, RollupInput, invoice_rollup
from services.analytics.invoicing.invoices.rules.states import (
    OPEN_ROLLUPS,
    Decision,
    RollupStatus,
    check_rollup_move,
)
from services.analytics.invoicing.invoices.store.issuing import count_drafts
from services.analytics.invoicing.rollups.rules.rollups import Rollup
from services.analytics.invoicing.rollups.store.rollups import (
    has_issued,
    later_rollup,
    locked_rollup,
    update_rollup,
)
from services.common.db.database import ReadSession, WriteSession
from services.common.durable import FlowClient
from services.common.errors import FailedPrecondition

__all__ = [
    "RETRY",
    "TOLD_WHILE",
    "approve_when_issued",
    "check_newest",
    "decide",
    "move_rollup",
    "tell_work",
]

RETRY: Final = "retry"
TOLD_WHILE: Final[Mapping[str, frozenset[RollupStatus]]] = {
    Decision.APPROVE: frozenset({RollupStatus.AWAITING_APPROVAL}),
    Decision.UNDO: frozenset(
        {RollupStatus.RUNNING, RollupStatus.AWAITING_APPROVAL, RollupStatus.FAILED}
    ),
    RETRY: frozenset({RollupStatus.RUNNING}),
}
"""A decision that was told before is told again, but not to work that is past it."""


async def tell_work(flows: FlowClient, rollup: Rollup, decision: str) -> str:
    """Signals the work on a roll-up, or starts it where it had ended; the id of its run.

    Raises Unavailable while Temporal does not answer.
    """
    request = RollupInput(
        period=rollup.period.isoformat(),
        force=rollup.force,
        approval_required=rollup.approval_required,
        started_by=rollup.started_by,
        rollup_id=str(rollup.id),
    )
    run = await flows.start(invoice_rollup(request), signal=DECIDE, signal_args=[decision])
    return await flows.first_run_id(run.workflow_id)


async def move_rollup(
    session: WriteSession, rollup_id: UUID, status: RollupStatus, *, reason: str, at: datetime
) -> Rollup:
    """The roll-up with its new status. Raises NotFound, and FailedPrecondition for no move."""
    rollup = await locked_rollup(session, rollup_id)
    if status is RollupStatus.UNDONE and await has_issued(session, rollup_id):
        raise FailedPrecondition("what was issued is not undone", reason="ROLLUP_NOT_UNDOABLE")
    if not check_rollup_move(rollup.status, status):
        return rollup
    return await update_rollup(
        session,
        rollup,
        status=status.value,
        finished_at=None if status in OPEN_ROLLUPS else at,
        reason=reason if reason or status is RollupStatus.RUNNING else rollup.reason,
    )


async def decide(
    session: WriteSession,
    rollup_id: UUID,
    decision: Decision,
    *,
    operator: str,
    reason: str,
    at: datetime,
) -> Rollup:
    """The roll-up with an operator's decision; the same again answers it as it is.

    Raises NotFound, and FailedPrecondition when it does not await that decision.
    """
    rollup = await locked_rollup(session, rollup_id)
    if decision is Decision.UNDO and rollup.status is not RollupStatus.UNDONE:
        await check_newest(session, rollup, but=(RollupStatus.UNDONE,))
    if rollup.decision is decision:
        return rollup
    rollup.check_decision(decision, has_issued=await has_issued(session, rollup_id))
    return await update_rollup(
        session,
        rollup,
        decision=decision.value,
        decided_by=operator,
        decided_at=at,
        reason=reason or rollup.reason,
    )


async def check_newest(
    session: ReadSession, rollup: Rollup, *, but: Sequence[RollupStatus]
) -> None:
    """Raises FailedPrecondition when a later roll-up of the month took over from this one.

    Those of the statuses `but` did not. One workflow a month is told what was decided: it would
    do to the later one what was said of this one.
    """
    later = await later_rollup(session, rollup, but=but)
    if later is not None:
        raise FailedPrecondition(
            f"roll-up {later} of the month took over from it",
            reason="ROLLUP_SUPERSEDED",
            metadata={"rollup_id": str(later)},
        )


async def approve_when_issued(
    session: WriteSession, rollup: Rollup, *, operator: str, at: datetime
) -> bool:
    """Approves a locked roll-up whose last draft was issued by hand; whether it did.

    There is nothing left to approve: without this it would never complete.
    """
    if rollup.status is not RollupStatus.AWAITING_APPROVAL or rollup.decision:
        return False
    if await count_drafts(session, rollup.id) or not await has_issued(session, rollup.id):
        return False
    await decide(session, rollup.id, Decision.APPROVE, operator=operator, reason="", at=at)
    return True
