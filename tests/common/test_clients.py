"""Calls between our programs: authenticated, named, with deadlines and retries."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import Context
from typing import Any

import grpc
import pytest
from arcadia.common.v1 import access_pb2
from google.protobuf import empty_pb2

from services.common.identity.callers import current_caller
from services.common.identity.policy import AccessRule
from services.common.identity.tokens import TokenVerifier
from services.common.rpc.clients import DEADLINE_SECONDS, connect
from services.common.rpc.interceptor.interceptor import CallInterceptor
from services.common.rpc.requests import current_request_id, set_deadline, set_request_id
from services.common.settings import Service, Settings

SERVICE = "arcadia.test.v1.CalledService"
METHODS = ("One", "Stream", "Upload")
ROUNDED_UP = 1.1
"""gRPC sends a deadline in a few digits, and rounds it up."""

CODEC: Any = {
    "request_deserializer": empty_pb2.Empty.FromString,
    "response_serializer": empty_pb2.Empty.SerializeToString,
}


class Called:
    """A service that notes who called, with which id and how much time."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, float | None]] = []
        self.unavailable = 0

    def note(self, context: Any) -> None:
        self.calls.append(
            (current_caller().subject, current_request_id(), context.time_remaining())
        )

    async def one(self, _: empty_pb2.Empty, context: Any) -> empty_pb2.Empty:
        self.note(context)
        if self.unavailable:
            self.unavailable -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        return empty_pb2.Empty()

    async def stream(self, _: empty_pb2.Empty, context: Any) -> AsyncIterator[empty_pb2.Empty]:
        self.note(context)
        yield empty_pb2.Empty()

    async def upload(self, requests: AsyncIterator[Any], context: Any) -> empty_pb2.Empty:
        self.note(context)
        async for _ in requests:
            pass
        return empty_pb2.Empty()


@pytest.fixture
async def called() -> AsyncIterator[tuple[Called, grpc.aio.Channel]]:
    backend = Called()
    settings = Settings()
    rules = {
        f"/{SERVICE}/{method}": AccessRule(
            access_pb2.ACCESS_INTERNAL, programs=frozenset({"worker"})
        )
        for method in METHODS
    }
    server = grpc.aio.server(interceptors=[CallInterceptor(rules, TokenVerifier(settings))])
    handlers = {
        "One": grpc.unary_unary_rpc_method_handler(backend.one, **CODEC),
        "Stream": grpc.unary_stream_rpc_method_handler(backend.stream, **CODEC),
        "Upload": grpc.stream_unary_rpc_method_handler(backend.upload, **CODEC),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    settings = Settings(inventory_address=f"127.0.0.1:{port}")
    async with connect(settings, Service.INVENTORY, caller="worker") as channel:
        yield backend, channel
    await server.stop(None)


async def call(channel: grpc.aio.Channel, method: str, **options: Any) -> None:
    """Calls a method in the way that it is called."""
    path = f"/{SERVICE}/{method}"
    codec: Any = {
        "request_serializer": empty_pb2.Empty.SerializeToString,
        "response_deserializer": empty_pb2.Empty.FromString,
    }
    if method == "One":
        await channel.unary_unary(path, **codec)(empty_pb2.Empty(), **options)
    elif method == "Stream":
        async for _ in channel.unary_stream(path, **codec)(empty_pb2.Empty(), **options):
            pass
    else:
        await channel.stream_unary(path, **codec)(iter([empty_pb2.Empty()] * 3), **options)


@pytest.mark.parametrize("method", METHODS)
async def test_a_call_is_proven_and_keeps_the_id_of_the_request_that_it_serves(
    called: tuple[Called, grpc.aio.Channel], method: str
) -> None:
    backend, channel = called
    set_request_id("request-7")
    await call(channel, method)
    [(subject, request_id, remaining)] = backend.calls
    assert (subject, request_id) == ("worker", "request-7")
    assert remaining is not None
    assert remaining <= DEADLINE_SECONDS * ROUNDED_UP


async def test_a_call_outside_a_request_gets_a_new_id(
    called: tuple[Called, grpc.aio.Channel],
) -> None:
    backend, channel = called

    async def call_twice() -> None:
        await call(channel, "One")
        await call(channel, "One")

    # A test before may have set an id in the context that tests share.
    await asyncio.create_task(call_twice(), context=Context())
    assert len({request_id for _, request_id, _ in backend.calls} - {""}) == 2


@pytest.mark.parametrize("method", METHODS)
async def test_a_peer_is_not_awaited_beyond_the_callers_deadline(
    called: tuple[Called, grpc.aio.Channel], method: str
) -> None:
    backend, channel = called
    set_deadline(5.0)
    await call(channel, method, timeout=20.0)
    assert backend.calls[0][2] is not None
    assert backend.calls[0][2] <= 5.0 * ROUNDED_UP


async def test_calls_to_an_unavailable_service_are_retried(
    called: tuple[Called, grpc.aio.Channel],
) -> None:
    backend, channel = called
    backend.unavailable = 2
    await call(channel, "One")
    assert len(backend.calls) == 3


async def test_a_lasting_outage_is_reported(
    called: tuple[Called, grpc.aio.Channel],
) -> None:
    backend, channel = called
    backend.unavailable = 100
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(channel, "One")
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert len(backend.calls) == 4
