"""A served billing service for every test that asks for one."""

from collections.abc import AsyncIterator

import grpc
import pytest

from services.billing.__main__ import DEFINITION
from services.common.database import Database
from services.common.server import start
from services.common.settings import Service
from tests.billing.bills import Billing
from tests.support.databases import PostgresServer


@pytest.fixture
async def billing(postgres: PostgresServer) -> AsyncIterator[Billing]:
    """The billing service, on a real server with a fresh database."""
    name = postgres.create(Service.BILLING)
    settings = postgres.settings({Service.BILLING: name})
    database = Database(settings.database_url(Service.BILLING), application_name="billing")
    running = await start(DEFINITION, settings, database, address="127.0.0.1:0")
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{running.port}")
    yield Billing(database, channel, settings, postgres.url(name))
    await channel.close()
    await running.server.stop(None)
    await database.close()
    postgres.drop(name)
