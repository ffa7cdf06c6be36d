"""A real gRPC server with programmed responses, and a real Envoy in front of it.

The tests are of Envoy's configuration: the server returns what a test sets, and records what
reaches it.
"""

import asyncio
import contextlib
import json
import re
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
from arcadia.analytics.v1 import invoice_service_pb2, usage_service_pb2
from arcadia.catalog.v1 import quote_service_pb2, quotes_pb2
from arcadia.common.v1 import health_pb2
from arcadia.inventory.v1 import drift_service_pb2, inventory_service_pb2, sync_service_pb2
from google.api import httpbody_pb2
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from gateway.limits import Limits
from gateway.render import write_configuration
from services.common.identity.tokens import mint_user_token
from services.common.settings import Port, Service, Settings
from stack.engines.envoy import Envoy
from tests.support.ports import free_port, offset_with_free
from tests.support.waiting import tries

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


INVENTORY = "arcadia.inventory.v1.InventoryService"

RPCS: dict[str, tuple[Any, Message]] = {
    f"{INVENTORY}/ListResources": (
        inventory_service_pb2.ListResourcesRequest,
        inventory_service_pb2.ListResourcesResponse(),
    ),
    f"{INVENTORY}/GetResource": (
        inventory_service_pb2.GetResourceRequest,
        inventory_service_pb2.GetResourceResponse(),
    ),
    f"{INVENTORY}/CountResources": (
        inventory_service_pb2.CountResourcesRequest,
        inventory_service_pb2.CountResourcesResponse(total=2**53 + 1),
    ),
    f"{INVENTORY}/AssignResource": (
        inventory_service_pb2.AssignResourceRequest,
        inventory_service_pb2.AssignResourceResponse(),
    ),
    "arcadia.catalog.v1.QuoteService/CreateQuote": (
        quote_service_pb2.CreateQuoteRequest,
        quotes_pb2.Quote(),
    ),
    "arcadia.analytics.v1.UsageService/SendUsageEvents": (
        usage_service_pb2.SendUsageEventsRequest,
        usage_service_pb2.SendUsageEventsResponse(),
    ),
    "arcadia.inventory.v1.DriftService/RecordSpec": (
        drift_service_pb2.RecordSpecRequest,
        drift_service_pb2.RecordSpecResponse(),
    ),
    "arcadia.analytics.v1.InvoiceService/DownloadInvoice": (
        invoice_service_pb2.DownloadInvoiceRequest,
        httpbody_pb2.HttpBody(content_type="application/pdf", data=b"%PDF-"),
    ),
    "arcadia.common.v1.HealthService/GetHealth": (
        health_pb2.GetHealthRequest,
        health_pb2.GetHealthResponse(service="inventory", status="ok"),
    ),
    # Internal: it would answer, if a call came through.
    "arcadia.inventory.v1.SyncService/BeginSweep": (
        sync_service_pb2.BeginSweepRequest,
        sync_service_pb2.BeginSweepResponse(),
    ),
}
"""What the server serves: the type of the request, and the answer when no test sets one."""


def unary(backend: Backend, name: str, request_type: Any, default: Message) -> Any:
    async def answer(request: Any, context: Any) -> Any:
        return await backend.answer(name, request, context, default)

    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=request_type.FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


def watch() -> Any:
    async def answer(request: Any, context: Any) -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b""

    return grpc.unary_stream_rpc_method_handler(answer)


@contextlib.asynccontextmanager
async def serve(backend: Backend, port: int = 0) -> AsyncIterator[Backend]:
    server = grpc.aio.server()
    for path, (request_type, default) in RPCS.items():
        service, name = path.split("/")
        handlers = {name: unary(backend, name, request_type, default)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    watching = {"WatchResourceEvents": watch()}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(INVENTORY, watching),))
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
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

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """A GET with a good token."""
        return await self.http.get(path, headers=self.bearer() | _dashed(headers))

    async def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        """A POST of JSON with a good token."""
        return await self.http.post(path, json=body, headers=self.bearer() | _dashed(headers))

    async def call(self, rpc: str, request: bytes = b"", *, token: str | None = None) -> bytes:
        """A gRPC call by its path, with a good token unless another is given."""
        authorization = f"Bearer {token or self.token()}"
        method: Any = self.channel.unary_unary(rpc)
        answer: bytes = await method(request, metadata=[("authorization", authorization)])
        return answer

    async def raw(self, request: str) -> tuple[int, str]:
        """The status and body for a request that is sent as it is written."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request.encode("latin-1"))
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 120)).decode()
        length = re.search(r"content-length: (\d+)", head)
        body = await asyncio.wait_for(reader.readexactly(int(length[1]) if length else 0), 120)
        writer.close()
        await writer.wait_closed()
        return int(head.split(" ")[1]), body.decode()

    async def raw_get(self, path: str, *headers: str) -> tuple[int, str]:
        """The same for a GET of a path that no client library has tidied."""
        lines = [f"GET {path} HTTP/1.1", "host: gateway", "connection: close", *headers, "", ""]
        return await self.raw("\r\n".join(lines))

    async def logged(self, request_id: str) -> dict[str, Any]:
        """The line of the access log about a request, once it is written."""
        for _ in tries():
            lines = (self.directory / "log").read_text().splitlines()
            for line in reversed(lines):
                if line.startswith("{") and request_id in line:
                    entry: dict[str, Any] = json.loads(line)
                    return entry
            await asyncio.sleep(0.05)
        raise AssertionError(f"nothing was logged about {request_id}")


@contextlib.asynccontextmanager
async def run_gateway(
    directory: Path, backend_port: int, *, limits: Limits | None = None, **settings: Any
) -> AsyncIterator[Gateway]:
    """Renders for the settings, runs Envoy on free ports, and waits until it is live."""
    addresses = {f"{service}_address": f"127.0.0.1:{backend_port}" for service in Service}
    configured = Settings.model_validate(_free_ports() | addresses | settings)
    configuration = write_configuration(configured, directory, limits=limits)
    process = _start(configuration)
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


async def seeing(gateway: Gateway) -> Gateway:
    """The gateway, once it holds no service for unhealthy."""
    for _ in tries():
        clusters = await gateway.http.get(f"{gateway.admin}/clusters")
        if "failed_active_hc" not in clusters.text:
            return gateway
        await asyncio.sleep(0.1)
    raise AssertionError("the gateway holds a service for unhealthy")


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def refusal(answer: httpx.Response) -> tuple[int, int, str]:
    """The HTTP status, gRPC code and reason of an error, which must have the common shape."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert set(body) == {"code", "message", "details"}
    assert body["message"]
    info = body["details"][0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert info["domain"] == "arcadia"
    assert isinstance(info["metadata"], dict)
    return answer.status_code, body["code"], info["reason"]


def _start(configuration: Path) -> subprocess.Popen[bytes]:
    command = Envoy(configuration).command()
    with (configuration.parent / "log").open("wb") as log:
        return subprocess.Popen(
            # The last option is for the tests alone: the log is read while it is written.
            [*command.arguments, "--file-flush-interval-msec", "50"],
            env=dict(command.environment),
            cwd=command.directory,
            stdout=log,
            stderr=log,
        )


async def _ready(gateway: Gateway, process: subprocess.Popen[bytes]) -> None:
    for _ in tries():
        assert process.poll() is None, (gateway.directory / "log").read_text()
        with contextlib.suppress(httpx.TransportError):
            answer = await gateway.http.get(f"{gateway.admin}/ready")
            if answer.status_code == 200:
                return
        await asyncio.sleep(0.05)
    raise AssertionError((gateway.directory / "log").read_text())


def _free_ports() -> dict[str, Any]:
    """Settings under which the gateway's two ports are free."""
    return {"http_port": free_port(), "port_offset": offset_with_free(Port.GATEWAY_ADMIN)}
