"""The whole system on its own databases, with a simulated account."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from contracts.flows import register_search_attributes
from services.catalog.plans.seed import seed
from services.common.db.database import Database
from services.common.durable import connect
from services.common.settings import Service
from services.common.values.clock import Clock, utc_now
from stack.engines.temporal import Temporal
from stack.processes.probes import TEMPORAL_FRONTEND, grpc_serving
from tests.gateway.harness import run_gateway, seeing
from tests.providers.simulator import Simulator, start_simulator
from tests.scenarios.april import Account, April
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from tests.support.ports import free_port
from tests.support.serving import served
from tests.support.working import Workers

__all__ = ["running_scenario"]


@asynccontextmanager
async def running_scenario(
    name: str,
    engine_room: EngineRoom,
    postgres: PostgresServer,
    folder: Path,
    make_account: Callable[[Simulator], Account],
    *,
    catalog_clock: Clock = utc_now,
) -> AsyncIterator[April]:
    """Everything from the provider to the gateway; the account is created before the first sync.

    The catalog's clock decides from which month on rebilling rules may be set.
    """
    simulator = start_simulator(engine_room, f"{name}-simulator")
    engine = Temporal(
        engine_room.folder / f"{name}-temporal", free_port(), free_port(), durable=False
    )
    engine.prepare()
    address = f"127.0.0.1:{engine.port}"
    engine_room.start(
        f"{name}-temporal", engine.command(), lambda _: grpc_serving(address, TEMPORAL_FRONTEND)
    )
    names = {service: postgres.create(service) for service in Service}
    addresses: dict[str, Any] = {
        f"{service}_address": f"127.0.0.1:{free_port()}" for service in Service
    }
    settings = postgres.settings(
        names, TEMPORAL_ADDRESS=address, DO_API_URL=simulator.url, DO_API_TOKEN=name,
        SPACES_ENDPOINT=f"{simulator.url}/s3/{{region}}", SPACES_ACCESS_KEY_ID=name,
        SPACES_SECRET_ACCESS_KEY=name, log_level="warning", **addresses,
    )  # fmt: skip  # a table
    account = make_account(simulator)
    temporal = await connect(settings)
    await register_search_attributes(temporal)
    catalog = Database(settings.database_url(Service.CATALOG), application_name="seed")
    await seed(catalog)
    await catalog.close()
    working = Workers()
    async with AsyncExitStack() as running:
        for service in Service:
            await running.enter_async_context(
                served(service, settings, catalog_clock=catalog_clock)
            )
        gateway = await running.enter_async_context(run_gateway(folder, 0, **addresses))
        await seeing(gateway)
        running.push_async_callback(working.stop)
        working.start(settings, temporal)
        yield April(settings, temporal, str(gateway.http.base_url), account, simulator)
    for database in names.values():
        postgres.drop(database)
