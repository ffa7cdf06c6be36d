"""Syncs claim their kinds, all or none; a claim ends with its run, or when released."""

from collections.abc import Sequence

import grpc
import pytest
from arcadia.inventory.v1 import sync_service_pb2 as pb

from tests.inventory.account import Inventory, sighting, violated_field


async def asked(
    inventory: Inventory,
    run: str,
    *kinds: str,
    ended: Sequence[str] = (),
    keys: Sequence[str] = (),
) -> pb.ClaimKindsResponse:
    request = pb.ClaimKindsRequest(
        provider="digitalocean",
        kinds=kinds,
        workflow_id=f"sync/{run}",
        run_id=run,
        ended_run_ids=ended,
        sweep_keys=keys,
    )
    return await inventory.sync.ClaimKinds(request, metadata=inventory.worker)


async def claim(
    inventory: Inventory, run: str, *kinds: str, ended: Sequence[str] = ()
) -> list[tuple[str, str]]:
    answer = await asked(inventory, run, *kinds, ended=ended)
    return [(one.kind, one.run_id) for one in answer.standing]


async def close(
    inventory: Inventory, sweep_id: str, *, total: int, gives_back: bool = True
) -> pb.CompleteSweepResponse:
    request = pb.CompleteSweepRequest(
        sweep_id=sweep_id, reported_total=total, gives_claim_back=gives_back
    )
    return await inventory.sync.CompleteSweep(request, metadata=inventory.worker)


async def test_kinds_are_claimed_all_or_none_until_their_run_ended(inventory: Inventory) -> None:
    assert await claim(inventory, "a", "droplet", "volume") == []
    assert await claim(inventory, "a", "droplet", "volume") == []
    assert await claim(inventory, "b", "volume", "vpc") == [("volume", "a")]
    assert await claim(inventory, "c", "vpc") == []
    assert await claim(inventory, "b", "volume", "vpc", ended=("a",)) == [("vpc", "c")]
    assert await claim(inventory, "b", "volume", "vpc", ended=("a", "c")) == []
    assert await claim(inventory, "a", "droplet", "volume") == [("volume", "b")]


async def test_sweeps_begin_with_the_claim_and_are_those_of_their_keys(
    inventory: Inventory,
) -> None:
    begun = await asked(inventory, "a", "droplet", "vpc", keys=("a/droplet", "a/vpc"))
    again = await asked(inventory, "a", "droplet", "vpc", keys=("a/droplet", "a/vpc"))

    assert list(begun.sweep_ids) == list(again.sweep_ids)
    assert begun.sweep_ids[0] == await inventory.begin("droplet", "a/droplet")
    assert begun.sweep_ids[1] == await inventory.begin("vpc", "a/vpc")


async def test_no_sweep_begins_where_a_kind_is_anothers(inventory: Inventory) -> None:
    await claim(inventory, "a", "vpc")

    refused = await asked(inventory, "b", "droplet", "vpc", keys=("b/droplet", "b/vpc"))

    assert [one.kind for one in refused.standing] == ["vpc"]
    assert list(refused.sweep_ids) == []
    # A key names a sweep for good: were there one, it could not be of another kind.
    await inventory.begin("volume", "b/droplet")


@pytest.mark.parametrize("keys", [("one",), ("one", "one"), ("one", "")])
async def test_keys_that_do_not_fit_the_kinds_are_refused_and_nothing_is_claimed(
    inventory: Inventory, keys: tuple[str, ...]
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await asked(inventory, "a", "droplet", "vpc", keys=keys)

    assert violated_field(refused.value) == "sweep_keys"
    assert await claim(inventory, "b", "droplet", "vpc") == []


async def test_a_kind_that_was_read_to_its_end_is_given_back(inventory: Inventory) -> None:
    begun = await asked(inventory, "a", "droplet", "vpc", keys=("a/droplet", "a/vpc"))

    await close(inventory, begun.sweep_ids[0], total=0)

    assert await claim(inventory, "b", "droplet") == []
    assert await claim(inventory, "b", "droplet", "vpc") == [("vpc", "a")]


async def test_a_claim_that_is_not_released_stays(inventory: Inventory) -> None:
    begun = await asked(inventory, "a", "droplet", keys=("a/droplet",))

    await close(inventory, begun.sweep_ids[0], total=0, gives_back=False)

    assert await claim(inventory, "b", "droplet") == [("droplet", "a")]


async def test_a_kind_that_its_run_reads_again_is_not_given_back(inventory: Inventory) -> None:
    begun = await asked(inventory, "a", "droplet", keys=("a/droplet",))

    closed = await close(inventory, begun.sweep_ids[0], total=7)

    assert closed.sweep.outcome == "incomplete"
    assert await claim(inventory, "b", "droplet") == [("droplet", "a")]


async def test_a_kind_of_which_rows_are_still_read_by_their_ids_is_not_given_back(
    inventory: Inventory,
) -> None:
    await inventory.sweep(sighting("1"), scopes=())
    for _ in range(2):
        await inventory.sweep(scopes=())
    begun = await asked(inventory, "a", "droplet", keys=("a/droplet",))

    closed = await close(inventory, begun.sweep_ids[0], total=0)

    assert closed.suspect_count == 1
    assert await claim(inventory, "b", "droplet") == [("droplet", "a")]


async def test_a_late_response_does_not_release_another_runs_claim(inventory: Inventory) -> None:
    begun = await asked(inventory, "a", "droplet", keys=("a/droplet",))
    assert await claim(inventory, "b", "droplet", ended=("a",)) == []

    await close(inventory, begun.sweep_ids[0], total=0)

    assert await claim(inventory, "c", "droplet") == [("droplet", "b")]
