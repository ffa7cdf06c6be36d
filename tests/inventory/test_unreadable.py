"""An unreadable row affects only itself."""

import grpc
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import resources_pb2, sync_service_pb2

from tests.inventory.account import Inventory, Swept, Token, reason_of, sighting, violated_field

KEPT, ODD, LOST = sighting("kept"), sighting("odd"), sighting("lost")
PLACE = ("id odd", "odd")


async def sweep_with_an_odd_row(
    inventory: Inventory, *places: tuple[str, str], total: int = 2
) -> Swept:
    sweep_id = await inventory.begin()
    await inventory.record(KEPT, sweep_id=sweep_id)
    await inventory.unreadable(sweep_id, *(places or (PLACE,)), reason="droplet odd: no name")
    closed = await inventory.complete(sweep_id, total=total)
    return Swept(closed.sweep, await inventory.suspects(sweep_id))


async def strikes(inventory: Inventory) -> dict[str, int]:
    return {
        provider_id: resource.stale_strike_count
        for provider_id, resource in (await inventory.listed()).items()
    }


async def test_the_rest_of_the_kind_is_judged_and_the_odd_row_is_neither_struck_nor_changed(
    inventory: Inventory,
) -> None:
    await inventory.sweep(KEPT, ODD, LOST)
    swept = await sweep_with_an_odd_row(inventory)
    assert swept.sweep.outcome == "partial"
    assert swept.sweep.reason == "1 could not be read: droplet odd: no name"
    assert (swept.sweep.seen_count, swept.sweep.unreadable_count) == (1, 1)
    assert await strikes(inventory) == {"kept": 0, "odd": 0, "lost": 1}
    assert await inventory.events("odd") == ["discovered"]


async def test_three_partial_sweeps_end_what_they_do_not_list(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, ODD, LOST)
    for _ in range(3):
        swept = await sweep_with_an_odd_row(inventory)
    assert swept.suspects == ["lost"]
    sweep = await inventory.confirm(swept.sweep.id, gone=["lost"])
    assert sweep.deleted_count == 1


async def test_a_row_without_an_id_may_be_any_and_so_nothing_is_struck(
    inventory: Inventory,
) -> None:
    await inventory.sweep(KEPT, ODD, LOST)
    swept = await sweep_with_an_odd_row(inventory, ("page 1, row 2", ""))
    assert swept.sweep.outcome == "partial"
    assert set((await strikes(inventory)).values()) == {0}


async def test_a_row_that_is_read_twice_counts_once_and_a_part_of_a_row_not_at_all(
    inventory: Inventory,
) -> None:
    sweep_id = await inventory.begin()
    await inventory.record(KEPT, sweep_id=sweep_id)
    assert await inventory.unreadable(sweep_id, ("records of kept", "kept"), PLACE) == 2
    assert await inventory.unreadable(sweep_id, PLACE, ("page 1", ""), ("page 2", "")) == 4
    closed = await inventory.complete(sweep_id, total=4)
    assert closed.sweep.outcome == "partial"
    assert (closed.sweep.seen_count, closed.sweep.unreadable_count) == (1, 4)


async def test_unreadable_rows_make_up_for_no_others(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, ODD, LOST)
    swept = await sweep_with_an_odd_row(inventory, total=3)
    assert swept.sweep.outcome == "incomplete"
    assert swept.sweep.reason == (
        "the provider reported 3 and 1 were seen (1 more could not be read)"
    )
    assert set((await strikes(inventory)).values()) == {0}


async def test_a_partial_sweep_counts_as_one_that_read_the_kind(inventory: Inventory) -> None:
    swept = await sweep_with_an_odd_row(inventory)
    answer = await inventory.complete(swept.sweep.id, total=2)
    assert answer.last_complete_at == swept.sweep.finished_at


async def test_an_unreadable_row_found_after_the_end_makes_a_complete_sweep_partial(
    inventory: Inventory,
) -> None:
    closed = (await inventory.sweep(KEPT)).sweep
    assert await inventory.unreadable(closed.id, ("members of kept", "kept")) == 1
    again = (await inventory.complete(closed.id, total=1)).sweep
    assert (again.outcome, again.reason) == ("partial", "1 could not be read: odd")


async def test_an_operator_lists_what_a_sweep_could_not_read_page_by_page(
    inventory: Inventory,
) -> None:
    sweep_id = await inventory.begin()
    places = [(f"page 1, row {row}", "") for row in range(5)]
    await inventory.unreadable(sweep_id, *places, reason="a droplet: it has no id")
    rows: list[resources_pb2.UnreadableRow] = []
    token = ""
    for size in (2, 2, 2):
        request = pb.ListUnreadableRowsRequest(sweep_id=sweep_id, page_size=size, page_token=token)
        answer = await inventory.reading.ListUnreadableRows(request, metadata=inventory.operator)
        rows += answer.rows
        token = answer.next_page_token
    assert token == ""
    assert [row.place for row in rows] == [place for place, _ in places]
    assert {row.reason for row in rows} == {"a droplet: it has no id"}


async def test_the_rows_of_a_sweep_that_is_not_there_are_not_found(inventory: Inventory) -> None:
    request = pb.ListUnreadableRowsRequest(sweep_id="0198f000-0000-7000-8000-000000000000")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.reading.ListUnreadableRows(request, metadata=inventory.operator)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("row", "field"),
    [({"place": "", "reason": "odd"}, "rows.place"), ({"place": "x", "reason": ""}, "rows.reason")],
)
async def test_an_unreadable_row_without_place_or_reason_is_refused(
    inventory: Inventory, row: dict[str, str], field: str
) -> None:
    request = sync_service_pb2.RecordUnreadableRowsRequest(
        sweep_id=await inventory.begin(), rows=[resources_pb2.UnreadableRow(**row)]
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.sync.RecordUnreadableRows(request, metadata=inventory.worker)
    assert violated_field(refused.value) == field


async def accept_total(
    inventory: Inventory, sweep_id: str, token: Token | None = None
) -> resources_pb2.Sweep:
    request = pb.AcceptTotalRequest(id=sweep_id)
    metadata = token or inventory.operator
    return (await inventory.reading.AcceptTotal(request, metadata=metadata)).sweep


async def test_a_total_that_is_always_one_too_many_can_be_accepted(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    refused = (await inventory.sweep(KEPT, total=2)).sweep
    assert (refused.outcome, refused.total_difference) == ("incomplete", 1)

    accepted = await accept_total(inventory, refused.id)

    assert accepted.confirmed_by == "op"
    assert await accept_total(inventory, refused.id) == accepted
    later = (await inventory.sweep(KEPT, total=2)).sweep
    assert (later.outcome, later.struck_count) == ("completed", 1)
    assert (await inventory.sweep(KEPT, total=2)).sweep.outcome == "completed"


async def test_an_accepted_total_accepts_no_other_difference(inventory: Inventory) -> None:
    refused = (await inventory.sweep(KEPT, total=2)).sweep
    await accept_total(inventory, refused.id)
    assert (await inventory.sweep(KEPT, total=3)).sweep.outcome == "incomplete"
    assert (await inventory.sweep(KEPT, LOST, total=1)).sweep.outcome == "incomplete"
    assert (await inventory.sweep(KEPT, LOST, total=3)).sweep.outcome == "completed"


async def test_a_resource_in_two_lists_can_be_accepted_too(inventory: Inventory) -> None:
    twice = (await inventory.sweep(KEPT, LOST, LOST, total=3)).sweep
    assert twice.outcome == "incomplete"
    await accept_total(inventory, twice.id)
    assert (await inventory.sweep(KEPT, LOST, LOST, total=3)).sweep.outcome == "completed"


async def test_a_total_that_adds_up_again_ends_what_was_accepted(inventory: Inventory) -> None:
    refused = (await inventory.sweep(KEPT, total=2)).sweep
    await accept_total(inventory, refused.id)
    assert (await inventory.sweep(KEPT, total=1)).sweep.outcome == "completed"
    assert (await inventory.sweep(KEPT, total=2)).sweep.outcome == "incomplete"


async def test_only_the_newest_incomplete_sweep_can_be_accepted(inventory: Inventory) -> None:
    complete = (await inventory.sweep(KEPT)).sweep
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await accept_total(inventory, complete.id)
    assert reason_of(refused.value) == "SWEEP_NOT_INCOMPLETE"
    older = (await inventory.sweep(KEPT, total=2)).sweep
    await inventory.sweep(KEPT)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await accept_total(inventory, older.id)
    assert reason_of(refused.value) == "SWEEP_SUPERSEDED"
