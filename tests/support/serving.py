"""A service inside the test's process, which starts many times faster."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from grpc_health.v1.health_pb2 import HealthCheckResponse

import services.analytics.__main__
import services.billing.__main__
import services.catalog.__main__
import services.inventory.__main__
from services.common.db.database import Database
from services.common.server import start
from services.common.settings import Service, Settings
from services.common.values.clock import Clock, utc_now

__all__ = ["served"]

DEFINITIONS = {
    Service.INVENTORY: services.inventory.__main__.DEFINITION,
    Service.BILLING: services.billing.__main__.DEFINITION,
    Service.CATALOG: services.catalog.__main__.DEFINITION,
    Service.ANALYTICS: services.analytics.__main__.DEFINITION,
}


@asynccontextmanager
async def served(
    service: Service, settings: Settings, *, catalog_clock: Clock = utc_now
) -> AsyncIterator[None]:
    """Serves a service at its address and on its database of the settings."""
    definition = DEFINITIONS[service]
    if service is Service.CATALOG:
        in_time = partial(services.catalog.__main__.servicers, now=catalog_clock)
        definition = replace(definition, servicers=in_time)
    database = Database(settings.database_url(service), application_name=service)
    address = settings.address(service)
    running = await start(definition, settings, database, address=address)
    await running.health.set("", HealthCheckResponse.SERVING)  # what looks away is the gateway
    try:
        yield
    finally:
        running.stopping.set()
        await running.server.stop(None)
        await database.close()
