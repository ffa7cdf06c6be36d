"""Waits for the provider's bill of a month, then rolls the month up for the tenants that wait.

Their rebilling rules price the lines of the bill. The month end goes on with the other tenants;
this wait outlives it, restarts and outages.
"""

from datetime import date, timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from contracts.invoicing import BillWaitInput, RollupInput, invoice_rollup
    from contracts.metering import margin_refresh
    from services.common.values.periods import month_of
    from workflows.durable.saga import on_failure
    from workflows.durable.timeouts import PROMPT, short
    from workflows.invoicing.activities.invoicing import InvoicingActivities
    from workflows.invoicing.invoice_rollup import InvoiceRollup
    from workflows.invoicing.payloads import BillState
    from workflows.metering.metering import MarginRefresh

__all__ = ["BillWait"]

LOOK: Final = short(timedelta(hours=12), PROMPT)

MAX_LOOKS: Final = 500
"""Looks of a run before it continues as a new one."""


@workflow.defn
class BillWait:
    """Started by a roll-up as `bill-wait/2026-04`."""

    @workflow.run
    async def run(self, request: BillWaitInput) -> str:
        """The id of the roll-up that takes up the waiting tenants."""
        looks = 0
        while True:
            looks += 1
            state = await self._look(request)
            if state.complete and not state.attributed:
                await self._attribute(request)
                state = await self._look(request)
            is_there = state.complete and state.attributed
            if is_there and (started := await self._roll_up(request)):
                return started
            await workflow.sleep(timedelta(minutes=request.pause_minutes))
            if looks >= MAX_LOOKS:
                workflow.continue_as_new(request)

    async def _look(self, request: BillWaitInput) -> BillState:
        """What is known of the bill; nothing as long as it cannot be looked at."""
        with on_failure(lambda reason: self._tell(request, f"cannot be looked at: {reason}")):
            state = await LOOK.run(
                InvoicingActivities.check_bill, request.period, "look at the provider's bill"
            )
            if not state.complete:
                self._tell(request, "is not complete")
            return state
        return BillState()

    async def _attribute(self, request: BillWaitInput) -> None:
        """Attributes the bill now; otherwise the next refresh of the margin does."""
        self._tell(request, "is complete and is being attributed")
        start = margin_refresh(date.fromisoformat(request.period))
        with on_failure(lambda reason: self._tell(request, f"was not attributed: {reason}")):
            try:
                await workflow.execute_child_workflow(
                    MarginRefresh.run,
                    start.argument,
                    parent_close_policy=ParentClosePolicy.ABANDON,
                    **start.options(),
                )
            except WorkflowAlreadyStartedError:
                self._tell(request, "is being attributed by another run")

    async def _roll_up(self, request: BillWaitInput) -> str:
        """Starts the month's roll-up; empty while another one of the month runs."""
        start = invoice_rollup(
            RollupInput(
                period=request.period,
                approval_required=request.approval_required,
                started_by="the provider's bill",
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
            self._tell(request, f"is complete; {start.id} must end first")
            return ""
        return start.id

    def _tell(self, request: BillWaitInput, state: str) -> None:
        code = month_of(date.fromisoformat(request.period)).code
        workflow.set_current_details(f"The provider's bill of {code} {state}.")
