"""The month-end as a saga, on a real Temporal server, with every process killed in turn."""

import asyncio
from typing import Any

import grpc
import pytest
from temporalio.client import WorkflowFailureError

from contracts.flows import TaskQueue
from contracts.invoicing import RollupInput
from tests.analytics.account import reason_of
from tests.invoicing.books import APRIL, Books, content_of
from tests.invoicing.catalog import Subscription
from tests.invoicing.month import MonthEnd, until
from tests.support.waiting import tries
from workflows.invoicing.invoice_rollup import InvoiceRollup


def tenants(books: Books, count: int) -> None:
    books.catalog.subscriptions = [
        Subscription(f"tenant-{number:03d}", "app", addons=number % 3) for number in range(count)
    ]


async def test_a_month_is_metered_drafted_checked_issued_and_handed_over(
    month_end: MonthEnd,
) -> None:
    tenants(month_end.books, 5)
    month_end.metered()
    runs_on = Subscription("tenant-001", "cancelled")
    month_end.books.used(runs_on, "droplet_hours", "24")
    month_end.start_worker()

    rollup = await month_end.ended(await month_end.start())

    assert (rollup.status, rollup.drafted_count, rollup.issued_count) == ("completed", 5, 5)
    assert rollup.run.workflow_id == "invoice-rollup/2026-04"
    assert [one.status for one in await month_end.books.listed()] == ["issued"] * 5
    assert (await month_end.books.verify_chain()).invoice_count == 5
    told = await month_end.run_of(rollup).query(InvoiceRollup.progress)
    assert (told.step, told.issued_count) == ("completed", 5)
    # Neither the inventory nor billing is there to say how fresh it is.
    *unknown, note = told.notes
    assert [one.partition(":")[0] for one in unknown] == [
        "the last complete read of the inventory was unknown",
        "the state of the provider's bill was unknown",
    ]
    assert note == (
        "1 deployments have unbilled usage: 1 daily usages worth AUD 0.00 at the resource price,"
        " 1 of which have no price"
    )
    assert (rollup.unbilled.usage_count, len(rollup.freshness_notes)) == (1, 2)
    handed_over = month_end.temporal.get_workflow_handle("hand-over/2026-04")
    assert (await handed_over.result())["delivered_count"] == 5
    assert (await month_end.get(rollup.id)).handed_over_count == 5

    again = await month_end.ended(await month_end.start())
    assert again.id != rollup.id
    assert (again.skipped_count, again.issued_count) == (5, 0)


async def test_while_one_of_the_month_runs_it_is_answered_instead(month_end: MonthEnd) -> None:
    tenants(month_end.books, 1)
    month_end.metered()
    first, second = await asyncio.gather(month_end.start(), month_end.start())
    assert first.id == second.id
    month_end.start_worker()
    assert (await month_end.ended(first)).issued_count == 1


async def test_a_month_that_was_not_metered_to_its_end_is_not_billed(month_end: MonthEnd) -> None:
    tenants(month_end.books, 1)
    month_end.start_worker()
    rollup = await month_end.start()
    with pytest.raises(WorkflowFailureError):
        await month_end.run_of(rollup).result()
    failed = await month_end.get(rollup.id)
    assert failed.status == "failed"
    assert "METERING" in failed.reason or "not metered" in failed.reason
    assert await month_end.books.listed() == []

    month_end.metered()
    assert (await month_end.ended(await month_end.start())).issued_count == 1


async def test_nothing_is_issued_before_an_operator_approves(month_end: MonthEnd) -> None:
    tenants(month_end.books, 3)
    month_end.start_asking()
    rollup = await until(month_end, await month_end.start(), "awaiting_approval")
    assert {one.status for one in await month_end.books.listed()} == {"draft"}
    assert await month_end.books.listed(month_end.books.tenant("tenant-000")) == []

    await month_end.approve(rollup.id)
    done = await month_end.ended(rollup)

    assert (done.status, done.issued_count, done.decided_by) == ("completed", 3, "op")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await month_end.undo(rollup.id)
    assert reason_of(refused.value) == "ROLLUP_NOT_UNDOABLE"


async def test_an_undone_month_has_no_invoice_and_can_be_billed_again(month_end: MonthEnd) -> None:
    tenants(month_end.books, 3)
    month_end.start_asking()
    rollup = await until(month_end, await month_end.start(), "awaiting_approval")

    await month_end.undo(rollup.id)
    undone = await month_end.ended(rollup)

    assert (undone.status, undone.reason) == ("undone", "a mistake")
    assert {(one.status, one.number) for one in await month_end.books.listed()} == {("void", "")}
    closed = "SELECT closed_at FROM metering_months WHERE period = %s"
    assert month_end.books.rows(closed, APRIL) == [(None,)]
    again = await until(month_end, await month_end.start(), "awaiting_approval")
    await month_end.approve(again.id)
    assert (await month_end.ended(again)).issued_count == 3


async def test_a_run_that_broke_off_can_be_undone(month_end: MonthEnd) -> None:
    tenants(month_end.books, 3)
    month_end.start_asking()
    rollup = await until(month_end, await month_end.start(), "awaiting_approval")
    await month_end.run_of(rollup).terminate("somebody pulled the plug")

    await month_end.undo(rollup.id)

    assert (await until(month_end, rollup, "undone")).issued_count == 0


async def test_a_cancelled_run_reports_it_and_the_next_one_resumes(
    month_end: MonthEnd,
) -> None:
    tenants(month_end.books, 3)
    month_end.start_asking()
    rollup = await until(month_end, await month_end.start(), "awaiting_approval")

    await month_end.run_of(rollup).cancel()
    with pytest.raises(WorkflowFailureError):
        await month_end.run_of(rollup).result()

    cancelled = await until(month_end, rollup, "failed")
    assert cancelled.reason == "the roll-up was cancelled"
    again = await until(month_end, await month_end.start(), "awaiting_approval")
    assert (again.drafted_count, again.id != rollup.id) == (3, True)
    await month_end.approve(again.id)
    assert (await month_end.ended(again)).issued_count == 3


async def test_a_month_is_undone_in_the_middle_of_its_drafting(month_end: MonthEnd) -> None:
    tenants(month_end.books, 6)
    month_end.metered()
    month_end.books.catalog.slow_seconds = 0.5
    month_end.start_worker()
    rollup = await month_end.temporal.start_workflow(
        InvoiceRollup.run,
        RollupInput(period=APRIL, tenants_per_page=1),
        id="invoice-rollup/2026-04",
        task_queue=TaskQueue.INVOICING,
    )
    await killing_time(month_end, "drafting")
    [running] = month_end.books.rows("SELECT id::text FROM rollups")
    await month_end.undo(running[0])
    await rollup.result()

    assert (await month_end.get(running[0])).status == "undone"
    assert {one.status for one in await month_end.books.listed()} == {"void"}


@pytest.mark.soak
async def test_a_history_never_outgrows_its_bounds_however_many_pages_there_are(
    month_end: MonthEnd,
) -> None:
    tenants(month_end.books, 1_500)
    month_end.metered()
    month_end.start_worker()
    handle = await month_end.temporal.start_workflow(
        InvoiceRollup.run,
        RollupInput(period=APRIL, tenants_per_page=1),
        id="invoice-rollup/2026-04",
        task_queue=TaskQueue.INVOICING,
    )
    await handle.result()

    newest = month_end.temporal.get_workflow_handle("invoice-rollup/2026-04")
    description = await newest.describe()
    assert description.run_id != handle.first_execution_run_id
    assert description.history_length < 10_000
    assert month_end.books.rows(
        "SELECT count(*), count(DISTINCT tenant_id), max(number) FROM tenant_invoices"
    ) == [(1_500, 1_500, 1_500)]
    assert month_end.books.rows("SELECT status FROM rollups") == [("completed",)]


async def test_failed_tenants_are_tried_again_alone(month_end: MonthEnd) -> None:
    tenants(month_end.books, 4)
    month_end.metered()
    month_end.books.catalog.refused |= {"tenant-001": "NO_PRICE_IN_FORCE", "tenant-002": "X"}
    month_end.start_worker()
    rollup = await month_end.ended(await month_end.start())
    assert (rollup.issued_count, rollup.failed_count) == (2, 2)
    month_end.books.catalog.refused.clear()
    month_end.books.catalog.quoted.clear()

    await month_end.retry(rollup.id, "tenant-001")
    await month_end.ended(rollup)
    once = await month_end.get(rollup.id)
    assert (once.issued_count, once.failed_count) == (3, 1)
    assert len(month_end.books.catalog.quoted) == 1
    await month_end.retry(rollup.id)
    done = await month_end.ended(rollup)
    assert (done.status, done.issued_count, done.failed_count) == ("completed", 4, 0)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await month_end.retry(rollup.id)
    assert reason_of(refused.value) == "NOTHING_TO_RETRY"


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("planning", marks=pytest.mark.soak),
        "drafting",
        pytest.param("issuing", marks=pytest.mark.soak),
    ],
)
async def test_whatever_is_killed_the_invoices_are_those_of_a_clean_run(
    month_end: MonthEnd, moment: str
) -> None:
    await month_end.stop_serving()
    analytics = month_end.start_analytics()
    tenants(month_end.books, 12)
    month_end.metered()
    clean_worker = month_end.start_worker_process()
    clean = await month_end.ended(await month_end.start())
    expected = [without_chain(one) for one in content_of(month_end.books)]
    assert clean.issued_count == 12
    # The roll-up is completed before all its invoices are handed over: what hands them over
    # would write to the rows that are forgotten.
    hand_over = month_end.temporal.get_workflow_handle("hand-over/2026-04")
    assert (await hand_over.result())["delivered_count"] == 12
    month_end.kill(clean_worker)
    forget_everything(month_end.books)

    month_end.books.catalog.slow_seconds = 0.3
    worker = month_end.start_worker_process()
    rollup = await month_end.start()
    await killing_time(month_end, moment)
    month_end.kill(worker)
    month_end.kill(analytics)
    month_end.books.catalog.slow_seconds = 0
    month_end.books.catalog.down_for = 3
    month_end.start_analytics()
    month_end.start_worker()
    done = await month_end.ended(rollup)

    assert (done.status, done.issued_count, done.failed_count) == ("completed", 12, 0)
    assert [without_chain(one) for one in content_of(month_end.books)] == expected
    assert (await month_end.books.verify_chain()).verified


async def killing_time(month_end: MonthEnd, moment: str) -> None:
    """Waits until the work is in the middle of something."""
    conditions = {
        "planning": "SELECT 1 FROM rollups WHERE status = 'running'",
        "drafting": "SELECT 1 FROM tenant_invoices LIMIT 1",
        "issuing": "SELECT 1 FROM rollups WHERE status IN ('issuing', 'completed')",
    }
    for _ in tries():
        if month_end.books.rows(conditions[moment]):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it never came to {moment}")


def without_chain(content: tuple[Any, ...]) -> tuple[Any, ...]:
    """An invoice without what holds the day of its issue, which another day changes."""
    return (*content[:10], *content[11:])


def forget_everything(books: Books) -> None:
    """The database as it was before anybody was billed."""
    books.execute("""
        SET session_replication_role = replica;
        ALTER TABLE tenant_invoices DISABLE TRIGGER ALL;
        ALTER TABLE tenant_invoice_lines DISABLE TRIGGER ALL;
        ALTER TABLE tenant_invoice_proofs DISABLE TRIGGER ALL;
        DELETE FROM invoice_hand_overs; DELETE FROM tenant_invoice_lines;
        DELETE FROM tenant_invoice_proofs; DELETE FROM tenant_invoices;
        DELETE FROM rollup_tenants; DELETE FROM rollups;
        UPDATE metering_months SET closed_at = NULL;
        UPDATE invoice_sequences SET next = 1,
            chain_hash = CASE name WHEN 'invoice' THEN repeat('0', 64) ELSE '' END;
        ALTER TABLE tenant_invoices ENABLE ALWAYS TRIGGER keep_issued;
        ALTER TABLE tenant_invoices ENABLE ALWAYS TRIGGER never_truncated;
    """)
