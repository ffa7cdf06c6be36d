"""The end of trials: once a day, all that are over, in batches in the catalog.

A trial ends with a day, so one durable timer a day serves every trial. A timer for each would be
a workflow for each, started at a moment that may be lost; here nothing can be: what was not
ended, because everything was down, is ended by the next run.
"""

from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.collections import TrialEndInput
    from workflows.collections.activities.billing_actions import BillingActionActivities
    from workflows.durable.timeouts import with_heartbeat

__all__ = ["TrialEnd"]

PATIENCE: Final = timedelta(hours=12)


@workflow.defn
class TrialEnd:
    """Started by its schedule."""

    @workflow.run
    async def run(self, request: TrialEndInput) -> int:
        """How many trials were ended."""
        ended = await workflow.execute_activity_method(
            BillingActionActivities.end_trials,
            request,
            **with_heartbeat(PATIENCE),
            summary="make deployments active whose trial is over",
        )
        workflow.set_current_details(f"{ended:,} trials ended")
        return ended
