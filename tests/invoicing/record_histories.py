"""Saves histories of real runs: `pytest tests/invoicing/record_histories.py`."""

import pytest
from temporalio.client import WorkflowFailureError

from contracts.flows import TaskQueue
from contracts.invoicing import HandOverInput, MonthEndInput
from tests.invoicing.catalog import Subscription
from tests.invoicing.month import MonthEnd, until
from tests.workflows.record_histories import save_from
from workflows.invoicing.hand_over import HandOver
from workflows.invoicing.month_end import MonthEnd as ScheduledMonthEnd


async def test_record(month_end: MonthEnd) -> None:
    month_end.books.catalog.subscriptions = [
        Subscription(f"tenant-{number}", "app") for number in range(5)
    ]
    month_end.metered()
    month_end.start_worker()
    month_end.receiver.failures = [503, 503]
    rollup = await month_end.ended(await month_end.start())
    await save_from(month_end.temporal, rollup.run.workflow_id, "InvoiceRollup.completed")
    started = await month_end.temporal.start_workflow(
        HandOver.run,
        HandOverInput(rollup_id=rollup.id, first_pause_seconds=1),
        id="hand-over/recorded",
        task_queue=TaskQueue.INVOICING,
    )
    await started.result()
    await save_from(month_end.temporal, started.id, "HandOver.delivered")

    scheduled = await month_end.temporal.start_workflow(
        ScheduledMonthEnd.run,
        MonthEndInput(approval_required=False),
        id="month-end/recorded",
        task_queue=TaskQueue.INVOICING,
    )
    await scheduled.result()
    await save_from(month_end.temporal, scheduled.id, "MonthEnd.started")


async def test_record_decisions(month_end: MonthEnd) -> None:
    month_end.books.catalog.subscriptions = [
        Subscription(f"tenant-{number}", "app") for number in range(3)
    ]
    month_end.books.catalog.refused["tenant-1"] = "NO_PRICE_IN_FORCE"
    month_end.start_analytics_that_asks()
    month_end.start_worker()
    unmetered = await month_end.start()
    with pytest.raises(WorkflowFailureError):
        await month_end.run_of(unmetered).result()
    await save_from(month_end.temporal, unmetered.run.workflow_id, "InvoiceRollup.failed")
    month_end.metered()
    undone = await until(month_end, await month_end.start(), "awaiting_approval")
    await month_end.undo(undone.id)
    await month_end.ended(undone)
    await save_from(month_end.temporal, undone.run.workflow_id, "InvoiceRollup.undone")
    retried = await until(month_end, await month_end.start(), "awaiting_approval")
    month_end.books.catalog.refused.clear()
    await month_end.retry(retried.id)
    await until(month_end, retried, "awaiting_approval")
    await month_end.approve(retried.id)
    await month_end.ended(retried)
    await save_from(month_end.temporal, retried.run.workflow_id, "InvoiceRollup.retried")
