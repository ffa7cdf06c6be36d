"""How our programs call each other: a channel with a service token, a deadline and retries."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc
import orjson

from services.common.identity.tokens import ServiceTokens
from services.common.rpc.requests import (
    IDEMPOTENCY_KEY,
    REQUEST_ID_KEY,
    current_request_id,
    new_request_id,
    remaining_seconds,
)
from services.common.rpc.telemetry import trace_headers
from services.common.settings import Service, Settings

__all__ = ["connect", "open_channel"]

DEADLINE_SECONDS: Final = 30.0
"""For calls that state none of their own."""

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
"""Only what certainly was not carried out, or may be carried out twice: a call that names no
key of its own gets one before its first try, so that a write is done once."""

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

    def signed(self, call: grpc.aio.ClientCallDetails) -> grpc.aio.ClientCallDetails:
        """The call with what we add to every one."""
        metadata = grpc.aio.Metadata(*(call.metadata or ()))
        metadata.add("authorization", self._tokens.authorization())
        metadata.add(REQUEST_ID_KEY, current_request_id() or new_request_id())
        if metadata.get(IDEMPOTENCY_KEY) is None:
            metadata.add(IDEMPOTENCY_KEY, str(uuid.uuid4()))
        for key, value in trace_headers().items():
            metadata.add(key, value)
        # A deadline does not travel by itself: nobody waits for an answer after the caller's.
        left = remaining_seconds()
        own = call.timeout or DEADLINE_SECONDS
        return grpc.aio.ClientCallDetails(
            call.method,
            own if left is None else min(own, left),
            metadata,
            call.credentials,
            call.wait_for_ready,
        )


class _ServiceCall(_Signing, grpc.aio.UnaryUnaryClientInterceptor):
    """Signs a call with one answer."""

    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        return await continuation(self.signed(client_call_details), request)


class _ServiceStream(_Signing, grpc.aio.UnaryStreamClientInterceptor):
    """Signs a call with a stream of answers."""

    async def intercept_unary_stream(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        return await continuation(self.signed(client_call_details), request)


class _ServiceUpload(_Signing, grpc.aio.StreamUnaryClientInterceptor):
    """Signs a call with a stream of requests."""

    async def intercept_stream_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request_iterator: Any,
    ) -> Any:
        return await continuation(self.signed(client_call_details), request_iterator)


def open_channel(settings: Settings, service: Service, *, caller: str) -> grpc.aio.Channel:
    """A channel to a service, on which `caller`, one of our own programs, calls internal RPCs.

    Connects when it is first used, so that a service may start before those it asks.
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
    """A channel to a service, closed at the end of the block: see `open_channel`."""
    channel = open_channel(settings, service, caller=caller)
    try:
        yield channel
    finally:
        await channel.close()
