"""A served inventory with calls of operators and workers about drift."""

from collections.abc import AsyncIterator

import grpc
import pytest

from services.common.db.database import Database
from services.common.server import start
from services.common.settings import Service
from services.inventory.__main__ import DEFINITION
from tests.drift.account import Account
from tests.inventory.account import Inventory
from tests.support.databases import PostgresServer


@pytest.fixture
async def account(postgres: PostgresServer) -> AsyncIterator[Account]:
    """The inventory service, on a real server with a fresh database."""
    name = postgres.create(Service.INVENTORY)
    settings = postgres.settings({Service.INVENTORY: name})
    database = Database(settings.database_url(Service.INVENTORY), application_name="inventory")
    running = await start(DEFINITION, settings, database, address="127.0.0.1:0")
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{running.port}")
    yield Account(Inventory(database, channel, settings, name), postgres.url(name))
    await channel.close()
    await running.server.stop(None)
    await database.close()
    postgres.drop(name)
