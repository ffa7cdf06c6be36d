"""What the workflows' tests share."""

import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from temporalio.client import Client

from services.common.settings import Service, Settings
from stack.engines.temporal import Temporal
from stack.probes import TEMPORAL_FRONTEND, grpc_serving
from tests.analytics.peers import FakePeers, serve_peers
from tests.providers.simulator import Simulator, start_simulator
from tests.support.engine_room import EngineRoom
from tests.support.environment import environment_of
from tests.support.ports import free_port
from tests.workflows.billing_system import Bills
from tests.workflows.system import System
from tests.workflows.usage_system import Usage
from workflows.connection import connect
from workflows.search_attributes import register_search_attributes

DROPLETS = 1_900
"""Ten pages, the last one half full."""


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
    """A client of the server, which knows our search attributes."""
    client = await connect(Settings(TEMPORAL_ADDRESS=sync_temporal))
    await register_search_attributes(client)
    return client


@pytest.fixture
def temporal(sync_client: Client) -> Client:
    """The same."""
    return sync_client


@asynccontextmanager
async def running_system(
    engine_room: EngineRoom, simulator: Simulator, temporal: Client, settings: Settings
) -> AsyncIterator[System]:
    """An inventory on the settings' database; no worker yet. Ends what was started."""
    port = settings.inventory_address.rpartition(":")[2]
    inventory = engine_room.start_program(
        f"inventory-{port}",
        [sys.executable, "-m", "services.inventory"],
        environment_of(settings),
        lambda _: grpc_serving(settings.inventory_address),
    )
    database = settings.database_url(Service.INVENTORY).rpartition("/")[2]
    admin_url = settings.admin_url().rpartition("/")[0] + f"/{database}"
    made = System(engine_room, settings, simulator, temporal, admin_url)
    yield made
    async for workflow in temporal.list_workflows('ExecutionStatus = "Running"'):
        await temporal.get_workflow_handle(workflow.id).terminate("the test is over")
    made.stop_workers()
    inventory.popen.kill()
    engine_room.stop(inventory)


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
    async with running_system(engine_room, sync_simulator, temporal, settings) as system:
        billing = engine_room.start_program(
            f"billing-{settings.billing_address.rpartition(':')[2]}",
            [sys.executable, "-m", "services.billing"],
            environment_of(settings),
            lambda _: grpc_serving(settings.billing_address),
        )
        database = settings.database_url(Service.BILLING).rpartition("/")[2]
        system.admin_url = settings.admin_url().rpartition("/")[0] + f"/{database}"
        yield Bills(system)
        billing.popen.kill()
        engine_room.stop(billing)


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
    analytics = engine_room.start_program(
        f"analytics-{settings.analytics_address.rpartition(':')[2]}",
        [sys.executable, "-m", "services.analytics"],
        environment_of(settings),
        lambda _: grpc_serving(settings.analytics_address),
    )
    database = settings.database_url(Service.ANALYTICS).rpartition("/")[2]
    admin_url = settings.admin_url().rpartition("/")[0] + f"/{database}"
    system = System(engine_room, settings, sync_simulator, temporal, admin_url)
    yield Usage(system, peers)
    async for workflow in temporal.list_workflows('ExecutionStatus = "Running"'):
        await temporal.get_workflow_handle(workflow.id).terminate("the test is over")
    system.stop_workers()
    analytics.popen.kill()
    engine_room.stop(analytics)
    await asked.stop(None)
