"""A served analytics service for the tests of billing."""

from collections.abc import AsyncIterator
from contextlib import suppress

import grpc
import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from contracts.flows import register_search_attributes
from services.analytics.__main__ import DEFINITION
from services.common.db.database import Database
from services.common.durable import connect
from services.common.server import start
from services.common.settings import Service, Settings
from stack.engines.temporal import Temporal
from stack.processes.probes import TEMPORAL_FRONTEND, grpc_serving
from tests.invoicing.books import Books
from tests.invoicing.catalog import FakeCatalog, serve_catalog
from tests.invoicing.month import MonthEnd, channel_to
from tests.invoicing.receiver import Receiver
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from tests.support.ports import free_port
from tests.support.schedules import hold_schedules


@pytest.fixture
async def books(postgres: PostgresServer) -> AsyncIterator[Books]:
    """The analytics service on a real server with a fresh database, and a catalog beside it."""
    name = postgres.create(Service.ANALYTICS)
    catalog = FakeCatalog()  # type: ignore[abstract]
    served, address = await serve_catalog(catalog)
    settings = postgres.settings({Service.ANALYTICS: name}, catalog_address=address)
    database = Database(settings.database_url(Service.ANALYTICS), application_name="analytics")
    running = await start(DEFINITION, settings, database, address="127.0.0.1:0")
    ours = settings.model_copy(update={"analytics_address": f"127.0.0.1:{running.port}"})
    channel = grpc.aio.insecure_channel(ours.analytics_address)
    yield Books(database, channel, ours, postgres.url(name), catalog)
    await channel.close()
    await running.server.stop(None)
    await served.stop(None)
    await database.close()
    postgres.drop(name)


@pytest.fixture(scope="session")
async def month_end_temporal(engine_room: EngineRoom) -> Client:
    """A client of a Temporal server of these tests' own: months have fixed ids."""
    engine = Temporal(
        engine_room.folder / "month-end-temporal", free_port(), free_port(), durable=False
    )
    engine.prepare()
    address = f"127.0.0.1:{engine.port}"
    engine_room.start(
        "month-end-temporal", engine.command(), lambda _: grpc_serving(address, TEMPORAL_FRONTEND)
    )
    client = await connect(Settings(TEMPORAL_ADDRESS=address))
    await register_search_attributes(client)
    await hold_schedules(client)
    return client


@pytest.fixture
async def month_end(
    engine_room: EngineRoom, postgres: PostgresServer, month_end_temporal: Client
) -> AsyncIterator[MonthEnd]:
    """The analytics, a catalog, a receiver of invoices; no worker yet."""
    name = postgres.create(Service.ANALYTICS)
    catalog = FakeCatalog()  # type: ignore[abstract]
    served, address = await serve_catalog(catalog)
    receiver = Receiver()
    settings = postgres.settings(
        {Service.ANALYTICS: name},
        catalog_address=address,
        analytics_address=f"127.0.0.1:{free_port()}",
        inventory_address=f"127.0.0.1:{free_port()}",
        billing_address=f"127.0.0.1:{free_port()}",
        TEMPORAL_ADDRESS=month_end_temporal.service_client.config.target_host,
        DO_API_TOKEN="none",
        DO_API_URL=f"http://127.0.0.1:{free_port()}",
        ar_url=receiver.url,
    )
    database = Database(settings.database_url(Service.ANALYTICS), application_name="test")
    channel = channel_to(settings)
    books = Books(database, channel, settings, postgres.url(name), catalog)
    made = MonthEnd(engine_room, settings, books, receiver, month_end_temporal)
    await made.serve_analytics()
    yield made
    # The worker first: a run that ends by itself meanwhile cannot be terminated any more.
    await made.stop()
    async for workflow in month_end_temporal.list_workflows('ExecutionStatus = "Running"'):
        with suppress(RPCError):
            await month_end_temporal.get_workflow_handle(workflow.id).terminate("the test is over")
    receiver.close()
    await channel.close()
    await served.stop(None)
    await database.close()
    postgres.drop(name)
