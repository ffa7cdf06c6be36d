"""What the schedule starts on the first of a month: the roll-up of the month just ended."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from contracts.search_attributes import PERIOD
    from services.common.values.periods import month_of
    from workflows.durable.reasons import planned_at
    from workflows.invoicing.invoice_rollup import InvoiceRollup
    from workflows.invoicing.payloads import MonthEndInput, RollupInput

__all__ = ["ROLLUP_TIMEOUT", "MonthEnd", "rollup_id_of"]

ROLLUP_TIMEOUT: Final = timedelta(days=60)
METERING_PATIENCE: Final = timedelta(hours=6)
"""The last day of the month may still be metered when the month's end begins."""


def rollup_id_of(period_code: str) -> str:
    """The id of the roll-up of a month such as `2026-04`: only one of it runs at a time."""
    return f"invoice-rollup/{period_code}"


@workflow.defn
class MonthEnd:
    """A schedule adds the time to the ids of what it starts: this one names the month instead."""

    @workflow.run
    async def run(self, request: MonthEndInput) -> str:
        """The id of the roll-up, which goes on by itself."""
        period = month_of(planned_at()).preceding()
        identifier = rollup_id_of(period.code)
        try:
            await workflow.start_child_workflow(
                InvoiceRollup.run,
                RollupInput(
                    period=period.start.isoformat(),
                    approval_required=request.approval_required,
                    started_by="schedule",
                    metering_patience_minutes=METERING_PATIENCE // timedelta(minutes=1),
                ),
                id=identifier,
                execution_timeout=ROLLUP_TIMEOUT,
                parent_close_policy=ParentClosePolicy.ABANDON,
                search_attributes=TypedSearchAttributes([SearchAttributePair(PERIOD, period.code)]),
                static_summary=f"invoices of {period.code}",
            )
        except WorkflowAlreadyStartedError:
            workflow.set_current_details(f"{identifier} runs already.")
        return identifier
