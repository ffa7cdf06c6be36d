"""Superseded roll-ups of a month: a decision on one does not affect another."""

import grpc
import pytest
from arcadia.analytics.v1 import invoicing_service_pb2 as steps_pb

from tests.analytics.account import reason_of
from tests.invoicing.books import Books
from tests.invoicing.month import MonthEnd, until


async def test_undoing_a_roll_up_that_another_took_over_from_undoes_nothing(
    month_end: MonthEnd,
) -> None:
    month_end.books.subscribe_tenants(2)
    month_end.start_asking()
    first = await until(month_end, await month_end.start(), "awaiting_approval")
    await month_end.run_of(first).terminate("somebody pulled the plug")
    second = await until(month_end, await month_end.start(), "awaiting_approval")
    assert second.id != first.id

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await month_end.undo(first.id)

    assert reason_of(refused.value) == "ROLLUP_SUPERSEDED"
    await month_end.approve(second.id)
    assert (await month_end.ended(second)).issued_count == 2


async def test_failed_tenants_of_an_older_roll_up_are_not_tried_again_while_a_newer_one_runs(
    month_end: MonthEnd,
) -> None:
    month_end.books.subscribe_tenants(2)
    month_end.start_asking()
    month_end.books.catalog.refused["tenant-001"] = "NO_PRICE_IN_FORCE"
    first = await until(month_end, await month_end.start(), "awaiting_approval")
    await month_end.approve(first.id)
    await month_end.ended(first)
    month_end.books.catalog.refused.clear()
    second = await until(month_end, await month_end.start(), "awaiting_approval")

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await month_end.retry(first.id)

    assert reason_of(refused.value) == "ROLLUP_SUPERSEDED"
    assert (await month_end.get(first.id)).status == "completed"
    await month_end.approve(second.id)
    assert (await month_end.ended(second)).issued_count == 1


async def test_an_undone_month_has_no_draft_of_an_earlier_roll_up_either(books: Books) -> None:
    """The month is metered anew then: a draft that was left would bill what was known before."""
    books.subscribe_tenants(4)
    broken = await books.drafted()
    await books.move(broken.id, "failed", "broke off")
    forced = await books.begin(force=True)
    [first_page, _] = await books.plan(forced.id)
    await books.draft(forced.id, first_page)
    books.execute("UPDATE rollups SET decision = 'undo', reason = 'x' WHERE id = %s", forced.id)

    request = steps_pb.DiscardDraftsRequest(rollup_id=forced.id, limit=3)
    counts = []
    for _ in range(2):
        answer = await books.steps.DiscardDrafts(request, metadata=books.worker)
        counts.append((answer.discarded_count, answer.remaining_count))

    assert counts == [(3, 1), (1, 0)]
    assert {one.status for one in await books.listed()} == {"void"}
