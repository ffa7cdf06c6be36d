"""The breaker: a sweep that would tombstone too much waits for an operator."""

import grpc
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import resources_pb2

from tests.inventory.account import Inventory, Swept, reason_of, sighting

KEPT = [sighting(f"kept-{number}") for number in range(20)]
LOST = [sighting(f"lost-{number}") for number in range(10)]


async def lose(inventory: Inventory, sweeps: int = 3) -> Swept:
    """Ten of thirty droplets are lost for so many sweeps."""
    await inventory.sweep(*KEPT, *LOST)
    for _ in range(sweeps):
        swept = await inventory.sweep(*KEPT)
    return swept


async def confirm(inventory: Inventory, sweep_id: str, request_id: str = "") -> resources_pb2.Sweep:
    request = pb.ConfirmSweepRequest(id=sweep_id, request_id=request_id)
    return (await inventory.reading.ConfirmSweep(request, metadata=inventory.operator)).sweep


async def test_a_sweep_that_would_tombstone_too_much_is_halted(inventory: Inventory) -> None:
    halted = await lose(inventory)
    assert halted.sweep.outcome == "halted"
    assert halted.sweep.withheld_count == 10
    assert halted.sweep.reason.startswith("10 of 30 would be tombstoned")
    assert halted.suspects == []


async def test_it_stays_halted_without_a_confirmation(inventory: Inventory) -> None:
    await lose(inventory)
    again = await inventory.sweep(*KEPT)
    assert (again.sweep.outcome, again.suspects) == ("halted", [])


async def test_a_halted_sweep_takes_no_confirming_reads(inventory: Inventory) -> None:
    halted = await lose(inventory)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.confirm(halted.sweep.id, gone=["lost-1"])
    assert reason_of(refused.value) == "SWEEP_NOT_COMPLETED"


async def test_an_operators_confirmation_lets_the_next_sweep_go_on(
    inventory: Inventory,
) -> None:
    halted = await lose(inventory)
    confirmed = await confirm(inventory, halted.sweep.id)
    assert confirmed.confirmed_by == "op"
    assert confirmed.HasField("confirmed_at")
    released = await inventory.sweep(*KEPT)
    assert released.sweep.outcome == "completed"
    assert len(released.suspects) == 10


async def test_a_confirmation_releases_as_many_as_were_withheld_and_no_more(
    inventory: Inventory,
) -> None:
    halted = await lose(inventory, sweeps=2)
    await inventory.sweep(*KEPT[5:])  # five more go missing, two sweeps behind
    halted = await inventory.sweep(*KEPT[5:])
    assert halted.sweep.withheld_count == 10
    await confirm(inventory, halted.sweep.id)
    worse = await inventory.sweep(*KEPT[5:])
    assert (worse.sweep.outcome, worse.sweep.withheld_count) == ("halted", 15)


async def test_a_confirmation_counts_once(inventory: Inventory) -> None:
    halted = await lose(inventory)
    await confirm(inventory, halted.sweep.id)
    released = await inventory.sweep(*KEPT)
    assert released.sweep.outcome == "completed"
    # Nothing was confirmed gone: the next sweep would tombstone as many again.
    assert (await inventory.sweep(*KEPT)).sweep.outcome == "halted"


async def test_a_sweep_that_ran_already_does_not_spend_a_confirmation(
    inventory: Inventory,
) -> None:
    halted = await lose(inventory)
    running = await inventory.begin()
    await confirm(inventory, halted.sweep.id)
    await inventory.record(*KEPT, sweep_id=running)
    assert (await inventory.complete(running, total=20)).sweep.outcome == "halted"
    assert (await inventory.sweep(*KEPT)).sweep.outcome == "completed"


async def test_five_rows_never_trip_the_breaker(inventory: Inventory) -> None:
    await inventory.sweep(*LOST[:5])
    for _ in range(3):
        swept = await inventory.sweep()
    assert swept.sweep.outcome == "completed"
    assert len(swept.suspects) == 5


async def test_a_fifth_of_a_kind_does_not_trip_the_breaker(inventory: Inventory) -> None:
    kept = [*KEPT, *(sighting(f"more-{number}") for number in range(20))]
    await inventory.sweep(*kept, *LOST)
    for _ in range(3):
        swept = await inventory.sweep(*kept)
    assert swept.sweep.outcome == "completed"
    assert len(swept.suspects) == 10


async def test_only_a_halted_sweep_can_be_confirmed(inventory: Inventory) -> None:
    swept = await inventory.sweep(*KEPT)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await confirm(inventory, swept.sweep.id)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason_of(refused.value) == "SWEEP_NOT_HALTED"


async def test_a_superseded_sweep_cannot_be_confirmed(inventory: Inventory) -> None:
    first = await lose(inventory)
    second = await inventory.sweep(*KEPT)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await confirm(inventory, first.sweep.id)
    assert reason_of(refused.value) == "SWEEP_SUPERSEDED"
    assert (await confirm(inventory, second.sweep.id)).confirmed_by == "op"


async def test_confirming_twice_answers_the_same(inventory: Inventory) -> None:
    halted = await lose(inventory)
    first = await confirm(inventory, halted.sweep.id)
    assert await confirm(inventory, halted.sweep.id) == first


async def test_a_confirmation_is_repeated_by_its_key_alone(inventory: Inventory) -> None:
    first = await lose(inventory)
    confirmed = await confirm(inventory, first.sweep.id, "one")
    await inventory.sweep(*KEPT)  # spends it
    second = await inventory.sweep(*KEPT)
    assert await confirm(inventory, first.sweep.id, "one") == confirmed
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await confirm(inventory, second.sweep.id, "one")
    assert reason_of(refused.value) == "IDEMPOTENCY_KEY_REUSED"
    assert (await confirm(inventory, second.sweep.id, "two")).confirmed_by == "op"


async def test_an_unknown_sweep_is_not_found(inventory: Inventory) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await confirm(inventory, "0192f0c1-1111-7222-8333-444455556666")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_only_an_operator_may_confirm(inventory: Inventory) -> None:
    halted = await lose(inventory)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.reading.ConfirmSweep(
            pb.ConfirmSweepRequest(id=halted.sweep.id), metadata=inventory.tenant("acme")
        )
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_sweeps_are_listed_newest_first_with_their_outcome(inventory: Inventory) -> None:
    halted = await lose(inventory)
    await inventory.begin("volume")
    answer = await inventory.reading.ListSweeps(
        pb.ListSweepsRequest(kind="droplet", page_size=2), metadata=inventory.operator
    )
    assert [sweep.outcome for sweep in answer.sweeps] == ["halted", "completed"]
    assert answer.sweeps[0] == halted.sweep
    rest = await inventory.reading.ListSweeps(
        pb.ListSweepsRequest(kind="droplet", page_size=2, page_token=answer.next_page_token),
        metadata=inventory.operator,
    )
    assert len(rest.sweeps) == 2
    assert rest.next_page_token == ""
    running = await inventory.reading.ListSweeps(
        pb.ListSweepsRequest(outcome="running"), metadata=inventory.operator
    )
    assert [sweep.kind for sweep in running.sweeps] == ["volume"]
