"""The layers around one method: request id, access, share, parsing, audit, errors, log."""

import inspect
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, cast

import grpc
import structlog
from arcadia.common.v1 import access_pb2
from google.protobuf.message import DecodeError

from services.common.audit.auditor import Auditor
from services.common.audit.calls import current_audited_call
from services.common.errors import Internal, InvalidArgument, RequestTooLarge
from services.common.identity.callers import FormerCaller, current_caller, set_caller
from services.common.identity.gateway_proof import GatewayProof
from services.common.identity.policy import AccessRule, authorise
from services.common.identity.tokens import TokenVerifier
from services.common.limits.shares import CallShares, Turn
from services.common.rpc import requests
from services.common.rpc.interceptor.call_log import CallLog
from services.common.rpc.interceptor.refusals import abort, error_of, release
from services.common.rpc.interceptor.run_links import RunLinks
from services.common.rpc.interceptor.streams import OpenStreams, while_authenticated
from services.common.rpc.interceptor.write_audit import WriteAudit
from services.common.rpc.message_limits import MAX_FIELDS, MessageLimit, has_more_fields
from services.common.rpc.telemetry import CallTelemetry

__all__ = ["Call"]

LINKED: Final = frozenset({access_pb2.ACCESS_OPERATOR, access_pb2.ACCESS_TENANT})
"""Services whose responses may contain running workflows."""

Context = grpc.aio.ServicerContext[Any, Any]

log = structlog.get_logger("rpc")


class Call:
    """The layers around one method."""

    def __init__(
        self,
        method: str,
        rule: AccessRule,
        verifier: TokenVerifier,
        telemetry: CallTelemetry | None,
        call_log: CallLog | None,
        links: RunLinks | None,
        shares: CallShares | None,
        *,
        tenant_roles_enforced: bool,
        auditor: Auditor | None,
        gateway: GatewayProof | None,
    ) -> None:
        self.gateway = gateway
        self.audit = WriteAudit(method, auditor)
        self.links = links if rule.access in LINKED else None
        self.shares = shares
        self.method = method
        self.rule = rule
        self.access = rule.access
        self.tenant_roles_enforced = tenant_roles_enforced
        self.verifier = verifier
        self.telemetry = telemetry
        self.call_log = call_log
        self.parse: Callable[[bytes], Any] | None = None
        self.serialize: Callable[[Any], bytes] | None = None
        self.streams = OpenStreams(shares, limited=rule.access in LINKED)
        self.limit = MessageLimit()

    def unary(self, behaviour: Callable[[Any, Context], Awaitable[Any]]) -> Any:
        """Wraps a unary method."""

        async def call(request: Any, context: Context) -> Any:
            started = time.perf_counter()
            turn: Turn | None = None
            answer_bytes = 0
            try:
                await self._enter(context)
                turn = await self._turn(request)
                response = await behaviour(self._parsed(request), context)
                await self.audit.answered()
                if self.links is not None and current_caller().is_operator:
                    self.links.fill(response)
                if self.serialize is not None:
                    response = self.serialize(response)
                    answer_bytes = len(response)
                if headers := requests.answer_headers():
                    await context.send_initial_metadata(tuple(headers.items()))
            except Exception as error:  # noqa: BLE001  (answered as a status)
                await self.audit.refused(error, request, self._parsed)
                await self._refuse(error, context, started)
                return None  # gRPC knows that it was aborted
            except BaseException:
                self._ended_early(started)
                raise
            finally:
                if turn is not None:
                    turn.leave(answer_bytes)
            self._done(started)
            return response

        if self.telemetry is None:
            return call
        span = self.telemetry.span

        async def traced(request: Any, context: Context) -> Any:
            with span(self.method, context.invocation_metadata() or ()):
                return await call(request, context)

        return traced

    def streaming(self, behaviour: Callable[[Any, Context], AsyncIterator[Any]]) -> Any:
        """Wraps a method with a response stream."""
        if not inspect.isasyncgenfunction(behaviour):
            # gRPC's health service writes to its stream itself and returns at the end.
            return self.unary(cast("Callable[[Any, Context], Awaitable[Any]]", behaviour))

        async def call(request: Any, context: Context) -> AsyncIterator[Any]:
            started = time.perf_counter()
            try:
                authorization = await self._enter(context)
                # A stream waits for its turn to begin; open ones are counted by themselves.
                if (turn := await self._turn(request)) is not None:
                    turn.leave()
                parsed = self._parsed(request)
                with self.streams.counted():
                    answers = cast("AsyncGenerator[Any]", behaviour(parsed, context))
                    async with (
                        aclosing(answers),
                        aclosing(self._while_authenticated(answers, authorization)) as responses,
                    ):
                        async for response in responses:
                            yield response
            except Exception as error:  # noqa: BLE001  (answered as a status)
                await self._refuse(error, context, started)
                return
            except BaseException:
                self._ended_early(started)
                raise
            self._done(started)

        if self.telemetry is None:
            return call
        span = self.telemetry.span

        async def traced(request: Any, context: Context) -> AsyncIterator[Any]:
            with span(self.method, context.invocation_metadata() or ()):
                async for response in call(request, context):
                    yield response

        return traced

    def _while_authenticated(
        self, answers: AsyncGenerator[Any], authorization: str | None
    ) -> AsyncGenerator[Any]:
        if self.access == access_pb2.ACCESS_PUBLIC or current_caller().is_service:
            return answers
        return while_authenticated(answers, self.verifier, authorization)

    async def _turn(self, request: Any) -> Turn | None:
        """Waits for the caller's share; None if calls are not counted."""
        if self.shares is None or self.access == access_pb2.ACCESS_PUBLIC:
            return None
        size = len(request) if isinstance(request, bytes) else 0
        return await self.shares.enter(current_caller(), size)

    def _parsed(self, request: Any) -> Any:
        """The message of a request; gRPC parses streams of requests itself."""
        if self.parse is None:
            return request
        if len(request) > self.limit.max_bytes:
            raise RequestTooLarge(self.limit.max_bytes)
        internal = self.rule.access == access_pb2.ACCESS_INTERNAL
        if not internal and has_more_fields(request, self.limit.kind):
            raise RequestTooLarge(MAX_FIELDS, "fields")
        try:
            parsed = self.parse(request)
        except DecodeError:
            raise InvalidArgument("request", "is not a well-formed message") from None
        if call := current_audited_call():
            call.request = parsed
        return parsed

    async def _enter(self, context: Context) -> str | None:
        """Sets the request id, authenticates and authorizes the caller.

        Returns the authorization value.
        """
        received = requests.read_metadata(context.invocation_metadata() or ())
        requests.set_request_id(received.request_id)
        proven = self.gateway is not None and self.gateway.holds(received.proof)
        requests.set_address(received.address if proven else "", context.peer())
        if (seconds := context.time_remaining()) is not None:
            requests.set_deadline(seconds)
        if self.access == access_pb2.ACCESS_PUBLIC:
            return None
        await self._prove(received.authorization, context)
        return received.authorization

    async def _prove(self, authorization: str | None, context: Context) -> None:
        """Authenticates and authorizes the caller."""
        internal = self.access == access_pb2.ACCESS_INTERNAL
        try:
            caller = await self.verifier.prove(authorization, internal=internal)
        except FormerCaller as refused:
            self.audit.begin(refused.caller, context)
            raise
        audited = self.audit.begin(caller, context)
        caller = authorise(caller, self.rule, tenant_roles_enforced=self.tenant_roles_enforced)
        set_caller(caller)
        if audited is not None:
            audited.caller = caller  # who may act as an operator in this RPC

    def _done(self, started: float) -> None:
        elapsed = time.perf_counter() - started
        if self.telemetry is not None:
            self.telemetry.record(self.method, "OK", elapsed)
        if self.call_log is not None:
            self.call_log.answered(self.method, elapsed)

    def _ended_early(self, started: float) -> None:
        """Logs that the caller disconnected or its deadline expired."""
        elapsed = time.perf_counter() - started
        if self.telemetry is not None:
            self.telemetry.record(self.method, "CANCELLED", elapsed)
        log.info("call ended early", rpc=self.method, ms=round(elapsed * 1000, 2))

    async def _refuse(self, error: Exception, context: Context, started: float) -> None:
        """Aborts the call with the status of an error, and logs it."""
        if isinstance(error, grpc.aio.AbortError):  # from a handler that set the status itself
            self._ended_early(started)
            release(error)
            return
        known = error_of(error)
        elapsed = time.perf_counter() - started
        if self.telemetry is not None:
            self.telemetry.record(self.method, known.reason, elapsed)
        details = {"rpc": self.method, "status": known.reason, "ms": round(elapsed * 1000, 2)}
        if isinstance(known, Internal):
            log.error("call failed", exc_info=error, **details)
        else:
            log.warning("call refused", message=known.message, **details)
        await abort(known, context)
