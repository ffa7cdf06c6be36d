"""A served billing service for the tests."""

from collections.abc import AsyncIterator

import grpc
import pytest
from arcadia.inventory.v1.lookup_service_pb2_grpc import add_LookupServiceServicer_to_server

from services.billing.__main__ import DEFINITION
from services.common.db.database import Database
from services.common.server import start
from services.common.settings import Service
from tests.billing.bills import Billing
from tests.billing.lookup import KnownAccount
from tests.inventory.catalog import SmallCatalog
from tests.support.databases import PostgresServer
from tests.support.ports import free_port


@pytest.fixture
async def inventory() -> AsyncIterator[tuple[KnownAccount, str]]:
    """An inventory that knows nothing until it is told, and its address."""
    # Abstract for the stubs only: nobody here asks for what it lacks.
    account = KnownAccount()  # type: ignore[abstract]
    server = grpc.aio.server()
    add_LookupServiceServicer_to_server(account, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield account, f"127.0.0.1:{port}"
    await server.stop(None)


@pytest.fixture
def known(inventory: tuple[KnownAccount, str]) -> KnownAccount:
    """What the inventory knows."""
    return inventory[0]


@pytest.fixture
async def catalog() -> AsyncIterator[SmallCatalog]:
    """A catalog that knows no deployment until it is told."""
    # Abstract for the stubs only: what it lacks, the generated base class refuses.
    catalog = SmallCatalog(free_port())  # type: ignore[abstract]
    await catalog.serve()
    yield catalog
    await catalog.stop()


@pytest.fixture
async def billing(
    postgres: PostgresServer, inventory: tuple[KnownAccount, str], catalog: SmallCatalog
) -> AsyncIterator[Billing]:
    """The billing service, on a real server with a fresh database."""
    name = postgres.create(Service.BILLING)
    settings = postgres.settings(
        {Service.BILLING: name},
        inventory_address=inventory[1],
        catalog_address=f"127.0.0.1:{catalog.port}",
    )
    database = Database(settings.database_url(Service.BILLING), application_name="billing")
    running = await start(DEFINITION, settings, database, address="127.0.0.1:0")
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{running.port}")
    served = settings.model_copy(update={"billing_address": f"127.0.0.1:{running.port}"})
    yield Billing(database, channel, served, postgres.url(name))
    await channel.close()
    await running.server.stop(None)
    await database.close()
    postgres.drop(name)
