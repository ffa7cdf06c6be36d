"""Drafts that await approval: replaced by force, or issued individually."""

import asyncio

import grpc
import pytest
from temporalio.client import WorkflowExecutionStatus

from contracts.invoicing import RollupInput, invoice_rollup
from tests.analytics.account import reason_of
from tests.invoicing.books import APRIL
from tests.invoicing.catalog import Subscription
from tests.invoicing.month import MonthEnd, until

SHOP = Subscription("acme", "shop")
STORE = Subscription("globex", "store")


async def awaiting(month_end: MonthEnd, *subscriptions: Subscription) -> object:
    month_end.books.catalog.subscriptions = list(subscriptions)
    month_end.start_asking()
    return await until(month_end, await month_end.start(), "awaiting_approval")


async def test_force_replaces_drafts_that_await_approval_and_leaves_what_was_issued(
    month_end: MonthEnd,
) -> None:
    first = await awaiting(month_end, SHOP, STORE)
    issued = await month_end.books.invoice_of("globex")
    await month_end.books.issue_by_hand(issued.id)
    old = await month_end.books.invoice_of("acme")
    month_end.books.used(SHOP, "droplet_hours", "1588")

    second = await month_end.start(force=True, request_id="force-1")

    assert second.id != first.id  # type: ignore[attr-defined]
    assert await month_end.start(force=True, request_id="force-1") == second
    waiting = await until(month_end, second, "awaiting_approval")
    superseded = await month_end.get(first.id)  # type: ignore[attr-defined]
    assert (superseded.status, superseded.reason) == ("failed", "superseded by a later run")
    runs = month_end.temporal.get_workflow_handle(
        "invoice-rollup/2026-04", run_id=superseded.run.run_id
    )
    assert (await runs.describe()).status is WorkflowExecutionStatus.TERMINATED
    new = await month_end.books.invoice_of("acme")
    assert (old.subtotal_cents, new.subtotal_cents) == (5000, 5100)
    assert (waiting.drafted_count, waiting.skipped_count) == (1, 1)
    with pytest.raises(grpc.aio.AioRpcError) as gone:
        await month_end.books.get(old.id)
    assert gone.value.code() is grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await month_end.approve(first.id)  # type: ignore[attr-defined]
    assert reason_of(refused.value) == "ROLLUP_NOT_AWAITING_APPROVAL"
    await month_end.approve(second.id)
    assert (await month_end.ended(second)).issued_count == 1
    again = (await month_end.books.get(issued.id)).invoice
    assert (again.status, again.number) == ("issued", "INV-000001")


async def test_without_force_the_roll_up_that_waits_is_answered_and_stays(
    month_end: MonthEnd,
) -> None:
    first = await awaiting(month_end, SHOP)
    draft = await month_end.books.invoice_of("acme")
    assert (await month_end.start()).id == first.id  # type: ignore[attr-defined]
    assert (await month_end.books.invoice_of("acme")).id == draft.id


async def test_a_roll_up_without_the_bill_is_refused_while_another_one_awaits_approval(
    month_end: MonthEnd,
) -> None:
    first = await awaiting(month_end, SHOP)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await month_end.start(without_bill=True)
    assert reason_of(refused.value) == "ROLLUP_ALREADY_RUNNING"
    assert (await month_end.get(first.id)).status == "awaiting_approval"  # type: ignore[attr-defined]

    forced = await month_end.start(without_bill=True, force=True)
    assert (forced.without_bill, forced.id == first.id) == (True, False)  # type: ignore[attr-defined]
    assert (await month_end.start(without_bill=True)).id == forced.id
    await until(month_end, forced, "awaiting_approval")


async def test_a_roll_up_that_its_workflow_opens_is_without_the_bill_as_asked(
    month_end: MonthEnd,
) -> None:
    month_end.start_asking()
    await month_end.settled()
    start = invoice_rollup(RollupInput(period=APRIL, approval_required=True, without_bill=True))
    await month_end.temporal.start_workflow(
        start.flow.name, start.argument, id=start.id, task_queue=start.flow.queue
    )
    rollup = await month_end.start()
    waiting = await until(month_end, rollup, "awaiting_approval")
    assert waiting.without_bill
    await month_end.approve(rollup.id)
    assert (await month_end.ended(rollup)).status == "completed"


async def test_force_twice_at_the_same_moment_and_an_approval_leave_one_invoice_a_tenant(
    month_end: MonthEnd,
) -> None:
    first = await awaiting(month_end, SHOP, STORE)
    answers = await asyncio.gather(
        month_end.start(force=True),
        month_end.start(force=True),
        month_end.approve(first.id),  # type: ignore[attr-defined]
        return_exceptions=True,
    )
    refused = [one for one in answers if isinstance(one, BaseException)]
    assert {reason_of(one) for one in refused if isinstance(one, grpc.aio.AioRpcError)} <= {
        "ROLLUP_NOT_AWAITING_APPROVAL"
    }
    [(newest,)] = month_end.books.rows("SELECT id::text FROM rollups ORDER BY id DESC LIMIT 1")
    rollup = await month_end.get(newest)
    for _ in range(600):
        rollup = await month_end.get(newest)
        if rollup.status in ("awaiting_approval", "completed"):
            break
        await asyncio.sleep(0.05)
    if rollup.status == "awaiting_approval":
        await month_end.approve(newest)
    await month_end.ended(rollup)
    invoices = await month_end.books.listed(status="issued")
    assert sorted(one.tenant_id for one in invoices) == ["acme", "globex"]
    assert (await month_end.books.verify_chain()).complete


async def test_a_roll_up_whose_drafts_were_all_issued_by_hand_completes(
    month_end: MonthEnd,
) -> None:
    rollup = await awaiting(month_end, SHOP, STORE)
    for tenant in ("acme", "globex"):
        assert (await month_end.get(rollup.id)).status == "awaiting_approval"  # type: ignore[attr-defined]
        await month_end.books.issue_by_hand((await month_end.books.invoice_of(tenant)).id)
    done = await month_end.ended(rollup)
    assert (done.status, done.issued_count, done.decided_by) == ("completed", 2, "op")


async def test_a_roll_up_of_which_one_draft_was_issued_and_the_last_voided_completes(
    month_end: MonthEnd,
) -> None:
    rollup = await awaiting(month_end, SHOP, STORE)
    await month_end.books.issue_by_hand((await month_end.books.invoice_of("acme")).id)
    await month_end.books.void((await month_end.books.invoice_of("globex")).id)
    assert (await month_end.ended(rollup)).status == "completed"
