"""A real gRPC server with programmed answers, and a real Envoy in front of it.

What is tested here is Envoy's configuration: the server answers what a test tells it to,
and keeps what reached it.
"""

import asyncio
import contextlib
import json
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
from arcadia.common.v1 import health_pb2, health_pb2_grpc
from arcadia.inventory.v1 import (
    inventory_service_pb2,
    inventory_service_pb2_grpc,
    sync_service_pb2_grpc,
)
from grpc_health.v1 import health
from grpc_health.v1 import health_pb2_grpc as standard_health
from grpc_reflection.v1alpha import reflection

from gateway.limits import Limits
from gateway.render import write_configuration
from services.common.access import mint_user_token
from services.common.settings import Port, Service, Settings
from stack.engines.envoy import binary

Answer = Callable[[Any, Any], Awaitable[Any]]


@dataclass
class Arrival:
    """A call that reached the server."""

    rpc: str
    request: Any
    metadata: dict[str, str]
    seconds_left: float | None


@dataclass
class Backend:
    """Plays all four services on one port, each RPC with the answer that a test set."""

    port: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    @property
    def last(self) -> Arrival:
        return self.arrivals[-1]

    def forget(self) -> None:
        self.arrivals.clear()
        self.answers.clear()

    async def answer(self, rpc: str, request: Any, context: Any, default: Any) -> Any:
        metadata = {key: str(value) for key, value in context.invocation_metadata()}
        self.arrivals.append(Arrival(rpc, request, metadata, context.time_remaining()))
        programmed = self.answers.get(rpc)
        return await programmed(request, context) if programmed else default


class Inventory(inventory_service_pb2_grpc.InventoryServiceServicer):
    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    async def ListResources(self, request: Any, context: Any) -> Any:
        default = inventory_service_pb2.ListResourcesResponse()
        return await self.backend.answer("ListResources", request, context, default)

    async def GetResource(self, request: Any, context: Any) -> Any:
        default = inventory_service_pb2.GetResourceResponse()
        return await self.backend.answer("GetResource", request, context, default)

    async def CountResources(self, request: Any, context: Any) -> Any:
        default = inventory_service_pb2.CountResourcesResponse(total=2**53 + 1)
        return await self.backend.answer("CountResources", request, context, default)

    async def AssignResource(self, request: Any, context: Any) -> Any:
        default = inventory_service_pb2.AssignResourceResponse()
        return await self.backend.answer("AssignResource", request, context, default)

    async def WatchResourceEvents(self, request: Any, context: Any) -> Any:
        await self.backend.answer("WatchResourceEvents", request, context, None)
        for _ in range(3):
            yield inventory_service_pb2.WatchResourceEventsResponse()


class Sync(sync_service_pb2_grpc.SyncServiceServicer):
    """Internal: would answer, if a call came through."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    async def BeginSweep(self, request: Any, context: Any) -> Any:
        return await self.backend.answer("BeginSweep", request, context, None)


class Health(health_pb2_grpc.HealthServiceServicer):
    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    async def GetHealth(self, request: Any, context: Any) -> Any:
        default = health_pb2.GetHealthResponse(service="inventory", status="ok")
        return await self.backend.answer("GetHealth", request, context, default)


@contextlib.asynccontextmanager
async def serve(backend: Backend, port: int = 0) -> AsyncIterator[Backend]:
    server = grpc.aio.server(options=[("grpc.max_send_message_length", -1)])
    inventory_service_pb2_grpc.add_InventoryServiceServicer_to_server(Inventory(backend), server)
    sync_service_pb2_grpc.add_SyncServiceServicer_to_server(Sync(backend), server)
    health_pb2_grpc.add_HealthServiceServicer_to_server(Health(backend), server)
    standard_health.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    reflection.enable_server_reflection((reflection.SERVICE_NAME,), server)
    backend.port = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield backend
    finally:
        await server.stop(None)


@dataclass
class Gateway:
    """A running Envoy, and clients for it."""

    settings: Settings
    directory: Path
    http: httpx.AsyncClient
    channel: grpc.aio.Channel

    @property
    def port(self) -> int:
        return self.settings.port(Port.GATEWAY)

    @property
    def admin(self) -> str:
        return f"http://127.0.0.1:{self.settings.port(Port.GATEWAY_ADMIN)}"

    def token(self, subject: str = "somebody", **claims: Any) -> str:
        return mint_user_token(self.settings, subject=subject, tenant_id="acme", **claims)

    def bearer(self, subject: str = "somebody") -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(subject)}"}

    async def raw(self, request: str) -> tuple[int, str]:
        """The status and body for a request that is sent as it is written."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request.encode("latin-1"))
        answer = (await asyncio.wait_for(reader.read(), 20)).decode()
        writer.close()
        await writer.wait_closed()
        head, _, body = answer.partition("\r\n\r\n")
        return int(head.split(" ")[1]), body

    async def raw_get(self, path: str, *headers: str) -> tuple[int, str]:
        """The same for a GET of a path that no client library has tidied."""
        lines = [f"GET {path} HTTP/1.1", "host: gateway", "connection: close", *headers, "", ""]
        return await self.raw("\r\n".join(lines))

    def log(self) -> list[dict[str, Any]]:
        """The access log so far."""
        lines = (self.directory / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextlib.asynccontextmanager
async def run_gateway(
    directory: Path, backend_port: int, *, limits: Limits | None = None, **settings: Any
) -> AsyncIterator[Gateway]:
    """Renders for the settings, runs Envoy on free ports, and waits until it is live."""
    addresses = {f"{service}_address": f"127.0.0.1:{backend_port}" for service in Service}
    configured = Settings(**_free_ports(), **(addresses | settings))
    configuration = write_configuration(configured, directory, limits=limits)
    command = [binary(), "-c", configuration, "--disable-hot-restart", "--concurrency", "1"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [*map(str, command), "--log-level", "warning"], stdout=log, stderr=log
        )
    http = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{configured.port(Port.GATEWAY)}", timeout=20, trust_env=False
    )
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{configured.port(Port.GATEWAY)}")
    running = Gateway(configured, directory, http, channel)
    try:
        await _ready(running, process)
        yield running
    finally:
        await channel.close()
        await http.aclose()
        process.terminate()
        process.wait(timeout=20)


async def _ready(gateway: Gateway, process: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        assert process.poll() is None, (gateway.directory / "log").read_text()
        with contextlib.suppress(httpx.TransportError):
            answer = await gateway.http.get(f"{gateway.admin}/ready")
            if answer.status_code == 200:
                return
        await asyncio.sleep(0.05)
    raise AssertionError((gateway.directory / "log").read_text())


def _free_ports() -> dict[str, int]:
    """Settings under which the gateway's two ports are free."""
    with socket.socket() as http, socket.socket() as admin:
        http.bind(("127.0.0.1", 0))
        for offset in range(2_000, 10_000):
            with contextlib.suppress(OSError):
                admin.bind(("127.0.0.1", Port.GATEWAY_ADMIN + offset))
                return {"http_port": http.getsockname()[1], "port_offset": offset}
    raise AssertionError("no port is free")
