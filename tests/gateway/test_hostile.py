"""Callers who hold resources: they are disconnected, and others are served."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import pytest
from arcadia.inventory.v1 import inventory_service_pb2
from google.protobuf.message import Message

from gateway.limits import Limits
from tests.gateway.harness import Backend, Gateway, run_gateway
from tests.support.waiting import tries

PATIENCE = 60
"""Seconds, for what the gateway does after a second."""

INVENTORY = "/api/v1/inventory"


@pytest.fixture(scope="module")
async def brisk(
    served: Backend, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """A gateway that soon lets go."""
    limits = Limits(first_line_seconds=1, unread_seconds=1, heap_megabytes=256)
    directory = tmp_path_factory.mktemp("brisk")
    async with run_gateway(directory, served.port, limits=limits) as running:
        yield running


@pytest.mark.parametrize("said", ["", "GET /api/hea", "PRI * HTTP/2.0\r\n"])
async def test_a_connection_without_a_request_is_closed(brisk: Gateway, said: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", brisk.port)
    writer.write(said.encode())
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(ConnectionResetError):  # what it said was left unread
            assert await reader.read() == b""
    writer.close()
    assert (await brisk.http.get("/api/health")).status_code == 200


async def test_a_connection_that_is_used_stays_open(brisk: Gateway, backend: Backend) -> None:
    async def slow(request: Any, context: Any) -> Message:
        await asyncio.sleep(3)  # longer than a new connection may be silent
        return inventory_service_pb2.ListResourcesResponse()

    backend.answers["ListResources"] = slow
    assert (await brisk.get(INVENTORY)).status_code == 200


async def test_an_unread_response_is_dropped(brisk: Gateway, backend: Backend) -> None:
    async def large(request: Any, context: Any) -> Message:
        return inventory_service_pb2.ListResourcesResponse(next_page_token="x" * 300_000)

    backend.answers["ListResources"] = large
    async with asyncio.timeout(PATIENCE):
        reset = await reset_streams(brisk, streams=5)
    assert reset == 5
    assert (await brisk.get(INVENTORY)).status_code == 200


async def test_memory_that_an_attack_took_goes_back_to_the_machine(
    brisk: Gateway, backend: Backend
) -> None:
    async def large(request: Any, context: Any) -> Message:
        return inventory_service_pb2.ListResourcesResponse(next_page_token="x" * 2**20)

    backend.answers["ListResources"] = large
    # A gateway that says GOAWAY meanwhile, and answers on, is more than this client takes.
    with contextlib.suppress(h2.exceptions.ProtocolError):
        async with asyncio.timeout(PATIENCE):
            assert await reset_streams(brisk, streams=90) == 90
    for _ in tries(within=PATIENCE):
        if await kept_megabytes(brisk) < 32:
            return
        await asyncio.sleep(0.5)
    raise AssertionError("the gateway keeps it")


async def kept_megabytes(gateway: Gateway) -> float:
    """What the gateway's allocator has of the machine's memory and nobody uses."""
    memory = (await gateway.http.get(f"{gateway.admin}/memory")).json()
    return int(memory["pageheap_free"]) / 2**20


async def test_answers_that_nobody_reads_hold_up_no_others(
    gateway: Gateway, backend: Backend
) -> None:
    """All calls to a service share a connection, whose window such answers would fill."""

    async def large(request: Any, context: Any) -> Message:
        return inventory_service_pb2.ListResourcesResponse(next_page_token="x" * 1_500_000)

    backend.answers["ListResources"] = large
    _, writer, _ = await asking(gateway, streams=40, native=True)
    for _ in tries():
        if await under_way(gateway, "paused_reading_total") >= 40:
            break
        await asyncio.sleep(0.05)
    assert (await gateway.get("/api/v1/inventory:count")).status_code == 200
    assert await under_way(gateway, "upstream_rq_active") == 40  # and they still wait
    writer.close()


async def under_way(gateway: Gateway, name: str) -> int:
    """A figure of the gateway about its calls to the inventory."""
    stats = await gateway.http.get(f"{gateway.admin}/stats?filter=^cluster.inventory.*{name}$")
    return int(stats.text.rpartition(": ")[2])


async def reset_streams(gateway: Gateway, *, streams: int) -> int:
    """Asks on streams of HTTP/2 whose window is shut, until the gateway has reset them all."""
    reader, writer, connection = await asking(gateway, streams=streams)
    reset = 0
    try:
        while reset < streams:
            received = await reader.read(65_536)
            assert received, "the connection was closed"
            events = connection.receive_data(received)
            reset += sum(isinstance(event, h2.events.StreamReset) for event in events)
            writer.write(connection.data_to_send())
    finally:
        writer.close()
    return reset


async def asking(
    gateway: Gateway, *, streams: int, native: bool = False
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, h2.connection.H2Connection]:
    """Asks on streams of HTTP/2 whose window is shut, as JSON or as native gRPC."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    connection.local_settings = h2.settings.Settings(
        client=True, initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0}
    )
    connection.initiate_connection()
    request = [(":method", "GET"), (":path", INVENTORY)]
    if native:
        path = "/arcadia.inventory.v1.InventoryService/ListResources"
        request = [(":method", "POST"), (":path", path), ("te", "trailers")]
        request.append(("content-type", "application/grpc"))
    for _ in range(streams):
        stream = connection.get_next_available_stream_id()
        headers = [
            *request,
            (":scheme", "http"),
            (":authority", "gateway"),
            ("authorization", gateway.bearer()["authorization"]),
        ]
        headers.sort(key=lambda header: not header[0].startswith(":"))
        connection.send_headers(stream, headers, end_stream=not native)
        if native:
            connection.send_data(stream, b"\0" * 5, end_stream=True)
    writer.write(connection.data_to_send())
    return reader, writer, connection


@pytest.mark.parametrize("target", ["gateway:443", "127.0.0.1:4051"])
async def test_connect_is_refused(gateway: Gateway, backend: Backend, target: str) -> None:
    for authorization in ("", f"authorization: {gateway.bearer()['authorization']}\r\n"):
        status, body = await gateway.raw(
            f"CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n{authorization}\r\n"
        )
        assert (status, "METHOD_NOT_ALLOWED" in body) == (405, True)
    assert backend.arrivals == []


SHEDDING = {
    f"overload.envoy.overload_actions.{action}.active"
    for action in (
        "disable_http_keepalive",
        "shrink_heap",
        "stop_accepting_connections",
        "stop_accepting_requests",
    )
}


async def test_with_memory_to_spare_no_load_is_shed(brisk: Gateway) -> None:
    assert await shedding(brisk) == set()


async def test_load_is_shed_before_memory_ends(served: Backend, tmp_path: Path) -> None:
    """A heap that is smaller than what the gateway starts with."""
    limits = Limits.model_construct(**Limits().model_dump() | {"heap_megabytes": 2})
    async with run_gateway(tmp_path, served.port, limits=limits) as full:
        for _ in tries(within=PATIENCE):
            if await shedding(full) == SHEDDING:
                return
            await asyncio.sleep(0.1)
    raise AssertionError("the gateway goes on as if it had memory")


async def shedding(gateway: Gateway) -> set[str]:
    """What the gateway does against the lack of memory."""
    stats = await gateway.http.get(f"{gateway.admin}/stats?filter=overload_actions.*active")
    gauges = dict(line.split(": ") for line in stats.text.splitlines())
    assert set(gauges) >= SHEDDING
    return {name for name in SHEDDING if gauges[name] == "1"}
