"""What real accounts were seen to answer: it costs no more than what it is about."""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from services.common.settings import Service, Settings
from tests.providers.simulator import Simulator
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from tests.workflows.conftest import running_system, settings_of
from tests.workflows.system import System
from workflows.starts import SYNCED_KINDS


@pytest.fixture(scope="module")
async def account(
    engine_room: EngineRoom,
    postgres: PostgresServer,
    sync_temporal: str,
    sync_simulator: Simulator,
    sync_client: Client,
) -> AsyncIterator[System]:
    """A system with a worker that knows the whole account of the first day."""
    sync_simulator.behave()
    sync_simulator.reset()
    database = postgres.create(Service.INVENTORY)
    settings = Settings(
        inventory_database_url=postgres.url(database, Service.INVENTORY),
        database_admin_url=postgres.admin_url,
        **settings_of(sync_temporal, sync_simulator),
    )
    async with running_system(engine_room, sync_simulator, sync_client, settings) as system:
        system.start_worker()
        outcomes = await system.sync()
        assert {outcome.outcome for outcome in outcomes.values()} == {"completed"}, outcomes
        yield system
    postgres.drop(database)


@pytest.fixture
async def system(account: System) -> AsyncIterator[System]:
    """The same, behaving; whatever a test made it do is over after it."""
    account.simulator.behave()
    yield account
    account.simulator.behave()


@pytest.mark.parametrize("fault", ["empty_absent", "empty_null"])
async def test_a_list_without_rows_is_empty_in_every_form(system: System, fault: str) -> None:
    for kind in ("app", "vpc", "snapshot", "database"):
        identifiers = [str(row["id"]) for row in system.simulator.truth(kind)]
        system.simulator.delete(*identifiers, kind=kind)
    # Where no total is told, an absent key says nothing.
    system.simulator.fault(fault, path="/v2/", pattern="" if fault == "empty_null" else "/v2/[^d]")

    outcomes = await system.sync()

    assert {kind: outcome.outcome for kind, outcome in outcomes.items()} == dict.fromkeys(
        (*SYNCED_KINDS, "project members"), "completed"
    )


async def test_the_limit_of_one_path_holds_up_no_other_kind(system: System) -> None:
    system.simulator.set(rate_limit_per_minute=250, rate_limit_per_hour=5000, forget_requests=True)
    await system.sync("cdn_endpoint")

    outcomes = await system.sync("droplet", "volume", "firewall", "domain")

    assert {outcome.outcome for outcome in outcomes.values()} == {"completed"}


async def test_what_passes_is_asked_for_again_and_does_not_show(system: System) -> None:
    for fault in ("error_body", "not_found_page"):
        system.simulator.fault(fault, path="/v2/droplets", times=1)
    system.simulator.fault("status", path="/v2/projects", status=404, times=1)

    outcomes = await system.sync("project", "droplet")

    assert {outcome.outcome for outcome in outcomes.values()} == {"completed"}
    assert outcomes["droplet"].pass_count == 1


async def test_only_the_providers_own_404_ends_a_resource(system: System) -> None:
    lost = str(system.simulator.truth("volume")[0]["id"])
    system.simulator.delete(lost, kind="volume")
    for _ in range(2):
        await system.sync("volume")
    system.simulator.fault("not_found_page", path=f"/v2/volumes/{lost}", times=2)

    outcomes = await system.sync("volume")

    # Only the third answer is the provider's own.
    assert len(system.simulator.requests(path=f"/v2/volumes/{lost}")) == 3
    assert outcomes["volume"].deleted_count == 1
    assert lost not in system.living("volume")
