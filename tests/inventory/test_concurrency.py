"""Concurrent sweeps and batches in real transactions."""

import asyncio

from tests.inventory.account import Inventory, sighting

BATCHES = 8


async def test_batches_with_the_same_new_rows_discover_each_once(inventory: Inventory) -> None:
    rows = [sighting(str(number), tags=["tenant:acme"]) for number in range(200)]
    answers = await asyncio.gather(
        *(inventory.record(*(rows if turn % 2 else reversed(rows))) for turn in range(BATCHES))
    )
    assert sum(answer.discovered_count for answer in answers) == 200
    assert sum(answer.unchanged_count for answer in answers) == 200 * (BATCHES - 1)
    for provider_id in ("0", "77", "199"):
        assert await inventory.events(provider_id) == ["discovered"]


async def test_batches_with_the_same_change_update_each_row_once(inventory: Inventory) -> None:
    await inventory.record(*(sighting(str(number), status="active") for number in range(100)))
    changed = [sighting(str(number), status="off") for number in range(100)]
    answers = await asyncio.gather(
        *(
            inventory.record(*(changed if turn % 2 else reversed(changed)))
            for turn in range(BATCHES)
        )
    )
    assert sum(answer.updated_count for answer in answers) == 100
    assert await inventory.events("42") == ["discovered", "updated"]


async def test_whole_sweeps_in_parallel_do_no_harm(inventory: Inventory) -> None:
    kept = [sighting(str(number)) for number in range(50)]
    await inventory.sweep(*kept, sighting("lost"))
    # All begun before any ends: they look at the same moment, however fast each one is.
    begun = [await inventory.begin() for _ in range(BATCHES)]

    async def finish(sweep_id: str) -> str:
        await inventory.record(*kept, sweep_id=sweep_id)
        return (await inventory.complete(sweep_id, total=len(kept))).sweep.outcome

    assert set(await asyncio.gather(*map(finish, begun))) == {"completed"}
    assert (await inventory.one("lost")).stale_strike_count == 1
    assert (await inventory.one("7")).stale_strike_count == 0


async def test_two_closings_of_one_sweep_strike_once(inventory: Inventory) -> None:
    await inventory.sweep(sighting("lost"))
    sweep_id = await inventory.begin()
    closed = await asyncio.gather(*(inventory.complete(sweep_id, total=0) for _ in range(4)))
    assert len({answer.sweep.SerializeToString() for answer in closed}) == 1
    assert (await inventory.one("lost")).stale_strike_count == 1


async def test_two_openings_under_one_key_are_one_sweep(inventory: Inventory) -> None:
    assert len(set(await asyncio.gather(*(inventory.begin(key="k") for _ in range(6))))) == 1


async def test_sweeps_of_different_kinds_run_side_by_side(inventory: Inventory) -> None:
    rows = [sighting(str(number)) for number in range(50)]
    swept = await asyncio.gather(
        *(inventory.sweep(*rows, kind=kind) for kind in ("droplet", "volume", "domain"))
    )
    assert [one.sweep.discovered_count for one in swept] == [50, 50, 50]
