"""A served analytics service, whose peers return responses that a test sets."""

from collections.abc import AsyncIterator

import grpc
import pytest

from services.analytics.__main__ import DEFINITION
from services.common.db.database import Database
from services.common.server import start
from services.common.settings import Service
from tests.analytics.account import Analytics
from tests.analytics.peers import FakePeers, serve_peers
from tests.support.databases import PostgresServer


@pytest.fixture
async def analytics(postgres: PostgresServer) -> AsyncIterator[Analytics]:
    """The analytics service, on a real server with a fresh database."""
    name = postgres.create(Service.ANALYTICS)
    peers = FakePeers()  # type: ignore[abstract]  # what it lacks, the generated base refuses
    asked, address = await serve_peers(peers)
    settings = postgres.settings(
        {Service.ANALYTICS: name},
        inventory_address=address,
        billing_address=address,
        catalog_address=address,
    )
    database = Database(settings.database_url(Service.ANALYTICS), application_name="analytics")
    running = await start(DEFINITION, settings, database, address="127.0.0.1:0")
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{running.port}")
    served = settings.model_copy(update={"analytics_address": f"127.0.0.1:{running.port}"})
    yield Analytics(database, channel, served, name, peers, postgres.url(name))
    await channel.close()
    await running.server.stop(None)
    await asked.stop(None)
    await database.close()
    postgres.drop(name)
