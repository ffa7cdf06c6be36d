"""The hand-over of issued invoices to accounts receivable, retried for days in rounds."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.flows import OUTCOME
    from contracts.invoicing import HandOverInput
    from workflows.durable.reasons import final_failure
    from workflows.durable.timeouts import with_heartbeat
    from workflows.invoicing.activities.handing_over import HandOverActivities
    from workflows.invoicing.payloads import HandOverResult, HandOverRound

__all__ = ["HandOver"]

MAX_PAUSE: Final = timedelta(hours=1)
ROUND: Final = with_heartbeat(timedelta(hours=12))


@workflow.defn
class HandOver:
    """Started by a roll-up for all its invoices, or by an operator for one."""

    def __init__(self) -> None:
        self._told = HandOverResult()

    @workflow.query
    def progress(self) -> HandOverResult:
        """The state so far."""
        return self._told

    @workflow.run
    async def run(self, request: HandOverInput) -> HandOverResult:
        """Runs until nothing is pending. Fails if a document was given up."""
        began_at = request.began_at or workflow.now().isoformat()
        time_limit = timedelta(hours=request.patience_hours)
        delivered, failed, rounds = 0, 0, request.round_count
        while True:
            is_last = workflow.now() - datetime.fromisoformat(began_at) >= time_limit
            told = await ROUND.run(
                HandOverActivities.hand_over_pending,
                HandOverRound(request.invoice_id, request.rollup_id, is_last),
                "post pending documents to accounts receivable",
            )
            delivered, failed = delivered + told.delivered_count, failed + told.failed_count
            rounds += 1
            self._show(replace(told, delivered_count=delivered, failed_count=failed))
            if not told.waiting_count:
                break
            await workflow.sleep(_pause(request, rounds))
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(replace(request, round_count=rounds, began_at=began_at))
        workflow.upsert_search_attributes([OUTCOME.value_set("failed" if failed else "completed")])
        if failed:
            raise final_failure(
                "HandOverGivenUp", f"{failed} given up: {self._told.reason}", self._told
            )
        return self._told

    def _show(self, told: HandOverResult) -> None:
        self._told = told
        workflow.set_current_details(told.in_words())


def _pause(request: HandOverInput, rounds: int) -> timedelta:
    """The pause, which doubles each time up to an hour."""
    doubled: int = 2 ** min(rounds - 1, 16)
    return min(timedelta(seconds=request.first_pause_seconds) * doubled, MAX_PAUSE)
