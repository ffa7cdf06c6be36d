"""Fixtures of the workflows' tests."""

import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from contracts.flows import register_search_attributes
from services.common.durable import connect
from services.common.settings import Service, Settings
from stack.engines.temporal import Temporal
from stack.processes.probes import TEMPORAL_FRONTEND, grpc_serving
from tests.analytics.peers import FakePeers, serve_peers
from tests.providers.simulator import Simulator, start_simulator
from tests.support.engine_room import EngineRoom
from tests.support.environment import environment_of
from tests.support.ports import free_port
from tests.support.schedules import hold_schedules
from tests.support.serving import served
from tests.workflows.billing_system import Bills
from tests.workflows.system import System
from tests.workflows.usage_system import Usage

DROPLETS = 900
"""Five pages, the last one half full."""


@pytest.fixture(scope="session")
def sync_temporal(engine_room: EngineRoom) -> str:
    """The address of a Temporal server on which nobody else's schedules run."""
    engine = Temporal(engine_room.folder / "sync-temporal", free_port(), free_port(), durable=False)
    engine.prepare()
    address = f"127.0.0.1:{engine.port}"
    engine_room.start(
        "sync-temporal", engine.command(), lambda _: grpc_serving(address, TEMPORAL_FRONTEND)
    )
    return address


@pytest.fixture(scope="session")
def sync_simulator(engine_room: EngineRoom) -> Simulator:
    """A simulator of the workflows' own."""
    return start_simulator(engine_room, "sync-simulator")


@pytest.fixture(scope="session")
async def sync_client(sync_temporal: str) -> Client:
    """A client of the server, which knows our search attributes and holds its schedules."""
    client = await connect(Settings(TEMPORAL_ADDRESS=sync_temporal))
    await register_search_attributes(client)
    await hold_schedules(client)
    return client


@pytest.fixture
def temporal(sync_client: Client) -> Client:
    """The same."""
    return sync_client


@asynccontextmanager
async def running_system(
    engine_room: EngineRoom,
    simulator: Simulator,
    temporal: Client,
    settings: Settings,
    *,
    apart: bool = False,
) -> AsyncIterator[System]:
    """An inventory on the settings' database; no worker yet. Ends what was started.

    `apart`: the inventory is a process of its own, with a log of its own.
    """
    serving = process_of(engine_room, settings) if apart else served(Service.INVENTORY, settings)
    async with serving:
        made = system_of(engine_room, simulator, temporal, settings, Service.INVENTORY)
        try:
            yield made
        finally:
            # A worker that is left after a failed set-up keeps the session from ending.
            await ended(made)


@asynccontextmanager
async def process_of(engine_room: EngineRoom, settings: Settings) -> AsyncIterator[None]:
    """The inventory as a process of its own."""
    inventory = engine_room.start_program(
        f"inventory-{settings.inventory_address.rpartition(':')[2]}",
        [sys.executable, "-m", "services.inventory"],
        environment_of(settings),
        lambda _: grpc_serving(settings.inventory_address),
    )
    try:
        yield
    finally:
        inventory.popen.kill()
        engine_room.stop(inventory)


def system_of(
    engine_room: EngineRoom,
    simulator: Simulator,
    temporal: Client,
    settings: Settings,
    service: Service,
) -> System:
    """The parts of a system whose rows are those of a service's database."""
    database = settings.database_url(service).rpartition("/")[2]
    admin_url = settings.admin_url().rpartition("/")[0] + f"/{database}"
    return System(engine_room, settings, simulator, temporal, admin_url)


async def ended(system: System) -> None:
    """Ends the workers, and then all runs: none is met by another test."""
    await system.stop_workers()
    await end_runs(system.client)


async def end_runs(client: Client) -> None:
    """Ends what still runs, or waits for a worker."""
    async for workflow in client.list_workflows('ExecutionStatus = "Running"'):
        with suppress(RPCError):
            await client.get_workflow_handle(workflow.id).terminate("the test is over")


def settings_of(sync_temporal: str, simulator: Simulator, **overrides: Any) -> dict[str, Any]:
    """What an inventory and a worker of their own are told, beside the database."""
    return {
        "inventory_address": f"127.0.0.1:{free_port()}",
        "TEMPORAL_ADDRESS": sync_temporal,
        "DO_API_URL": simulator.url,
        "DO_API_TOKEN": uuid.uuid4().hex,
        **overrides,
    }


@pytest.fixture
async def system(
    engine_room: EngineRoom,
    fresh_settings: Callable[..., Settings],
    sync_temporal: str,
    sync_simulator: Simulator,
    temporal: Client,
) -> AsyncIterator[System]:
    """A new account, an empty inventory, and no worker yet."""
    sync_simulator.behave()
    sync_simulator.reset(scale=DROPLETS)
    settings = fresh_settings(Service.INVENTORY, **settings_of(sync_temporal, sync_simulator))
    async with running_system(engine_room, sync_simulator, temporal, settings) as made:
        yield made


@pytest.fixture
async def bills(
    engine_room: EngineRoom,
    fresh_settings: Callable[..., Settings],
    sync_temporal: str,
    sync_simulator: Simulator,
    temporal: Client,
) -> AsyncIterator[Bills]:
    """A new account with years of bills, an empty billing service, and no worker yet."""
    sync_simulator.behave()
    sync_simulator.reset(now="2026-05-20T10:00:00Z")
    settings = fresh_settings(
        Service.INVENTORY,
        Service.BILLING,
        **settings_of(sync_temporal, sync_simulator),
        billing_address=f"127.0.0.1:{free_port()}",
    )
    async with (
        served(Service.BILLING, settings),
        running_system(engine_room, sync_simulator, temporal, settings) as system,
    ):
        rows = system_of(engine_room, sync_simulator, temporal, settings, Service.BILLING)
        system.admin_url = rows.admin_url
        yield Bills(system)


@pytest.fixture
async def usage(
    engine_room: EngineRoom,
    fresh_settings: Callable[..., Settings],
    sync_temporal: str,
    sync_simulator: Simulator,
    temporal: Client,
) -> AsyncIterator[Usage]:
    """An empty analytics service with peers whose answers a test sets, and no worker yet."""
    peers = FakePeers()  # type: ignore[abstract]  # what it lacks, the generated base refuses
    asked, address = await serve_peers(peers)
    settings = fresh_settings(
        Service.ANALYTICS,
        **settings_of(sync_temporal, sync_simulator),
        analytics_address=f"127.0.0.1:{free_port()}",
    ).model_copy(
        update={
            "inventory_address": address,
            "billing_address": address,
            "catalog_address": address,
        }
    )
    async with served(Service.ANALYTICS, settings):
        system = system_of(engine_room, sync_simulator, temporal, settings, Service.ANALYTICS)
        yield Usage(system, peers)
        await ended(system)
    await asked.stop(None)
