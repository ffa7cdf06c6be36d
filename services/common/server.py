"""Runs a service: server, database, health and graceful shutdown."""

import asyncio
import gc
import importlib
import pkgutil
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import grpc
import structlog
import uvloop
from arcadia.common.v1 import audit_pb2, audit_pb2_grpc, health_pb2, health_pb2_grpc
from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor
from grpc_health.v1 import health
from grpc_health.v1 import health_pb2 as standard
from grpc_health.v1 import health_pb2_grpc as standard_health
from grpc_reflection.v1alpha import reflection

from services.common.audit.auditor import Auditor
from services.common.audit.months import keep_months_prepared
from services.common.audit.rpcs import audited_rpcs
from services.common.audit.servicer import AuditServicer
from services.common.db.database import Database
from services.common.db.single_statements import Compiled
from services.common.health import HealthServicer, HealthWatch
from services.common.identity.api_keys import ApiKeys
from services.common.identity.gateway_proof import GatewayProof
from services.common.identity.policy import access_table
from services.common.identity.revocations import Revocations
from services.common.identity.tokens import TokenVerifier
from services.common.limits.known import KnownLimits, LoadLimits, ask_catalog
from services.common.limits.shares import CallShares
from services.common.rpc.catalog_identity import CatalogIdentity, IdentitySource
from services.common.rpc.interceptor.call_log import CallLog
from services.common.rpc.interceptor.interceptor import CallInterceptor
from services.common.rpc.interceptor.run_links import RunLinks
from services.common.rpc.message_limits import MAX_MESSAGE_BYTES, message_limits
from services.common.rpc.telemetry import CallTelemetry, configure_logging, configure_telemetry
from services.common.rpc.unanswered import unanswered_handlers
from services.common.settings import Service, Settings

__all__ = ["Parts", "ServiceDefinition", "run", "start"]

DRAIN_SECONDS: Final = 0.5
"""Pause between NOT_SERVING and closing, in which callers switch to other instances."""

GRACE_SECONDS: Final = 20.0
"""Grace period of running calls."""

SERVER_OPTIONS: Final = (
    # Otherwise a second process could listen on the same port.
    ("grpc.so_reuseport", 0),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # Above the gateway's limit, so that the gateway's applies.
    ("grpc.max_metadata_size", 48 * 1024),
    ("grpc.absolute_max_metadata_size", 64 * 1024),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
)

log = structlog.get_logger("server")


@dataclass(frozen=True, slots=True)
class Parts:
    """The dependencies of servicers."""

    settings: Settings
    database: Database
    limits: KnownLimits
    """The known limits of tenants."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is stopping, which ends open-ended streams."""


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """A service, and the function that adds its servicers."""

    service: Service
    protos: Sequence[FileDescriptor] = ()
    """Empty for all that its package `arcadia.<service>.v1` has."""
    servicers: Callable[[Parts], Iterable[object]] = lambda parts: ()
    freshness: Compiled | None = None
    """Reads its sources with the time of their last complete update."""
    identity: Callable[[Parts], IdentitySource] | None = None
    """The source of API keys and revoked tokens; None for the catalog."""
    load_limits: Callable[[Database], LoadLimits] | None = None
    """Reads the limits of tenants, for the catalog; other services call the catalog."""

    def services(self) -> list[ServiceDescriptor]:
        """Every gRPC service that it answers for, with those that all services answer for."""
        files = [
            *(self.protos or _protos_of(self.service)),
            audit_pb2.DESCRIPTOR,
            health_pb2.DESCRIPTOR,
        ]
        return [service for file in files for service in file.services_by_name.values()]


def _protos_of(service: Service) -> list[FileDescriptor]:
    """The protos that declare the RPCs of a service, by name."""
    package = importlib.import_module(f"arcadia.{service}.v1")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [
        importlib.import_module(f"{package.__name__}.{name}").DESCRIPTOR
        for name in names
        if name.endswith("_service_pb2")
    ]


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A started server and its port."""

    server: grpc.aio.Server
    port: int
    health: health.aio.HealthServicer
    watch: HealthWatch
    call_log: CallLog | None
    stopping: asyncio.Event
    revocations: Revocations


async def start(
    definition: ServiceDefinition, settings: Settings, database: Database, *, address: str
) -> RunningServer:
    """Starts the server of a service; port 0 in `address` selects a free port.

    Raises UndeclaredAccess if a method declares no access, and OSError if the address cannot be
    bound.
    """
    services = definition.services()
    limits = message_limits(services)
    known_limits = KnownLimits(
        definition.load_limits(database)
        if definition.load_limits is not None
        else ask_catalog(settings, definition.service)
    )
    quiet = settings.log_level in ("warning", "error")
    call_log = None if quiet else CallLog(definition.service)
    parts = Parts(settings, database, known_limits)
    identity = (
        definition.identity(parts)
        if definition.identity
        else CatalogIdentity(settings, caller=definition.service)
    )
    revocations = Revocations(identity.live_revocations, required=settings.env == "production")
    interceptor = CallInterceptor(
        access_table(services),
        TokenVerifier(settings, ApiKeys(identity.resolve_key), revocations),
        CallTelemetry() if settings.otel_endpoint else None,
        call_log,
        RunLinks(settings),
        tenant_roles_enforced=settings.tenant_roles == "enforce",
        message_limits=limits,
        shares=CallShares(known_limits),
        auditor=Auditor(definition.service, database, audited_rpcs(services)),
        gateway=GatewayProof(settings),
    )
    # Messages over every method's limit are rejected on receipt.
    largest = max(limit.max_bytes for limit in limits.values())
    server = grpc.aio.server(
        interceptors=[interceptor],
        options=(*SERVER_OPTIONS, ("grpc.max_receive_message_length", largest)),
    )
    for servicer in definition.servicers(parts):
        _put_on(server, servicer)
    status = health.aio.HealthServicer()
    await status.set("", standard.HealthCheckResponse.NOT_SERVING)
    watch = HealthWatch(
        definition.service, settings, database, status, revocations, definition.freshness
    )
    health_pb2_grpc.add_HealthServiceServicer_to_server(HealthServicer(watch), server)
    audit_pb2_grpc.add_AuditServiceServicer_to_server(
        AuditServicer(definition.service, settings, database), server
    )
    server.add_generic_rpc_handlers(unanswered_handlers(services))
    standard_health.add_HealthServicer_to_server(status, server)
    reflection.enable_server_reflection(
        [*(s.full_name for s in services), health.SERVICE_NAME, reflection.SERVICE_NAME], server
    )
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address}: {error}") from error
    await server.start()
    return RunningServer(server, port, status, watch, call_log, parts.stopping, revocations)


def _put_on(server: grpc.aio.Server, servicer: object) -> None:
    """Adds a servicer by the function generated with its base class."""
    for base in type(servicer).__mro__:
        add = getattr(sys.modules[base.__module__], f"add_{base.__name__}_to_server", None)
        if add is not None:
            add(servicer, server)
            return
    raise TypeError(f"{type(servicer).__name__} has no generated base")


def run(definition: ServiceDefinition) -> None:
    """Runs a service until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logging(settings, definition.service)
    configure_telemetry(settings, definition.service)
    _collect_garbage_seldom()
    uvloop.run(_serve(definition, settings))


def _collect_garbage_seldom() -> None:
    """Tunes the garbage collector: freezes permanent objects and reduces collections.

    A list page creates thousands of objects that reference counting frees immediately.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _serve(definition: ServiceDefinition, settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    database = Database(
        settings.database_url(definition.service), application_name=definition.service
    )
    running = await start(
        definition, settings, database, address=settings.address(definition.service)
    )
    watches = {
        asyncio.create_task(running.watch.run()),
        asyncio.create_task(running.revocations.run()),
        asyncio.create_task(keep_months_prepared(database)),
    }
    log.info("listening", address=settings.address(definition.service))
    stopping = asyncio.create_task(stop.wait())
    # A service that no longer watches its health must not go on claiming it, and one that no longer
    # learns which tokens are revoked must not accept them.
    await asyncio.wait({stopping, *watches}, return_when=asyncio.FIRST_COMPLETED)
    log.info("stopping")
    failure = next((watch.exception() for watch in watches if watch.done()), None)
    for watch in watches:
        watch.cancel()
    await asyncio.gather(*watches, return_exceptions=True)
    await running.health.enter_graceful_shutdown()
    await asyncio.sleep(DRAIN_SECONDS)
    running.stopping.set()
    await running.server.stop(GRACE_SECONDS)
    if running.call_log is not None:
        running.call_log.flush()
    await database.close()
    log.info("stopped")
    if failure is not None:
        raise failure
