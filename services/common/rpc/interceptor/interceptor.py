"""Wraps the handler of each method once and returns the wrapped one from then on."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import grpc

from services.common.audit.auditor import Auditor
from services.common.identity.gateway_proof import GatewayProof
from services.common.identity.policy import NOBODY, AccessRule
from services.common.identity.tokens import TokenVerifier
from services.common.limits.shares import CallShares
from services.common.rpc.interceptor.call import Call
from services.common.rpc.interceptor.call_log import CallLog
from services.common.rpc.interceptor.run_links import RunLinks
from services.common.rpc.message_limits import MessageLimit
from services.common.rpc.telemetry import CallTelemetry

__all__ = ["CallInterceptor"]

QUIET_METHODS: Final = frozenset(
    {"/grpc.health.v1.Health/Check", "/arcadia.common.v1.HealthService/GetHealth"}
)
"""Methods probed every few seconds, whose successes are not logged."""

# The stubs type synchronous handlers only; under grpc.aio they are coroutines.
Handler = Any


class CallInterceptor(grpc.aio.ServerInterceptor):
    """The interceptor of a server."""

    def __init__(
        self,
        rules: Mapping[str, AccessRule],
        verifier: TokenVerifier,
        telemetry: CallTelemetry | None = None,
        call_log: CallLog | None = None,
        links: RunLinks | None = None,
        *,
        tenant_roles_enforced: bool = False,
        message_limits: Mapping[str, MessageLimit] | None = None,
        shares: CallShares | None = None,
        auditor: Auditor | None = None,
        gateway: GatewayProof | None = None,
    ) -> None:
        self._gateway = gateway
        self._shares = shares
        self._rules = rules
        self._auditor = auditor
        self._tenant_roles_enforced = tenant_roles_enforced
        self._message_limits = message_limits or {}
        self._links = links
        self._verifier = verifier
        self._telemetry = telemetry
        self._call_log = call_log
        self._handlers: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """The wrapped handler of the called method."""
        method = handler_call_details.method
        wrapped = self._handlers.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None:  # no such method: gRPC returns UNIMPLEMENTED
                return handler
            wrapped = self._wrap(handler, method)
            self._handlers[method] = wrapped
        return wrapped

    def _wrap(self, handler: Handler, method: str) -> Handler:
        rule = self._rules.get(method, NOBODY)
        call = Call(
            method,
            rule,
            self._verifier,
            self._telemetry,
            None if method in QUIET_METHODS else self._call_log,
            self._links,
            self._shares,
            tenant_roles_enforced=self._tenant_roles_enforced,
            auditor=self._auditor,
            gateway=self._gateway,
        )
        if not handler.request_streaming:
            # Parse after the access check, so that a malformed message gets a status.
            call.parse = handler.request_deserializer
            call.limit = self._message_limits.get(method, call.limit)
        if not handler.response_streaming:
            call.serialize = handler.response_serializer  # here, where its size is counted
        codec = {
            "request_deserializer": (
                handler.request_deserializer if handler.request_streaming else None
            ),
            "response_serializer": handler.response_serializer if call.serialize is None else None,
        }
        if handler.request_streaming and handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(
                call.streaming(handler.stream_stream), **codec
            )
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                call.streaming(handler.unary_stream), **codec
            )
        if handler.request_streaming:
            return grpc.stream_unary_rpc_method_handler(call.unary(handler.stream_unary), **codec)
        return grpc.unary_unary_rpc_method_handler(call.unary(handler.unary_unary), **codec)
