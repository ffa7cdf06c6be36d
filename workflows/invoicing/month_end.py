"""Started by the schedule on the first of a month: starts the roll-up of the month before."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from contracts.invoicing import MonthEndInput, RollupInput, invoice_rollup
    from services.common.values.periods import month_of
    from workflows.durable.reasons import planned_at
    from workflows.invoicing.invoice_rollup import InvoiceRollup

__all__ = ["MonthEnd"]

METERING_TIMEOUT: Final = timedelta(hours=6)
"""How long to wait for the metering of the last day of the month."""


@workflow.defn
class MonthEnd:
    """Starts the roll-up with the month in its id; a schedule would append the time."""

    @workflow.run
    async def run(self, request: MonthEndInput) -> str:
        """The id of the roll-up, which runs independently."""
        period = month_of(planned_at()).preceding()
        start = invoice_rollup(
            RollupInput(
                period=period.start.isoformat(),
                approval_required=request.approval_required,
                started_by="schedule",
                metering_patience_minutes=METERING_TIMEOUT // timedelta(minutes=1),
            )
        )
        try:
            await workflow.start_child_workflow(
                InvoiceRollup.run,
                start.argument,
                parent_close_policy=ParentClosePolicy.ABANDON,
                **start.options(),
            )
        except WorkflowAlreadyStartedError:
            workflow.set_current_details(f"{start.id} is already running.")
        return start.id
