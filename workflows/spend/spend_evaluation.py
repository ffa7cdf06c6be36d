"""Holds every cap against what was accrued, and sees to it that each breach is dealt with."""

from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.spend import EvaluationInput
    from workflows.durable.timeouts import with_heartbeat
    from workflows.spend.activities.spending import SpendActivities
    from workflows.spend.payloads import EvaluationResult

__all__ = ["SpendEvaluation"]

PATIENCE: Final = timedelta(minutes=50)
"""The next hour's evaluation finds what this one did not come to."""


@workflow.defn
class SpendEvaluation:
    """Started by its schedule, after metering."""

    @workflow.run
    async def run(self, request: EvaluationInput) -> EvaluationResult:
        """How many breaches there are about which something is to be done."""
        count = await workflow.execute_activity_method(
            SpendActivities.evaluate_policies,
            request,
            **with_heartbeat(PATIENCE),
            summary="hold each cap against the accrual",
        )
        result = EvaluationResult(count)
        workflow.set_current_details(result.in_words())
        return result
