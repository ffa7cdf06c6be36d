"""One full sync with faults: every kind is in the inventory, and no secret is anywhere."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from temporalio.client import Client

from kinds import RESOURCE_KINDS
from services.common.settings import Service, Settings
from tests.providers.simulator import Simulator
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from tests.workflows.conftest import running_system, settings_of
from tests.workflows.system import System
from workflows.sync.payloads import KindOutcome

SECRET = re.compile(r"AVNS_|hunter2")
"""How every secret begins that the account has, and that was planted on top."""

PASSING = ("server_error", "gateway_timeout", "drop", "truncate", "too_many_requests")


@dataclass(frozen=True)
class Synced:
    """A system after a full sync, and what it said."""

    system: System
    outcomes: dict[str, KindOutcome]


@pytest.fixture(scope="module")
async def synced(
    engine_room: EngineRoom,
    postgres: PostgresServer,
    sync_temporal: str,
    sync_simulator: Simulator,
    sync_client: Client,
) -> AsyncIterator[Synced]:
    """A full sync of an account with planted secrets, from a provider that misbehaves."""
    sync_simulator.behave()
    sync_simulator.reset()
    plant_secrets(sync_simulator)
    database = postgres.create(Service.INVENTORY)
    settings = Settings(
        inventory_database_url=postgres.url(database, Service.INVENTORY),
        database_admin_url=postgres.admin_url,
        **settings_of(sync_temporal, sync_simulator, log_level="debug"),
    )
    async with running_system(
        engine_room, sync_simulator, sync_client, settings, apart=True
    ) as system:
        system.start_worker_process()
        for number, fault in enumerate(PASSING):
            sync_simulator.fault(fault, skip=3 * number + 1, times=1)
        sync_simulator.fault("truncate", path="/v2/databases", times=1)
        sync_simulator.fault("gateway_timeout", path="/v2/apps", times=1)
        outcomes = await system.sync()
        # A kind that fails for good tells its failure to Temporal and to the log.
        sync_simulator.fault("status", path="/v2/databases", status=422)
        await system.sync("database")
        sync_simulator.behave()
        yield Synced(system, outcomes)
    postgres.drop(database)


def plant_secrets(simulator: Simulator) -> None:
    """Beside those that the account has."""
    app = simulator.truth("app")[0]["id"]
    simulator.change("app", app, spec__services__0__envs=[
        {"key": "SMTP_PASSWORD", "value": "hunter2", "scope": "RUN_TIME"},
        {"key": "DATABASE_URL", "value": "postgres://app:hunter2@db/app"},
    ])  # fmt: skip  # a table
    simulator.change(
        "app", app, spec__services__0__git={"repo_clone_url": "https://bot:hunter2@git.example/x"}
    )
    database = simulator.truth("database")[0]["id"]
    simulator.change("database", database, users=[
        {"name": "kafka", "role": "normal", "access_key": "hunter2", "access_cert": "hunter2"},
    ])  # fmt: skip  # a table


@pytest.mark.parametrize("kind", RESOURCE_KINDS)
def test_a_kind_is_in_the_inventory_as_it_is_at_the_provider(synced: Synced, kind: str) -> None:
    truth = synced.system.simulator.truth(kind)
    if kind == "image":
        truth = [image for image in truth if image["type"] in {"custom", "backup"}]
    column = RESOURCE_KINDS[kind].columns.provider_id

    assert synced.outcomes[kind].outcome == "completed", synced.outcomes[kind]
    assert synced.system.living(kind) == {str(row[column]) for row in truth}


def test_resources_of_a_project_are_recorded_with_their_project(synced: Synced) -> None:
    rows = synced.system.rows(
        "SELECT DISTINCT kind FROM cloud_resources WHERE project_id IS NOT NULL"
    )

    assert {kind for (kind,) in rows} == {
        "database", "domain", "droplet", "kubernetes_cluster", "load_balancer", "reserved_ip",
        "spaces_bucket", "volume",
    }  # fmt: skip  # a table


def test_a_bucket_known_only_from_a_project_has_no_region(
    synced: Synced,
) -> None:
    query = "SELECT DISTINCT region FROM cloud_resources WHERE kind = 'spaces_bucket'"

    assert synced.system.rows(query) == [("",)]


def test_the_account_holds_secrets_so_that_this_file_tests_something(synced: Synced) -> None:
    held = repr([synced.system.simulator.truth(kind) for kind in ("app", "database")])

    assert len(SECRET.findall(held)) > 10


def test_no_secret_is_in_any_column_of_any_table(synced: Synced) -> None:
    for table, text in everything_in(synced.system.admin_url):
        assert not SECRET.search(text), table


def test_no_secret_is_in_a_log(synced: Synced) -> None:
    for log in (synced.system.worker_log(), synced.system.inventory_log()):
        text = log.read_text()
        assert text
        assert not SECRET.search(text), log.name


async def test_no_secret_is_in_temporals_histories(synced: Synced) -> None:
    client = synced.system.client
    checked = 0
    async for found in client.list_workflows('TaskQueue STARTS_WITH "cloud-sync"'):
        history = await client.get_workflow_handle(found.id, run_id=found.run_id).fetch_history()
        for event in history.events:
            assert not SECRET.search(event.SerializeToString().decode("latin-1")), found.id
        checked += 1
    assert checked


async def test_one_resource_is_read_right_after_an_action(synced: Synced) -> None:
    system = synced.system
    volume = system.simulator.truth("volume")[0]["id"]
    system.simulator.change("volume", volume, size_gigabytes=999)

    found = await system.read("volume", volume)

    assert found
    query = "SELECT attrs->'size_gigabytes' FROM cloud_resources WHERE provider_id = %s"
    assert system.rows(query, volume) == [(999,)]
    others = [path for path in system.simulator.requests() if "/v2/volumes/" not in path]
    assert others == []


async def test_one_resource_that_is_not_there_is_no_reason_to_strike(synced: Synced) -> None:
    volume = synced.system.simulator.truth("volume")[1]["id"]
    synced.system.simulator.delete(volume, kind="volume")

    assert not await synced.system.read("volume", volume, expected=False)
    query = "SELECT stale_strike_count, deleted_at FROM cloud_resources WHERE provider_id = %s"
    assert synced.system.rows(query, volume) == [(0, None)]


def everything_in(admin_url: str) -> list[tuple[str, str]]:
    """Each row of each table of a database, as text."""
    with psycopg.connect(admin_url) as connection:
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_type = 'BASE TABLE' AND table_schema NOT IN "
            "('pg_catalog', 'information_schema')"
        ).fetchall()
        found: list[tuple[str, Any]] = []
        for schema, table in tables:
            rows = connection.execute(f'SELECT t::text FROM "{schema}"."{table}" t').fetchall()
            found += [(table, text) for (text,) in rows]
    assert {"cloud_resources", "cloud_resource_events"} <= {table for table, _ in found}
    return found
