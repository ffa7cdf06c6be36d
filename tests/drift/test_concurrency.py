"""Concurrent sweeps, decisions and sightings in real transactions."""

import asyncio

import grpc

from tests.drift.account import Account
from tests.inventory.account import sighting

SWEEPS = 8
DROPLETS = 100


async def specified(account: Account) -> None:
    await account.inventory.record(*(sighting(str(number)) for number in range(DROPLETS)))
    resources = await account.inventory.listed()
    await account.desire_all(
        {one.id: {"size": "s-2vcpu-2gb", "name": "other"} for one in resources.values()}
    )


async def test_concurrent_sweeps_open_each_drift_once(account: Account) -> None:
    await specified(account)
    answers = await asyncio.gather(*(account.sweep(page_size=30) for _ in range(SWEEPS)))
    assert sum(answer.opened_count for answer in answers) == 2 * DROPLETS
    assert account.rows(
        "SELECT count(*), count(DISTINCT (resource_id, field)) FROM cloud_drift"
        " WHERE status = 'open'"
    ) == [(2 * DROPLETS, 2 * DROPLETS)]
    assert account.rows(
        "SELECT count(*) FROM cloud_resource_events WHERE type = 'drift_detected'"
    ) == [(2 * DROPLETS,)]


async def test_concurrent_sweeps_close_each_drift_once(account: Account) -> None:
    await specified(account)
    await account.sweep()
    rows = (sighting(str(number), size="s-2vcpu-2gb", name="other") for number in range(DROPLETS))
    await account.inventory.record(*rows)
    answers = await asyncio.gather(*(account.sweep() for _ in range(SWEEPS)))
    assert sum(answer.stale_count for answer in answers) == 2 * DROPLETS
    assert account.rows(
        "SELECT count(*) FROM cloud_resource_events WHERE type = 'drift_resolved'"
    ) == [(2 * DROPLETS,)]


async def test_of_concurrent_accepts_one_wins_and_sweeps_do_not_bring_it_back(
    account: Account,
) -> None:
    await account.shows("1")
    await account.desire("1", {"size": "s-2vcpu-2gb"})
    await account.sweep()
    drift_id = (await account.open())["size"].id
    answers = await asyncio.gather(
        *(account.accept(drift_id) for _ in range(4)),
        *(account.sweep() for _ in range(4)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert [one.code() for one in refused] == [grpc.StatusCode.FAILED_PRECONDITION] * 3
    assert [one.status for one in await account.listed(status="any")] == ["accepted"]
    assert account.rows("SELECT spec_version FROM cloud_provisioned") == [(2,)]


async def test_sweeps_run_beside_sightings(account: Account) -> None:
    await specified(account)
    changed = [sighting(str(number), status="off") for number in range(DROPLETS)]
    await asyncio.gather(
        *(account.sweep() for _ in range(4)),
        *(account.inventory.record(*changed) for _ in range(4)),
    )
    assert len(await account.listed()) == 2 * DROPLETS
