"""Unchanged rows are recorded by digest, with the same effect as a full sighting."""

from collections.abc import Sequence

import grpc
import pytest
from arcadia.inventory.v1 import sync_service_pb2 as pb

from tests.inventory.account import Inventory, reason_of, sighting, violated_field

ONE, TWO = sighting("1"), sighting("2")


async def unchanged(
    inventory: Inventory, sweep_id: str, ids: Sequence[str], digests: Sequence[int]
) -> list[int]:
    request = pb.RecordUnchangedRequest(
        provider="digitalocean",
        kind="droplet",
        sweep_id=sweep_id,
        provider_ids=ids,
        digests=digests,
    )
    answer = await inventory.sync.RecordUnchanged(request, metadata=inventory.worker)
    return list(answer.changed_positions)


async def test_the_same_sighting_has_the_same_digest_and_another_one_another(
    inventory: Inventory,
) -> None:
    renamed = sighting("1", name="renamed")

    first = await inventory.record(ONE, TWO, ONE)
    second = await inventory.record(renamed)
    third = await inventory.record(TWO, ONE)

    assert len(set(first.digests)) == 2
    assert first.digests[0] == first.digests[2]
    assert [first.digests[1], first.digests[0]] == list(third.digests)
    assert second.digests[0] not in first.digests


async def test_each_sighting_of_an_id_twice_is_answered_with_the_digest_of_the_last(
    inventory: Inventory,
) -> None:
    answer = await inventory.record(ONE, TWO, sighting("1", name="renamed"))
    last = await inventory.record(sighting("1", name="renamed"))

    assert answer.digests[0] == answer.digests[2] == last.digests[0]


async def test_an_unchanged_resource_is_seen_and_counts_as_evidence(inventory: Inventory) -> None:
    digests = (await inventory.record(ONE, TWO)).digests
    await inventory.sweep(ONE)
    struck = (await inventory.listed())["2"]
    sweep_id = await inventory.begin()

    assert await unchanged(inventory, sweep_id, ["1", "2"], digests) == []

    closed = await inventory.complete(sweep_id, total=2)
    assert (closed.sweep.outcome, closed.sweep.seen_count) == ("completed", 2)
    assert closed.sweep.struck_count == closed.sweep.updated_count == 0
    listed = await inventory.listed()
    assert (struck.stale_strike_count, listed["2"].stale_strike_count) == (1, 0)
    assert listed["2"].last_seen_at.ToNanoseconds() > struck.last_seen_at.ToNanoseconds()


async def test_a_resource_whose_digest_differs_is_named_and_neither_seen_nor_evidence(
    inventory: Inventory,
) -> None:
    digests = (await inventory.record(ONE, TWO)).digests
    await inventory.record(sighting("2", name="renamed"))
    before = (await inventory.listed())["2"]
    sweep_id = await inventory.begin()

    positions = await unchanged(
        inventory, sweep_id, ["2", "1", "never-seen"], [digests[1], digests[0], 7]
    )

    assert positions == [0, 2]
    assert (await inventory.listed())["2"] == before
    assert "never-seen" not in await inventory.listed()
    closed = await inventory.complete(sweep_id, total=3)
    assert (closed.sweep.outcome, closed.sweep.seen_count) == ("incomplete", 1)


async def test_a_tombstoned_resource_is_not_unchanged(inventory: Inventory) -> None:
    digests = (await inventory.record(ONE, TWO)).digests
    await inventory.lose("2", kept=[ONE])
    sweep_id = await inventory.begin()

    assert await unchanged(inventory, sweep_id, ["1", "2"], digests) == [1]
    restored = await inventory.record(TWO, sweep_id=sweep_id)
    assert restored.restored_count == 1


async def test_nothing_is_recorded_for_a_sweep_that_is_closed(inventory: Inventory) -> None:
    digests = (await inventory.record(ONE)).digests
    sweep_id = await inventory.begin()
    await inventory.complete(sweep_id, total=0)
    before = await inventory.listed()

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await unchanged(inventory, sweep_id, ["1"], digests)

    assert reason_of(refused.value) == "SWEEP_CLOSED"
    assert await inventory.listed() == before


@pytest.mark.parametrize(
    ("ids", "digests", "field"),
    [
        (["1"], [], "digests"),
        (["1", ""], [1, 2], "provider_ids"),
        (["1\0"], [1], "provider_ids"),
        (["1"] * 5_001, [1] * 5_001, "provider_ids"),
    ],
)
async def test_inconsistent_requests_are_refused(
    inventory: Inventory, ids: list[str], digests: list[int], field: str
) -> None:
    sweep_id = await inventory.begin()

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await unchanged(inventory, sweep_id, ids, digests)

    assert violated_field(refused.value) == field
