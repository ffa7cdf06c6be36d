"""How the work on a roll-up is told what was decided about it."""

from collections.abc import Mapping
from typing import Final

from contracts.invoicing import DECIDE, RollupInput, invoice_rollup
from services.analytics.invoicing.invoices.rules.states import Decision, RollupStatus
from services.analytics.invoicing.invoices.store.rows import Stored
from services.common.durable import FlowClient

__all__ = ["RETRY", "TOLD_WHILE", "tell_work"]

RETRY: Final = "retry"
TOLD_WHILE: Final[Mapping[str, frozenset[RollupStatus]]] = {
    Decision.APPROVE: frozenset({RollupStatus.AWAITING_APPROVAL}),
    Decision.UNDO: frozenset(
        {RollupStatus.RUNNING, RollupStatus.AWAITING_APPROVAL, RollupStatus.FAILED}
    ),
    RETRY: frozenset({RollupStatus.RUNNING}),
}
"""A decision that was told before is told again, but not to work that is past it."""


async def tell_work(flows: FlowClient, rollup: Stored, decision: str) -> str:
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
