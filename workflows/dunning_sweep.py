"""Finds every tenant with an overdue invoice, and sees to it that each is dunned.

An invoice falls due with a day, so one durable timer a day serves all of them, and only the
few tenants who do not pay ever have a workflow. A dunning that was never started, or that
somebody terminated, is started by the next sweep.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows.activities.dunning import DunningActivities
    from workflows.dunning_payloads import DunningSweepInput, DunningSweepResult
    from workflows.patience import HEARTBEAT
    from workflows.reasons import planned_at

__all__ = ["DunningSweep"]

PATIENCE: Final = timedelta(hours=12)
RETRIES: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=2)
)


@workflow.defn
class DunningSweep:
    """Started by its schedule."""

    @workflow.run
    async def run(self, request: DunningSweepInput) -> DunningSweepResult:
        """How many tenants are overdue."""
        today = request.today or planned_at().date().isoformat()
        count = await workflow.execute_activity_method(
            DunningActivities.start_dunning,
            replace(request, today=today),
            schedule_to_close_timeout=PATIENCE,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRIES,
            summary="start a dunning for each tenant with an overdue invoice",
        )
        result = DunningSweepResult(count)
        workflow.set_current_details(result.in_words())
        return result
