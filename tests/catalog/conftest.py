"""A served catalog for the tests."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import grpc
import pytest

from services.catalog.__main__ import DEFINITION, servicers
from services.catalog.plans.seed import seed
from services.common.db.database import Database
from services.common.server import start
from services.common.settings import Service
from tests.catalog.shop import Clock, Shop
from tests.support.databases import PostgresServer


@pytest.fixture
async def shop(postgres: PostgresServer) -> AsyncIterator[Shop]:
    """The catalog service, served on a fresh, seeded database; it is the 10th of April."""
    name = postgres.create(Service.CATALOG)
    settings = postgres.settings({Service.CATALOG: name}, log_level="warning")
    database = Database(settings.database_url(Service.CATALOG), application_name="catalog")
    await seed(database)
    clock = Clock()
    definition = replace(DEFINITION, servicers=partial(servicers, now=clock))
    running = await start(definition, settings, database, address="127.0.0.1:0")
    address = f"127.0.0.1:{running.port}"
    channel = grpc.aio.insecure_channel(address)
    yield Shop(database, channel, settings, postgres.url(name), clock, address)
    await channel.close()
    await running.server.stop(None)
    await database.close()
    postgres.drop(name)
