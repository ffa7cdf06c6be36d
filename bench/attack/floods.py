"""Attacks that send too much: large bodies, many values, many requests."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from typing import Any, Final

import grpc
from arcadia.analytics.v1 import usage_pb2, usage_service_pb2
from arcadia.catalog.v1 import quote_service_pb2
from arcadia.inventory.v1 import inventory_service_pb2

from bench.attack.connections import Outcomes, all_of, connected
from bench.attack.target import ADDRESS, Target
from services.common.identity.api_keys import new_secret, written_key

__all__ = [
    "health",
    "large_bodies",
    "made_up_keys",
    "many_values",
    "one_tenant",
    "refused_quotes",
]

BODY: Final = b'{"plan_code": "' + b"x" * 4_700_000 + b'"}'
LARGEST: Final = 2 * 2**20
"""The largest body that any route allows: that of usage events."""


async def large_bodies(target: Target, outcomes: Outcomes) -> None:
    """Quotes of 4.7 MB, in sequence on each connection."""
    head = _head("/api/v1/quote", target.tenant_token, len(BODY))

    async def one() -> None:
        while True:
            outcomes[await _refused_or_answered(target, outcomes, head, BODY)] += 1

    await all_of(one() for _ in range(12))


async def many_values(target: Target, outcomes: Outcomes) -> None:
    """The largest allowed requests with usage events, all empty; every other one over gRPC."""
    request = usage_service_pb2.SendUsageEventsRequest(
        events=[usage_pb2.UsageEvent()] * (LARGEST // 2 - 100)
    ).SerializeToString()
    body = b'{"events": [' + b"{}," * (LARGEST // 3 - 10) + b"{}]}"
    head = _head("/api/v1/usage-events", target.operator_token, len(body))

    async def over_http() -> None:
        while True:
            outcomes[await _refused_or_answered(target, outcomes, head, body)] += 1

    async def over_grpc(channel: grpc.aio.Channel, token: str) -> None:
        send: Any = channel.unary_unary("/arcadia.analytics.v1.UsageService/SendUsageEvents")
        while True:
            try:
                await send(request, metadata=(("authorization", f"Bearer {token}"),))
                outcomes["answered"] += 1
            except grpc.aio.AioRpcError as error:
                outcomes[error.code().name.lower()] += 1
                await asyncio.sleep(0.1)

    async with grpc.aio.insecure_channel(f"{ADDRESS}:{target.port}") as channel:
        await all_of(
            over_http() if number % 2 else over_grpc(channel, target.operator_tokens[1])
            for number in range(12)
        )


async def health(target: Target, outcomes: Outcomes) -> None:
    """Anonymous callers who request the health continuously."""
    request = b"GET /api/health HTTP/1.1\r\nhost: gateway\r\n\r\n"
    await all_of(_asking(target, outcomes, lambda: request) for _ in range(400))


async def made_up_keys(target: Target, outcomes: Outcomes) -> None:
    """Callers with well-formed, unknown API keys, a different one each time."""

    def request() -> bytes:
        key = written_key(uuid.uuid4(), new_secret())
        head = f"GET /api/v1/deployments HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}"
        return f"{head}\r\n\r\n".encode()

    await all_of(_asking(target, outcomes, request) for _ in range(400))


async def one_tenant(target: Target, outcomes: Outcomes) -> None:
    """Lists of resources by callers of one tenant, directly to the service that others use too."""
    request = inventory_service_pb2.ListResourcesRequest(page_size=50).SerializeToString()

    async def one(channel: grpc.aio.Channel, token: str) -> None:
        lists: Any = channel.unary_unary("/arcadia.inventory.v1.InventoryService/ListResources")
        while True:
            try:
                await lists(request, metadata=(("authorization", f"Bearer {token}"),))
                outcomes["answered"] += 1
            except grpc.aio.AioRpcError as error:
                outcomes[error.code().name.lower()] += 1

    async with contextlib.AsyncExitStack() as stack:
        options = [("grpc.use_local_subchannel_pool", 1)]
        channels = [
            await stack.enter_async_context(
                grpc.aio.insecure_channel(target.inventory, options=options)
            )
            for _ in range(10)
        ]
        tokens = target.tenant_tokens
        await all_of(
            one(channels[number % 10], tokens[number % len(tokens)]) for number in range(500)
        )


async def refused_quotes(target: Target, outcomes: Outcomes) -> None:
    """Quotes of 4.7 MB directly to the service, 1,000 in all."""
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

        await all_of(one() for _ in range(4))


async def _asking(target: Target, outcomes: Outcomes, request: Callable[[], bytes]) -> None:
    """Sends requests without a body, each on a new connection, ten a second."""
    while True:
        async with connected(target, outcomes) as (reader, writer):
            while True:
                writer.write(request())
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
                await reader.readexactly(length)
                outcomes["answered" if head.startswith(b"HTTP/1.1 200") else "refused"] += 1
                await asyncio.sleep(0.1)


def _head(path: str, token: str, length: int) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    ).encode()


async def _refused_or_answered(target: Target, outcomes: Outcomes, head: bytes, body: bytes) -> str:
    """The outcome of a request on a connection of its own."""
    status: list[bytes] = []
    async with connected(target, outcomes) as (reader, writer):
        writer.write(head)
        reading = asyncio.create_task(reader.readline())
        with contextlib.suppress(ConnectionError):
            writer.write(body)
            await writer.drain()
        status = (await reading).split(b" ")[1:2]
    return "answered" if status == [b"200"] else "refused"
