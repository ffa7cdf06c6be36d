"""How a service is: for machines (`grpc.health.v1`) and for people (`HealthService`)."""

import asyncio
from typing import Any, Final

import structlog
from arcadia.common.v1 import health_pb2, health_pb2_grpc
from grpc.aio import ServicerContext
from grpc_health.v1 import health
from grpc_health.v1 import health_pb2 as standard

from services.common.db.database import Database
from services.common.settings import Service
from services.common.version import version

__all__ = ["HealthServicer", "watch_database"]

CHECK_SECONDS: Final = 2.0
"""How often the database is asked; the gateway stops sending soon after it is gone."""

log = structlog.get_logger("health")


class HealthServicer(health_pb2_grpc.HealthServiceServicer):
    """Answers `GET /api/health`."""

    def __init__(self, service: Service, database: Database) -> None:
        self._service = service
        self._database = database

    async def GetHealth(  # noqa: N802
        self,
        request: health_pb2.GetHealthRequest,
        context: ServicerContext[Any, Any],
    ) -> health_pb2.GetHealthResponse:
        """Says which service answers, and whether its database does."""
        up = await self._database.ping()
        return health_pb2.GetHealthResponse(
            service=self._service,
            status="ok" if up else "degraded",
            version=version(),
            dependencies=[health_pb2.Dependency(name="postgresql", status="up" if up else "down")],
        )


async def watch_database(status: health.aio.HealthServicer, database: Database) -> None:
    """Keeps the standard health true: serving while the database answers. Runs until cancelled."""
    serving: bool | None = None
    while True:
        up = await database.ping()
        if up != serving:
            serving = up
            log.info("health changed", serving=up)
            await status.set(
                "",
                standard.HealthCheckResponse.SERVING
                if up
                else standard.HealthCheckResponse.NOT_SERVING,
            )
        await asyncio.sleep(CHECK_SECONDS)
