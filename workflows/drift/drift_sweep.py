"""The drift sweep: list prices, every kind's specs against the inventory, then the causes.

Each kind is its own activity and fails alone: the others run to their end first.
"""

import asyncio
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ApplicationError,
    FailureError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from contracts.search_attributes import OUTCOME
    from workflows.drift.activities.drift import DROPLET, DriftActivities
    from workflows.drift.payloads import (
        DriftOutcome,
        DriftSweepInput,
        DriftSweepResult,
        ExplainInput,
        ExplainResult,
        KindInput,
    )
    from workflows.durable.timeouts import HEARTBEAT

__all__ = ["DriftSweep"]

PATIENCE: Final = timedelta(minutes=30)
"""For one step: the next hour's sweep must find the way free."""

RETRIES: Final = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=2),
    maximum_attempts=6,
)

FAILED: Final = "failed"
SEVERITY: Final = ("completed", "frozen", FAILED)
LIST_PRICES: Final = "list prices"
CAUSES: Final = "causes"


@workflow.defn
class DriftSweep:
    """Started by its schedule, and by `arcadia drift sweep`."""

    def __init__(self) -> None:
        self._outcomes: list[DriftOutcome] = []
        self._causes = ExplainResult()

    @workflow.query
    def progress(self) -> DriftSweepResult:
        """What is known so far."""
        return DriftSweepResult(tuple(self._outcomes), self._causes)

    @workflow.run
    async def run(self, request: DriftSweepInput) -> DriftSweepResult:
        """The outcome of every kind. Fails at the end when a step failed."""
        workflow.set_current_details(f"Comparing {', '.join(request.kinds)} with their specs.")
        await self._record_list_prices(request)
        await asyncio.gather(*(self._sweep(request, kind) for kind in request.kinds))
        await self._explain(request)
        worst = max((done.outcome for done in self._outcomes), key=SEVERITY.index)
        workflow.upsert_search_attributes([OUTCOME.value_set(worst)])
        failed = [done for done in self._outcomes if done.outcome == FAILED]
        if failed:
            raise ApplicationError(
                "; ".join(done.in_words() for done in failed),
                self.progress(),
                type="KindsFailed",
                non_retryable=True,
            )
        return self.progress()

    async def _record_list_prices(self, request: DriftSweepInput) -> None:
        """Prices that could not be read leave those of the last sweep in force."""
        try:
            await workflow.execute_activity_method(
                DriftActivities.record_list_prices,
                KindInput(request.provider, DROPLET),
                schedule_to_close_timeout=timedelta(minutes=5),
                heartbeat_timeout=HEARTBEAT,
                retry_policy=RETRIES,
                summary="read the provider's list prices",
            )
        except FailureError as error:
            self._tell_failure(LIST_PRICES, error)

    async def _sweep(self, request: DriftSweepInput, kind: str) -> None:
        try:
            outcome = await workflow.execute_activity_method(
                DriftActivities.sweep_drift,
                KindInput(request.provider, kind),
                schedule_to_close_timeout=PATIENCE,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=RETRIES,
                summary=f"compare every specified {kind} with what was last seen",
            )
        except FailureError as error:
            self._tell_failure(kind, error)
        else:
            self._tell(outcome)

    async def _explain(self, request: DriftSweepInput) -> None:
        try:
            self._causes = await workflow.execute_activity_method(
                DriftActivities.explain_drifts,
                ExplainInput(request.provider),
                schedule_to_close_timeout=PATIENCE,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=RETRIES,
                summary="look up in the action log what caused the new drifts",
            )
        except FailureError as error:
            self._tell_failure(CAUSES, error)

    def _tell_failure(self, step: str, error: FailureError) -> None:
        if is_cancelled_exception(error):
            raise error
        self._tell(DriftOutcome(step, FAILED, reason=_reason(error)))

    def _tell(self, outcome: DriftOutcome) -> None:
        self._outcomes.append(outcome)
        lines = [f"- {done.in_words()}" for done in self._outcomes]
        workflow.set_current_details("\n".join(lines))


def _reason(error: BaseException) -> str:
    """The innermost failure in words: the outer ones only say that an activity failed."""
    innermost: BaseException = error
    while isinstance(innermost, FailureError) and innermost.cause is not None:
        innermost = innermost.cause
    if isinstance(innermost, ApplicationError):
        return f"{innermost.type}: {innermost.message}"
    return str(innermost)
