"""A served inventory for the tests."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from services.common.db.database import Database
from services.common.server import start
from services.common.settings import Service
from services.inventory.__main__ import DEFINITION
from tests.inventory.account import Inventory
from tests.inventory.catalog import SmallCatalog
from tests.support.databases import PostgresServer
from tests.support.ports import free_port


@pytest.fixture
async def silent_catalog() -> AsyncIterator[SmallCatalog]:
    """Where the inventory looks for the catalog; nobody answers there yet."""
    # Abstract for the stubs only: what it lacks, the generated base class refuses.
    catalog = SmallCatalog(free_port())  # type: ignore[abstract]
    yield catalog
    await catalog.stop()


@pytest.fixture
async def catalog(silent_catalog: SmallCatalog) -> SmallCatalog:
    """A catalog that the inventory asks."""
    await silent_catalog.serve()
    return silent_catalog


@pytest.fixture
async def inventory(
    postgres: PostgresServer, silent_catalog: SmallCatalog
) -> AsyncIterator[Inventory]:
    """The inventory service, on a real server with a fresh database."""
    name = postgres.create(Service.INVENTORY)
    settings = postgres.settings(
        {Service.INVENTORY: name}, catalog_address=f"127.0.0.1:{silent_catalog.port}"
    )
    database = Database(settings.database_url(Service.INVENTORY), application_name="inventory")
    running = await start(DEFINITION, settings, database, address="127.0.0.1:0")
    address = f"127.0.0.1:{running.port}"
    channel = grpc.aio.insecure_channel(address)
    callers = settings.model_copy(update={"inventory_address": address})
    yield Inventory(database, channel, callers, name)
    await channel.close()
    await running.server.stop(None)
    await database.close()
    # Not on the loop: what still connects must come to its end meanwhile.
    await asyncio.to_thread(postgres.drop, name)
