"""The interceptor of every RPC: request id, access, errors, and one log line.

A single interceptor, because each layer adds cost. It wraps a method's handler once and returns the
wrapped one from then on.
"""

import asyncio
import inspect
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager, suppress
from typing import Any, Final, NoReturn, cast

import grpc
import structlog
from arcadia.common.v1 import access_pb2
from google.protobuf import struct_pb2
from google.protobuf.message import DecodeError

from services.common.audit.auditor import Auditor
from services.common.audit.calls import AuditedCall, current_audited_call
from services.common.errors import (
    HTTP_STATUS_KEY,
    ArcadiaError,
    Internal,
    InvalidArgument,
    RequestTooLarge,
    ResourceExhausted,
    TooManyCalls,
    Unimplemented,
    to_status,
)
from services.common.identity.callers import Caller, FormerCaller, current_caller, set_caller
from services.common.identity.gateway_proof import GatewayProof
from services.common.identity.policy import NOBODY, AccessRule, authorise
from services.common.identity.tokens import TokenVerifier
from services.common.limits.declared import WATCH_STREAMS
from services.common.limits.shares import CallShares, Turn
from services.common.rpc import requests
from services.common.rpc.call_log import CallLog
from services.common.rpc.message_limits import MAX_FIELDS, MessageLimit, has_more_fields
from services.common.rpc.run_links import RunLinks
from services.common.rpc.telemetry import CallTelemetry

__all__ = ["CallInterceptor"]

QUIET_METHODS: Final = frozenset(
    {"/grpc.health.v1.Health/Check", "/arcadia.common.v1.HealthService/GetHealth"}
)
"""Methods probed every few seconds, whose successes are not logged."""

LINKED: Final = frozenset({access_pb2.ACCESS_OPERATOR, access_pb2.ACCESS_TENANT})
"""Services whose responses may contain running workflows."""

MAX_REFUSED_BYTES: Final = 4 * 1024
"""The longest request that is parsed for the audit entry of a refused call."""

# The stubs type synchronous handlers only; under grpc.aio they are coroutines.
Handler = Any
Context = grpc.aio.ServicerContext[Any, Any]

log = structlog.get_logger("rpc")


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
        call = _Call(
            method,
            rule,
            self._verifier,
            self._telemetry,
            None if method in QUIET_METHODS else self._call_log,
            self._links if rule.access in LINKED else None,
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


class _Call:
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
        self.auditor = auditor
        self.write = auditor.write_of(method) if auditor is not None else None
        self.links = links
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
        self.streams: Counter[str] = Counter()
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
                await self._audit_answer()
                if self.links is not None and current_caller().is_operator:
                    self.links.fill(response)
                if self.serialize is not None:
                    response = self.serialize(response)
                    answer_bytes = len(response)
                if headers := requests.answer_headers():
                    await context.send_initial_metadata(tuple(headers.items()))
            except Exception as error:  # noqa: BLE001  (answered as a status)
                await self._audit_refusal(error, request)
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
                with self._counted():
                    answers = cast("AsyncGenerator[Any]", behaviour(parsed, context))
                    async with (
                        aclosing(answers),
                        aclosing(self._while_proven(answers, authorization)) as proven,
                    ):
                        async for response in proven:
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

    async def _turn(self, request: Any) -> Turn | None:
        """Waits for the caller's share; None if calls are not counted."""
        if self.shares is None or self.access == access_pb2.ACCESS_PUBLIC:
            return None
        size = len(request) if isinstance(request, bytes) else 0
        return await self.shares.enter(current_caller(), size)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Counts a stream of a tenant or an operator; services are not limited.

        Raises ResourceExhausted if they have too many open streams of this method.
        """
        if self.rule.access not in LINKED or current_caller().is_service:
            yield
            return
        caller = current_caller()
        most = WATCH_STREAMS.default if self.shares is None else self.shares.streams(caller)
        whose = f"operator {caller.subject}" if caller.is_operator else f"tenant {caller.tenant_id}"
        if self.streams[whose] >= most:
            raise ResourceExhausted(
                f"this {whose.partition(' ')[0]} has {most} such streams open",
                reason="TOO_MANY_STREAMS",
            )
        self.streams[whose] += 1
        try:
            yield
        finally:
            self.streams[whose] -= 1
            if not self.streams[whose]:
                del self.streams[whose]

    async def _while_proven(
        self, answers: AsyncIterator[Any], authorization: str | None
    ) -> AsyncGenerator[Any]:
        """The responses of a stream, while the caller's token or key is valid.

        Raises the authentication error when it expires, is revoked, or cannot be verified.
        """
        if self.access == access_pb2.ACCESS_PUBLIC or current_caller().is_service:
            async for answer in answers:
                yield answer
            return
        clock: asyncio.Timeout | None = None
        proof = asyncio.create_task(self.verifier.until_unproven(authorization, current_caller()))

        def interrupt(done: asyncio.Task[NoReturn]) -> None:
            if not done.cancelled() and done.exception() and clock is not None:
                clock.reschedule(asyncio.get_running_loop().time())

        proof.add_done_callback(interrupt)
        try:
            while not proof.done():
                try:
                    async with asyncio.timeout(None) as clock:
                        answer = await anext(answers)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    if not proof.done():
                        raise
                    break
                finally:
                    clock = None
                yield answer
            await proof  # raises the reason
        finally:
            proof.cancel()

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
            self._begin_audit(refused.caller, context)
            raise
        audited = self._begin_audit(caller, context)
        caller = authorise(caller, self.rule, tenant_roles_enforced=self.tenant_roles_enforced)
        set_caller(caller)
        if audited is not None:
            audited.caller = caller  # who may act as an operator in this RPC

    def _begin_audit(self, caller: Caller, context: Context) -> AuditedCall | None:
        if self.auditor is None or self.write is None:
            return None
        return self.auditor.begin(self.write, caller, context)

    async def _audit_answer(self) -> None:
        """Records a completed write."""
        call = current_audited_call()
        if self.auditor is not None and call is not None:
            await self.auditor.answered(call)

    async def _audit_refusal(self, error: Exception, request: Any) -> None:
        """Records a refused write of an authenticated caller.

        Raises nothing: the caller gets its response in any case.
        """
        call = current_audited_call()
        if self.auditor is None or call is None or isinstance(error, grpc.aio.AbortError):
            return
        # Refused before it was parsed; parsing would cost too much for a caller with too many
        # calls.
        try:
            if call.request is None and not isinstance(error, TooManyCalls):
                call.request = self._refused_request(request)
            await self.auditor.refused(call, _known(error))
        except Exception:
            log.exception(
                "a refused write was not recorded", rpc=self.method, actor=call.caller.subject
            )
        call.request = None

    def _refused_request(self, request: Any) -> Any:
        """The request of a refused call, which is parsed only if it is short.

        A caller who may not call this method must not make the service parse a large message.
        """
        if self.parse is not None and len(request) > MAX_REFUSED_BYTES:
            unread = struct_pb2.Struct()
            unread.update({"…": f"[{len(request)} bytes, not read]"})
            return unread
        with suppress(ArcadiaError):
            return self._parsed(request)
        return None

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
        """Aborts the call with the status of an error; hides the text of an unexpected one.

        It returns normally: gRPC stores the exception that `abort` raises and ends the call with
        it. The handler must not re-raise it, because its traceback references the request and the
        call references the exception, which is a reference cycle.
        """
        if isinstance(error, grpc.aio.AbortError):  # from a handler that set the status itself
            self._ended_early(started)
            _let_go(error)
            return
        known = _known(error)
        elapsed = time.perf_counter() - started
        if self.telemetry is not None:
            self.telemetry.record(self.method, known.reason, elapsed)
        details = {"rpc": self.method, "status": known.reason, "ms": round(elapsed * 1000, 2)}
        if isinstance(known, Internal):
            log.error("call failed", exc_info=error, **details)
        else:
            log.warning("call refused", message=known.message, **details)
        answer = to_status(known)
        trailing = (*(answer.trailing_metadata or ()), *known.headers.items())
        if known.http_status is not None:
            trailing = (*trailing, (HTTP_STATUS_KEY, str(known.http_status)))
        try:
            await context.abort(answer.code, answer.details, trailing)
        except grpc.aio.AbortError as aborted:
            _let_go(aborted)


def _let_go(aborted: grpc.aio.AbortError) -> None:
    """Removes the references from gRPC's stored exception to the request.

    These are the handled error and the traceback frames.
    """
    aborted.__traceback__ = aborted.__context__ = None


def _known(error: BaseException) -> ArcadiaError:
    """Converts an exception to an error of this system."""
    if isinstance(error, ArcadiaError):
        return error
    if isinstance(error, NotImplementedError):  # raised by the generated base class
        return Unimplemented()
    return Internal()
