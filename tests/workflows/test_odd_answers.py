"""Unusual responses seen in real accounts affect only the objects in them."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from typing import Any

import pytest
from temporalio.client import Client

from services.common.settings import Service, Settings
from tests.providers.simulator import Simulator
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from tests.support.environment import environment_of
from tests.workflows.conftest import running_system, settings_of
from tests.workflows.system import System
from workflows.sync.starts import SYNCED_KINDS


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


async def test_transient_failures_are_retried_and_not_visible(system: System) -> None:
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


async def arcadia(system: System, *arguments: str) -> str:
    """What the command line prints."""
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.app", *arguments),
        env=environment_of(system.settings),
        stdout=PIPE,
    )
    printed, _ = await command.communicate()
    assert command.returncode == 0, printed
    return printed.decode()


def unreadable(system: System, kind: str) -> set[str]:
    """What the newest sweep of a kind could not read, in words."""
    return {
        reason
        for (reason,) in system.rows(
            "SELECT u.reason FROM cloud_sweep_unreadable AS u WHERE u.sweep_id ="
            " (SELECT id FROM cloud_sweeps WHERE kind = %s ORDER BY id DESC LIMIT 1)",
            kind,
        )
    }


def known_droplets(system: System) -> dict[str, tuple[Any, ...]]:
    """What a sweep may change of each droplet."""
    rows = system.rows(
        "SELECT provider_id, name, tags, attrs, stale_strike_count, deleted_at"
        " FROM cloud_resources WHERE kind = 'droplet'"
    )
    return {row[0]: row[1:] for row in rows}


async def test_an_unreadable_row_affects_only_itself_and_has_a_reason(system: System) -> None:
    await system.sync("droplet")
    before = known_droplets(system)
    ids = [str(droplet["id"]) for droplet in system.simulator.truth()]
    odd, lost, renamed = ids[:5], ids[5], ids[6]
    faults: list[dict[str, Any]] = [
        {"fault": "absent_field", "key": "networks.v4.0.ip_address"},
        {"fault": "odd_field", "key": "tags", "value": [{"name": "web"}]},
        {"fault": "odd_field", "key": "id", "value": float(odd[2])},
        {"fault": "odd_field", "key": "name", "value": "web\0"},
        {"fault": "odd_field", "key": "networks", "value": "none"},
    ]
    for identifier, fault in zip(odd, faults, strict=True):
        system.simulator.fault(path="/v2/droplets", row_id=identifier, **fault)
    system.simulator.delete(lost)
    system.simulator.change("droplet", renamed, name="renamed")

    outcomes = await system.sync("droplet")

    outcome = outcomes["droplet"]
    assert (outcome.outcome, outcome.pass_count, outcome.unreadable_count) == ("partial", 1, 5)
    assert (outcome.struck_count, outcome.updated_count) == (1, 1)
    assert "could not be read" in outcome.reason
    assert unreadable(system, "droplet") == {
        f"droplet {odd[0]}: networks.v4[0] has no ip_address",
        f"droplet {odd[1]}: tags has an unexpected value: a list with an object",
        f"droplet {odd[2]}: id is {float(odd[2])}, not a whole number",
        f"droplet {odd[3]}: name has a NUL character",
        f"droplet {odd[4]}: networks has an unexpected value: a text",
    }
    after = known_droplets(system)
    assert {identifier: after[identifier] for identifier in odd} == {
        identifier: before[identifier] for identifier in odd
    }
    assert after[renamed][0] == "renamed"


async def test_a_row_without_an_id_strikes_nothing(system: System) -> None:
    await system.sync("volume")
    gone = str(system.simulator.truth("volume")[0]["id"])
    system.simulator.delete(gone, kind="volume")
    system.simulator.fault("extra_row", path="/v2/volumes", row={"name": "nobody"})

    outcomes = await system.sync("volume")

    assert (outcomes["volume"].outcome, outcomes["volume"].struck_count) == ("partial", 0)
    assert unreadable(system, "volume") == {"a volume: it has no id"}


@pytest.mark.parametrize("status", [403, 422])
async def test_one_zone_that_is_refused_costs_its_records(system: System, status: int) -> None:
    await system.sync("domain")
    records = "SELECT provider_id, attrs, stale_strike_count FROM cloud_resources WHERE kind = %s"
    before = sorted(system.rows(records, "domain"), key=str)
    zone = str(system.simulator.truth("domain")[0]["name"])
    path = f"/v2/domains/{zone}/records"
    system.simulator.fault("status", path=path, status=status)

    outcomes = await system.sync("domain")

    assert (outcomes["domain"].outcome, outcomes["domain"].unreadable_count) == ("partial", 1)
    [reason] = unreadable(system, "domain")
    assert reason.startswith(f"domain {zone}: records: GET {path}: {status}")
    assert sorted(system.rows(records, "domain"), key=str) == before


@pytest.mark.parametrize("status", [403, 422])
async def test_one_project_that_is_refused_costs_its_members(system: System, status: int) -> None:
    refused = str(system.simulator.truth("project")[1]["id"])
    path = f"/v2/projects/{refused}/resources"
    system.simulator.fault("status", path=path, status=status)

    outcomes = await system.sync("project")

    members = outcomes["project members"]
    assert (members.outcome, members.unreadable_count) == ("partial", 1)
    [reason] = unreadable(system, "project")
    assert reason.startswith(f"project {refused}: its resources: GET {path}: {status}")
    assert reason == members.reason
    assert system.rows("SELECT outcome FROM cloud_sweeps ORDER BY id DESC LIMIT 1") == [
        ("partial",)
    ]


async def test_a_total_that_is_always_one_too_many_is_accepted_by_an_operator(
    system: System,
) -> None:
    system.simulator.fault("wrong_total", path="/v2/load_balancers")
    refused = (await system.sync("load_balancer"))["load_balancer"]
    assert refused.outcome == "incomplete"
    [(sweep_id,)] = system.rows(
        "SELECT id::text FROM cloud_sweeps WHERE kind = 'load_balancer' ORDER BY id DESC LIMIT 1"
    )

    listed = await arcadia(system, "sweeps", "list", "--kind", "load_balancer", "--count", "1")
    told = await arcadia(system, "sweeps", "accept-total", sweep_id)

    assert sweep_id in listed
    assert "load_balancer: the provider may report 1 more than it lists" in told
    outcomes = await system.sync("load_balancer")
    assert outcomes["load_balancer"].outcome == "completed"
    assert outcomes["load_balancer"].pass_count == 1


async def test_a_droplet_in_two_lists_is_accepted_by_an_operator(system: System) -> None:
    twice = system.simulator.truth()[9]
    system.simulator.fault("extra_row", path="/v2/droplets", pattern="type=gpus", row=twice)
    assert (await system.sync("droplet"))["droplet"].outcome == "incomplete"
    [(sweep_id,)] = system.rows(
        "SELECT id::text FROM cloud_sweeps WHERE kind = 'droplet' ORDER BY id DESC LIMIT 1"
    )

    await arcadia(system, "sweeps", "accept-total", sweep_id)

    assert (await system.sync("droplet"))["droplet"].outcome == "completed"


async def test_an_operator_reads_what_a_sweep_could_not(system: System) -> None:
    odd = str(system.simulator.truth("firewall")[0]["id"])
    system.simulator.fault(
        "odd_field",
        path="/v2/firewalls",
        row_id=odd,
        key="droplet_ids",
        value=[{"id": 1}, {"id": 2}],
    )
    await system.sync("firewall")
    [(sweep_id,)] = system.rows(
        "SELECT id::text FROM cloud_sweeps WHERE kind = 'firewall' ORDER BY id DESC LIMIT 1"
    )

    told = await arcadia(system, "sweeps", "unreadable", sweep_id)

    assert told.strip() == (
        f"firewall {odd}: droplet_ids has an unexpected value: a list with an object"
    )


async def test_a_suspect_that_cannot_be_read_by_its_id_is_not_gone(system: System) -> None:
    first, second = (str(row["id"]) for row in system.simulator.truth("firewall")[:2])
    for identifier in (first, second):
        system.simulator.fault(
            "hidden_row", path="/v2/firewalls", pattern="/firewalls[?]", row_id=identifier
        )
    system.simulator.fault("odd_field", path=f"/v2/firewalls/{first}", key="tags", value="x")
    system.simulator.fault("status", path=f"/v2/firewalls/{second}", status=422)

    outcomes = [(await system.sync("firewall"))["firewall"] for _ in range(3)]

    assert [outcome.struck_count for outcome in outcomes] == [2, 2, 2]
    assert (outcomes[2].outcome, outcomes[2].deleted_count) == ("partial", 0)
    assert outcomes[2].unreadable_count == 2
    assert {first, second} <= system.living("firewall")
