"""Clients between programs: channels with service tokens, deadlines and retries."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import grpc
import orjson

from services.common.errors import Unavailable
from services.common.identity.tokens import ServiceTokens
from services.common.rpc import requests
from services.common.rpc.requests import IDEMPOTENCY_KEY, REQUEST_ID_KEY
from services.common.rpc.telemetry import trace_headers
from services.common.settings import Service, Settings

__all__ = ["answering", "connect", "open_channel"]

DEADLINE_SECONDS: Final = 30.0
"""Default deadline of calls."""

RETRIES: Final = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}
"""Retries only UNAVAILABLE.

A call without an idempotency key gets one before its first attempt, so that a write is carried out
once.
"""

CHANNEL_OPTIONS: Final = (
    ("grpc.service_config", orjson.dumps(RETRIES).decode()),
    ("grpc.enable_retries", 1),
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
    ("grpc.max_send_message_length", 32 * 1024 * 1024),
    ("grpc.keepalive_time_ms", 30_000),
)


class _Signing:
    """Adds the token, the request id and a deadline to a call."""

    def __init__(self, tokens: ServiceTokens) -> None:
        self._tokens = tokens

    async def signed(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        """Makes a call, with the additions."""
        call = client_call_details
        metadata = grpc.aio.Metadata(*(call.metadata or ()))
        metadata.add("authorization", self._tokens.authorization())
        metadata.add(REQUEST_ID_KEY, requests.current_request_id() or requests.new_request_id())
        if metadata.get(IDEMPOTENCY_KEY) is None:
            metadata.add(IDEMPOTENCY_KEY, str(uuid.uuid4()))
        for key, value in trace_headers().items():
            metadata.add(key, value)
        # gRPC does not propagate deadlines, so bound the call by the caller's deadline.
        left = requests.remaining_seconds()
        own = call.timeout or DEADLINE_SECONDS
        timeout = own if left is None else min(own, left)
        signed = grpc.aio.ClientCallDetails(
            call.method, timeout, metadata, call.credentials, call.wait_for_ready
        )
        return await continuation(signed, request)


# gRPC takes an interceptor for one kind of call only.
class _ServiceCall(_Signing, grpc.aio.UnaryUnaryClientInterceptor):
    """Signs a unary call."""

    intercept_unary_unary = _Signing.signed


class _ServiceStream(_Signing, grpc.aio.UnaryStreamClientInterceptor):
    """Signs a call with a response stream."""

    intercept_unary_stream = _Signing.signed


class _ServiceUpload(_Signing, grpc.aio.StreamUnaryClientInterceptor):
    """Signs a call with a request stream."""

    intercept_stream_unary: Any = _Signing.signed  # whose argument has another name


def open_channel(settings: Settings, service: Service, *, caller: str) -> grpc.aio.Channel:
    """A channel to a service, on which the program `caller` calls internal RPCs.

    It connects on first use, so that services may start in any order.
    """
    tokens = ServiceTokens(settings, caller)
    return grpc.aio.insecure_channel(
        settings.address(service),
        options=CHANNEL_OPTIONS,
        interceptors=[_ServiceCall(tokens), _ServiceStream(tokens), _ServiceUpload(tokens)],
    )


@asynccontextmanager
async def connect(
    settings: Settings, service: Service, *, caller: str
) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to a service, closed at the end of the block; see `open_channel`."""
    channel = open_channel(settings, service, caller=caller)
    try:
        yield channel
    finally:
        await channel.close()


@contextmanager
def answering(message: str, reason: str) -> Iterator[None]:
    """Raises Unavailable, with this message and reason, for a gRPC error in the block."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise Unavailable(message, reason=reason, metadata={"code": error.code().name}) from error
