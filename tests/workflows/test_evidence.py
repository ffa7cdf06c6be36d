"""The provider's known faults, for each type of kind: without evidence there are no strikes.

Volumes are listed in pages, databases without any, images among others, and the records of domains
per zone.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from temporalio.client import Client

from services.common.settings import Service, Settings
from tests.providers.simulator import Simulator
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from tests.workflows.conftest import running_system, settings_of
from tests.workflows.system import System

VOLUMES = 400
"""On top of the account's own: three pages."""

KINDS = (
    "volume", "database", "image", "domain", "load_balancer", "firewall", "reserved_ip",
    "kubernetes_cluster",
)  # fmt: skip  # a table


@pytest.fixture(scope="module")
async def known(
    engine_room: EngineRoom,
    postgres: PostgresServer,
    sync_temporal: str,
    sync_simulator: Simulator,
    sync_client: Client,
) -> AsyncIterator[System]:
    """A system that knows the account; nothing is struck yet."""
    sync_simulator.behave()
    sync_simulator.reset()
    sync_simulator.clone("volume", VOLUMES)
    database = postgres.create(Service.INVENTORY)
    settings = Settings(
        inventory_database_url=postgres.url(database, Service.INVENTORY),
        database_admin_url=postgres.admin_url,
        **settings_of(sync_temporal, sync_simulator),
    )
    async with running_system(engine_room, sync_simulator, sync_client, settings) as system:
        system.start_worker()
        outcomes = await system.sync(*KINDS)
        assert {outcome.outcome for outcome in outcomes.values()} == {"completed"}, outcomes
        yield system
    postgres.drop(database)


def state_of(system: System, kind: str) -> list[tuple[Any, ...]]:
    """All that a trap must leave as it is."""
    return system.rows(
        "SELECT provider_id, name, tags, attrs, stale_strike_count, deleted_at "
        "FROM cloud_resources WHERE kind = %s ORDER BY provider_id",
        kind,
    )


@pytest.fixture
async def system(known: System) -> AsyncIterator[System]:
    """The same, behaving; whatever a test made it do is over after it."""
    known.simulator.behave()
    yield known
    known.simulator.behave()


@pytest.mark.parametrize(
    ("kind", "path"),
    [("volume", "/v2/volumes"), ("database", "/v2/databases"), ("image", "/v2/images")],
)
@pytest.mark.parametrize(
    "trap",
    [
        {"fault": "status", "status": 401},
        {"fault": "status", "status": 403},
        {"fault": "missing_key"},
    ],
    ids=["401", "403", "missing key"],
)
async def test_a_refusal_or_a_missing_key_in_mid_sweep_strikes_nothing(
    system: System, kind: str, path: str, trap: dict[str, Any]
) -> None:
    before = state_of(system, kind)
    in_the_middle = 1 if kind == "volume" else 0
    system.simulator.fault(path=path, skip=in_the_middle, **trap)

    outcomes = await system.sync(kind)

    # Denied from the first page on, it is a scope that the token lost.
    lost = trap.get("status") == 403 and not in_the_middle
    assert outcomes[kind].outcome == ("frozen" if lost else "failed")
    assert outcomes[kind].struck_count == 0
    assert f"last read completely {outcomes[kind].last_complete_at}" in outcomes[kind].in_words()
    assert outcomes[kind].last_complete_at
    assert state_of(system, kind) == before


async def test_a_token_that_is_refused_in_mid_sweep_fails_the_kind_and_not_one_zone(
    system: System,
) -> None:
    before = state_of(system, "domain")
    system.simulator.fault("status", path="/v2/domains/", status=401, skip=1)

    outcomes = await system.sync("domain")

    assert outcomes["domain"].outcome == "failed"
    assert state_of(system, "domain") == before


@pytest.mark.parametrize(
    "trap", [{"fault": "status", "status": 403}, {"fault": "missing_key"}], ids=["403", "no key"]
)
async def test_a_zone_that_is_refused_keeps_its_records_and_so_do_the_others(
    system: System, trap: dict[str, Any]
) -> None:
    before = state_of(system, "domain")
    system.simulator.fault(path="/v2/domains/", skip=1, **trap)

    outcomes = await system.sync("domain")

    assert (outcomes["domain"].outcome, outcomes["domain"].struck_count) == ("partial", 0)
    assert state_of(system, "domain") == before


@pytest.mark.parametrize(("kind", "path"), [("volume", "/v2/volumes"), ("image", "/v2/images")])
async def test_a_shrinking_total_strikes_nothing(system: System, kind: str, path: str) -> None:
    before = state_of(system, kind)
    system.simulator.fault("shrinking_total", path=path)

    outcomes = await system.sync(kind)

    assert not outcomes[kind].succeeded
    assert outcomes[kind].pass_count == 3
    assert state_of(system, kind) == before


async def test_a_link_that_leads_back_strikes_nothing(system: System) -> None:
    before = state_of(system, "volume")
    system.simulator.fault("cycling_next", path="/v2/volumes")

    outcomes = await system.sync("volume")

    assert "PagingLoop" in outcomes["volume"].reason
    assert state_of(system, "volume") == before


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("volume", "tag:read"),
        ("volume", "droplet:read"),
        ("database", "database:view_credentials"),
        ("load_balancer", "vpc:read"),
        ("firewall", "tag:read"),
        ("reserved_ip", "droplet:read"),
        ("kubernetes_cluster", "vpc:read"),
        ("kubernetes_cluster", "tag:read"),
    ],
)
async def test_a_narrower_token_gives_no_strikes_and_keeps_known_values(
    system: System, kind: str, scope: str
) -> None:
    before = state_of(system, kind)
    token = system.settings.do_api_token.get_secret_value()
    system.simulator.narrow(token, scope)

    outcomes = await system.sync(kind)

    assert outcomes[kind].outcome == "frozen"
    assert outcomes[kind].updated_count == 0
    assert state_of(system, kind) == before


async def test_a_page_that_shifts_strikes_what_is_gone_and_nothing_else(system: System) -> None:
    system.simulator.fault("shift", path="/v2/volumes", page=1, times=1)

    outcomes = await system.sync("volume")

    assert outcomes["volume"].outcome == "completed"
    assert outcomes["volume"].pass_count == 2
    assert outcomes["volume"].struck_count == 1
    living = {volume["id"] for volume in system.simulator.truth("volume")}
    struck = {row[0] for row in state_of(system, "volume") if row[4] > 0}
    assert not struck & living


async def test_three_complete_sweeps_and_a_404_of_its_id_end_a_resource(system: System) -> None:
    gone = str(system.simulator.truth("load_balancer")[0]["id"])
    system.simulator.delete(gone, kind="load_balancer")

    outcomes = [(await system.sync("load_balancer"))["load_balancer"] for _ in range(3)]

    assert [outcome.struck_count for outcome in outcomes] == [1, 1, 1]
    assert [outcome.deleted_count for outcome in outcomes] == [0, 0, 1]
    asked = system.simulator.requests(path=f"/v2/load_balancers/{gone}")
    assert asked == [f"/v2/load_balancers/{gone}"]
    assert gone not in system.living("load_balancer")
