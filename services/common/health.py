"""Health of the services: for machines (`grpc.health.v1`) and for people (`HealthService`).

A background task checks every few seconds, and requests return its last result, so they cost
nothing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import grpc
import structlog
from arcadia.common.v1 import health_pb2, health_pb2_grpc
from grpc.aio import ServicerContext
from grpc_health.v1 import health
from grpc_health.v1 import health_pb2 as standard

from contracts.flows import TaskQueue
from services.common.background import repeated
from services.common.db.database import Database
from services.common.db.single_statements import Compiled
from services.common.errors import ArcadiaError
from services.common.identity.callers import ALL
from services.common.identity.revocations import Revocations
from services.common.rpc.clients import connect
from services.common.rpc.liveness import polled_queues
from services.common.settings import Service, Settings
from services.common.version import version

if TYPE_CHECKING:
    from arcadia.common.v1.health_pb2_grpc import HealthServiceAsyncStub

__all__ = ["HealthServicer", "HealthWatch"]

DATABASE_SECONDS: Final = 2.0
"""Interval of database checks; the gateway stops routing soon after a failure."""

AROUND_SECONDS: Final = 5.0
"""Interval of checks of the other services, Temporal and the sources."""

ANSWER_SECONDS: Final = 3.0
"""Timeout of each check."""

log = structlog.get_logger("health")


@dataclass
class HealthWatch:
    """The last results: database, other services, Temporal and workers."""

    service: Service
    settings: Settings
    database: Database
    status: health.aio.HealthServicer
    revocations: Revocations | None = None
    freshness: Compiled | None = None
    """Reads the service's sources with the time of their last complete update."""
    serving: bool | None = None
    sources: Sequence[tuple[str, datetime | None]] = ()
    reports: Mapping[Service, health_pb2.ReportHealthResponse] = field(default_factory=dict)
    queues: frozenset[str] | None = None
    """The task queues polled by a worker; None if Temporal does not respond."""

    async def run(self) -> None:
        """Runs the checks until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_database())
            group.create_task(self._watch_around())

    async def look_at_database(self) -> None:
        """Updates the standard health status: serving if the database answers."""
        try:
            up = await self.database.ping()
        except Exception:
            log.exception("the database was not checked")
            up = False  # what is not known must not be claimed
        if up != self.serving:
            self.serving = up
            log.info("health changed", serving=up)
            await self.status.set(
                "",
                standard.HealthCheckResponse.SERVING
                if up
                else standard.HealthCheckResponse.NOT_SERVING,
            )

    async def look_around(
        self, peers: Mapping[Service, "HealthServiceAsyncStub"], temporal: grpc.aio.Channel
    ) -> None:
        """Runs all other checks concurrently."""
        await self._look_at_sources()
        reports, self.queues = await asyncio.gather(
            asyncio.gather(*(_report(peer) for peer in peers.values())),
            polled_queues(
                temporal, self.settings.temporal_namespace, TaskQueue, seconds=ANSWER_SECONDS
            ),
        )
        self.reports = {
            service: report
            for service, report in zip(peers, reports, strict=True)
            if report is not None
        }

    def report(self) -> health_pb2.ReportHealthResponse:
        """The status of this service."""
        return health_pb2.ReportHealthResponse(
            health=health_pb2.ServiceHealth(
                name=self.service, status="ok" if self._well() else "degraded", version=version()
            ),
            sources=[_source(name, at, datetime.now(UTC)) for name, at in self.sources],
        )

    def whole(self) -> health_pb2.GetHealthResponse:
        """The status of the whole system."""
        reports = {**self.reports, self.service: self.report()}
        services = [
            reports[service].health
            if service in reports
            else health_pb2.ServiceHealth(name=service, status="down")
            for service in Service
        ]
        dependencies = [
            _dependency("postgresql", up=bool(self.serving)),
            _dependency("temporal", up=self.queues is not None),
        ]
        workers = [_dependency(queue, up=queue in (self.queues or ())) for queue in TaskQueue]
        well = all(one.status == "ok" for one in services) and all(
            one.status == "up" for one in (*dependencies, *workers)
        )
        return health_pb2.GetHealthResponse(
            service=self.service,
            status="ok" if well else "degraded",
            version=version(),
            dependencies=dependencies,
            services=services,
            workers=workers,
            sources=[
                source
                for service in Service
                if service in reports
                for source in reports[service].sources
            ],
        )

    def _well(self) -> bool:
        stale = self.revocations is not None and self.revocations.stale
        return bool(self.serving) and not stale

    async def _watch_database(self) -> None:
        await repeated(self.look_at_database, every=DATABASE_SECONDS)

    async def _watch_around(self) -> None:
        async with AsyncExitStack() as stack:
            peers = {
                peer: health_pb2_grpc.HealthServiceStub(
                    await stack.enter_async_context(
                        connect(self.settings, peer, caller=self.service)
                    )
                )
                for peer in Service
                if peer is not self.service
            }
            temporal = await stack.enter_async_context(
                grpc.aio.insecure_channel(self.settings.temporal())
            )
            await repeated(partial(self.look_around, peers, temporal), every=AROUND_SECONDS)

    async def _look_at_sources(self) -> None:
        if self.freshness is None:
            return
        try:
            self.sources = await self.database.single_read(ALL).fetch(self.freshness, {})
        except ArcadiaError:  # keep the last values: their age shows how old they are
            log.warning("the age of the sources was not read")


class HealthServicer(health_pb2_grpc.HealthServiceServicer):
    """Answers `GET /api/health`, and the other services."""

    def __init__(self, watch: HealthWatch) -> None:
        self._watch = watch

    async def GetHealth(
        self,
        request: health_pb2.GetHealthRequest,
        context: ServicerContext[Any, Any],
    ) -> health_pb2.GetHealthResponse:
        """Returns the status of the whole system."""
        return self._watch.whole()

    async def ReportHealth(
        self,
        request: health_pb2.ReportHealthRequest,
        context: ServicerContext[Any, Any],
    ) -> health_pb2.ReportHealthResponse:
        """Returns the status of this service."""
        return self._watch.report()


async def _report(peer: "HealthServiceAsyncStub") -> health_pb2.ReportHealthResponse | None:
    try:
        return await peer.ReportHealth(health_pb2.ReportHealthRequest(), timeout=ANSWER_SECONDS)
    except grpc.aio.AioRpcError:
        return None


def _dependency(name: str, *, up: bool) -> health_pb2.Dependency:
    return health_pb2.Dependency(name=name, status="up" if up else "down")


def _source(name: str, at: datetime | None, now: datetime) -> health_pb2.Source:
    if at is None:
        return health_pb2.Source(name=name)
    age = max(0, int((now - at).total_seconds()))
    return health_pb2.Source(name=name, last_at=at, age_seconds=age)
