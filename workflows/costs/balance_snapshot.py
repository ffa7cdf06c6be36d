"""The hourly snapshot of the account's balance."""

from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.costs import BalanceInput
    from workflows.costs.activities.bills import BillActivities
    from workflows.durable.reasons import planned_at
    from workflows.durable.timeouts import with_heartbeat

__all__ = ["BalanceSnapshot"]

PATIENCE: Final = timedelta(minutes=40)
"""After that the next hour's snapshot is nearer."""


@workflow.defn
class BalanceSnapshot:
    """Started by its schedule."""

    @workflow.run
    async def run(self, request: BalanceInput) -> str:
        """What was used this month, USD."""
        hour = planned_at().isoformat(timespec="seconds")
        used = await workflow.execute_activity_method(
            BillActivities.record_balance,
            BalanceInput(request.provider, f"{request.provider}/{hour}"),
            **with_heartbeat(PATIENCE),
            summary="read the balance and keep it",
        )
        workflow.set_current_details(f"Used this month: USD {used}.")
        return used
