"""Changes the status of a roll-up, records decisions, and signals its workflow."""

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
from services.analytics.invoicing.rollups.store import rollups
from services.common.db.database import ReadSession, WriteSession
from services.common.durable import FlowClient
from services.common.errors import FailedPrecondition

__all__ = [
    "RETRY",
    "SIGNALLED_WHILE",
    "approve_when_issued",
    "check_newest",
    "decide",
    "move_rollup",
    "signal_workflow",
]

RETRY: Final = "retry"
SIGNALLED_WHILE: Final[Mapping[str, frozenset[RollupStatus]]] = {
    Decision.APPROVE: frozenset({RollupStatus.AWAITING_APPROVAL}),
    Decision.UNDO: frozenset(
        {RollupStatus.RUNNING, RollupStatus.AWAITING_APPROVAL, RollupStatus.FAILED}
    ),
    RETRY: frozenset({RollupStatus.RUNNING}),
}
"""The statuses in which a repeated decision is signalled again: later ones are past it."""


async def signal_workflow(flows: FlowClient, rollup: Rollup, decision: str) -> str:
    """Signal-with-start: signals the roll-up's workflow, started if needed; returns its run id.

    Raises Unavailable if Temporal does not respond.
    """
    request = RollupInput(
        period=rollup.period.isoformat(),
        force=rollup.force,
        approval_required=rollup.approval_required,
        started_by=rollup.started_by,
        rollup_id=str(rollup.id),
        without_bill=rollup.without_bill,
    )
    run = await flows.start(invoice_rollup(request), signal=DECIDE, signal_args=[decision])
    return await flows.first_run_id(run.workflow_id)


async def move_rollup(
    session: WriteSession, rollup_id: UUID, status: RollupStatus, *, reason: str, at: datetime
) -> Rollup:
    """Sets the status. Raises NotFound, and FailedPrecondition for an invalid transition."""
    rollup = await rollups.locked_rollup(session, rollup_id)
    if status is RollupStatus.UNDONE and await rollups.has_issued(session, rollup_id):
        raise FailedPrecondition("issued invoices cannot be undone", reason="ROLLUP_NOT_UNDOABLE")
    if not check_rollup_move(rollup.status, status):
        return rollup
    return await rollups.update_rollup(
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
    """Records an operator's decision on a roll-up. Idempotent.

    Raises NotFound, and FailedPrecondition if it does not await that decision.
    """
    rollup = await rollups.locked_rollup(session, rollup_id)
    if decision is Decision.UNDO and rollup.status is not RollupStatus.UNDONE:
        await check_newest(session, rollup, but=(RollupStatus.UNDONE,))
    if rollup.decision is decision:
        return rollup
    rollup.check_decision(decision, has_issued=await rollups.has_issued(session, rollup_id))
    return await rollups.update_rollup(
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
    """Raises FailedPrecondition if a later roll-up of the month superseded this one.

    Later roll-ups with a status in `but` do not count. There is one workflow per month, so it would
    apply this roll-up's decision to the later one.
    """
    later = await rollups.later_rollup(session, rollup, but=but)
    if later is not None:
        raise FailedPrecondition(
            f"it was superseded by roll-up {later} of the month",
            reason="ROLLUP_SUPERSEDED",
            metadata={"rollup_id": str(later)},
        )


async def approve_when_issued(
    session: WriteSession, rollup: Rollup, *, operator: str, at: datetime
) -> bool:
    """Approves a locked roll-up whose last draft an operator issued; returns whether it did.

    Nothing is left to approve, so without this it would never complete.
    """
    if rollup.status is not RollupStatus.AWAITING_APPROVAL or rollup.decision:
        return False
    if await count_drafts(session, rollup.id) or not await rollups.has_issued(session, rollup.id):
        return False
    await decide(session, rollup.id, Decision.APPROVE, operator=operator, reason="", at=at)
    return True
