"""A finished call frees its memory without a garbage collection.

Services collect seldom, so a reference cycle around a refused request would keep its body.
"""

import asyncio
import contextlib
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
import structlog

from services.common.errors import InvalidArgument
from services.common.identity.policy import ANYBODY
from services.common.identity.tokens import TokenVerifier
from services.common.rpc.interceptor.interceptor import CallInterceptor
from services.common.rpc.message_limits import MessageLimit
from services.common.settings import Settings
from tests.support.waiting import tries

SERVICE = "arcadia.test.v1.TestService"
METHODS = {"Refused", "Failed", "Aborted", "Stream", "BrokenStream", "Hanging"}
LIMIT = 1_000
"""Bytes of a message to `Refused`."""


class Request:
    """A message that can be watched."""


@dataclass
class Backend:
    """A server whose methods refuse, fail and hang; it watches what they were given."""

    port: int = 0
    given: list[weakref.ref[Request]] = field(default_factory=list)
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    def parse(self, _: bytes) -> Request:
        request = Request()
        self.given.append(weakref.ref(request))
        return request

    @property
    def held(self) -> list[Request]:
        """The requests that somebody still holds."""
        return [request for watched in self.given if (request := watched()) is not None]

    async def freed(self) -> bool:
        """Whether all that was given is let go of; gRPC ends a call a moment after its answer."""
        for _ in tries(within=20):
            if not self.held:
                return True
            await asyncio.sleep(0.01)
        return False

    async def refused(self, request: Request, context: Any) -> bytes:
        raise InvalidArgument("usage", "is too long")

    async def failed(self, request: Request, context: Any) -> bytes:
        raise RuntimeError(request)

    async def aborted(self, request: Request, context: Any) -> bytes:
        await context.abort(grpc.StatusCode.NOT_FOUND, "not here")
        return b""

    async def stream(self, request: Request, context: Any) -> AsyncIterator[bytes]:
        raise InvalidArgument("usage", "is too long")
        yield b""

    async def broken_stream(self, request: Request, context: Any) -> AsyncIterator[bytes]:
        yield b"first"
        raise InvalidArgument("usage", "is too long")

    async def hanging(self, request: Request, context: Any) -> bytes:
        self.entered.set()
        await asyncio.Event().wait()
        return b""


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    served = Backend()
    unary = {"Refused": served.refused, "Failed": served.failed, "Aborted": served.aborted,
             "Hanging": served.hanging}  # fmt: skip  # a table
    streams = {"Stream": served.stream, "BrokenStream": served.broken_stream}
    handlers: dict[str, Any] = {
        name: grpc.unary_unary_rpc_method_handler(method, request_deserializer=served.parse)
        for name, method in unary.items()
    } | {
        name: grpc.unary_stream_rpc_method_handler(method, request_deserializer=served.parse)
        for name, method in streams.items()
    }
    access = {f"/{SERVICE}/{name}": ANYBODY for name in METHODS}
    interceptor = CallInterceptor(
        access,
        TokenVerifier(Settings()),
        message_limits={f"/{SERVICE}/Refused": MessageLimit(LIMIT)},
    )
    server = grpc.aio.server(interceptors=[interceptor])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    served.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield served
    await server.stop(None)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """No round of the collector, and a log that is written as the services write it."""
    former = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    structlog.configure(**former)


async def refusal(channel: grpc.aio.Channel, method: str) -> grpc.StatusCode:
    streams = method.endswith("Stream")
    calling: Any = channel.unary_stream if streams else channel.unary_unary
    call = calling(f"/{SERVICE}/{method}")(b"")
    with contextlib.suppress(grpc.aio.AioRpcError):
        _ = [answer async for answer in call] if streams else await call
    code: grpc.StatusCode = await call.code()
    return code


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("Refused", grpc.StatusCode.INVALID_ARGUMENT),
        ("Failed", grpc.StatusCode.INTERNAL),
        ("Aborted", grpc.StatusCode.NOT_FOUND),
        ("Stream", grpc.StatusCode.INVALID_ARGUMENT),
        ("BrokenStream", grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_a_refused_call_lets_go_of_its_request(
    backend: Backend, method: str, code: grpc.StatusCode
) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{backend.port}") as channel:
        assert {await refusal(channel, method) for _ in range(3)} == {code}
    assert len(backend.given) == 3
    assert await backend.freed()


@pytest.mark.usefixtures("no_collector")
async def test_a_disconnected_caller_leaves_no_resources(backend: Backend) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{backend.port}") as channel:
        calling: Any = channel.unary_unary(f"/{SERVICE}/Hanging")
        call = calling(b"")
        await backend.entered.wait()
        call.cancel()
    assert len(backend.given) == 1
    assert await backend.freed()


async def test_a_request_over_the_limit_of_its_method_is_refused_unread(backend: Backend) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{backend.port}") as channel:
        calling: Any = channel.unary_unary(f"/{SERVICE}/Refused")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await calling(b"x" * (LIMIT + 1))
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert backend.given == []
        with pytest.raises(grpc.aio.AioRpcError) as judged:
            await calling(b"x" * LIMIT)
        assert judged.value.code() is grpc.StatusCode.INVALID_ARGUMENT
