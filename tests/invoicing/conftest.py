"""A served analytics service that bills, for every test that asks for one."""

from collections.abc import AsyncIterator

import grpc
import pytest

from services.analytics.__main__ import DEFINITION
from services.common.database import Database
from services.common.server import start
from services.common.settings import Service
from tests.invoicing.books import Books
from tests.invoicing.catalog import FakeCatalog, serve_catalog
from tests.support.databases import PostgresServer


@pytest.fixture
async def books(postgres: PostgresServer) -> AsyncIterator[Books]:
    """The analytics service on a real server with a fresh database, and a catalog beside it."""
    name = postgres.create(Service.ANALYTICS)
    catalog = FakeCatalog()
    served, address = await serve_catalog(catalog)
    settings = postgres.settings({Service.ANALYTICS: name}, catalog_address=address)
    database = Database(settings.database_url(Service.ANALYTICS), application_name="analytics")
    running = await start(DEFINITION, settings, database, address="127.0.0.1:0")
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{running.port}")
    yield Books(database, channel, settings, postgres.url(name), catalog)
    await channel.close()
    await running.server.stop(None)
    await served.stop(None)
    await database.close()
    postgres.drop(name)
