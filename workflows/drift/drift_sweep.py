"""The drift sweep: list prices, comparison of every kind's specs, then causes.

Each kind is a separate activity; if one fails, the others still complete.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.drift import DriftSweepInput
    from contracts.flows import OUTCOME
    from workflows.drift.activities.drift import DROPLET, DriftActivities
    from workflows.drift.payloads import (
        DriftOutcome,
        DriftSweepResult,
        ExplainInput,
        ExplainResult,
        KindInput,
    )
    from workflows.durable.reasons import final_failure
    from workflows.durable.timeouts import FEW, with_heartbeat

from workflows.durable.saga import on_failure

__all__ = ["DriftSweep"]

STEP: Final = with_heartbeat(timedelta(minutes=30), FEW)
"""Timeout of a step, which must end before the next hour's sweep."""

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
        """The outcome of every kind. Fails at the end if a step failed."""
        workflow.set_current_details(f"Comparing {', '.join(request.kinds)} with their specs.")
        await self._record_list_prices(request)
        await asyncio.gather(*(self._sweep(request, kind) for kind in request.kinds))
        await self._explain(request)
        worst = max((done.outcome for done in self._outcomes), key=SEVERITY.index)
        workflow.upsert_search_attributes([OUTCOME.value_set(worst)])
        failed = [done for done in self._outcomes if done.outcome == FAILED]
        if failed:
            raise final_failure(
                "KindsFailed", "; ".join(done.in_words() for done in failed), self.progress()
            )
        return self.progress()

    async def _record_list_prices(self, request: DriftSweepInput) -> None:
        """If prices cannot be read, those of the last sweep are used."""
        with on_failure(self._failure_of(LIST_PRICES)):
            await with_heartbeat(timedelta(minutes=5), FEW).run(
                DriftActivities.record_list_prices,
                KindInput(request.provider, DROPLET),
                "read the provider's list prices",
            )

    async def _sweep(self, request: DriftSweepInput, kind: str) -> None:
        with on_failure(self._failure_of(kind)):
            outcome = await STEP.run(
                DriftActivities.sweep_drift,
                KindInput(request.provider, kind),
                f"compare each {kind} with its spec",
            )
            self._show(outcome)

    async def _explain(self, request: DriftSweepInput) -> None:
        with on_failure(self._failure_of(CAUSES)):
            self._causes = await STEP.run(
                DriftActivities.explain_drifts,
                ExplainInput(request.provider),
                "look up the causes of new drifts in the action log",
            )

    def _failure_of(self, step: str) -> Callable[[str], None]:
        return lambda reason: self._show(DriftOutcome(step, FAILED, reason=reason))

    def _show(self, outcome: DriftOutcome) -> None:
        self._outcomes.append(outcome)
        lines = [f"- {done.in_words()}" for done in self._outcomes]
        workflow.set_current_details("\n".join(lines))
