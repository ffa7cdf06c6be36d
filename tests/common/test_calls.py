"""The interceptor of RPCs, on a real server: access, errors, request ids, the log."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import grpc
import pytest
from arcadia.common.v1 import access_pb2
from google.protobuf import empty_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.common import errors
from services.common.identity.callers import current_caller
from services.common.identity.gateway_proof import GatewayProof, gateway_proof
from services.common.identity.policy import AccessRule
from services.common.identity.tokens import ServiceTokens, TokenVerifier, mint_user_token
from services.common.limits import shares
from services.common.limits.known import KnownLimits
from services.common.limits.shares import CallShares
from services.common.rpc.interceptor.interceptor import CallInterceptor
from services.common.rpc.requests import (
    ADDRESS_KEY,
    GATEWAY_KEY,
    current_address,
    current_request_id,
)
from services.common.settings import Settings
from tests.support.waiting import tries

Token = str | Callable[[], str]
"""As it is, or how it is made: one that was made at the collection would grow old."""

SETTINGS = Settings()
SERVICE = "arcadia.test.v1.TestService"
ACCESS = {
    "Public": access_pb2.ACCESS_PUBLIC,
    "Authenticated": access_pb2.ACCESS_AUTHENTICATED,
    "Tenant": access_pb2.ACCESS_TENANT,
    "Operator": access_pb2.ACCESS_OPERATOR,
    "Internal": access_pb2.ACCESS_INTERNAL,
    "Stream": access_pb2.ACCESS_TENANT,
}

OPERATOR = partial(mint_user_token, SETTINGS, subject="op", roles=["platform-admin"])
MEMBER = partial(mint_user_token, SETTINGS, subject="m", roles=["member"], tenant_id="acme")
TENANT_ADMIN = partial(mint_user_token, SETTINGS, subject="a", roles=["admin"], tenant_id="acme")
UNDERSCORE = partial(
    mint_user_token, SETTINGS, subject="u", roles=["platform_admin"], tenant_id="acme"
)
HOMELESS = partial(mint_user_token, SETTINGS, subject="h", roles=["member"])
SERVICE_TOKEN = "a worker's, which lives for minutes: made for each call"
SERVICE_TOKENS = ServiceTokens(SETTINGS, "worker")


def bearer(token: Token) -> str:
    """The header's value, of a token that is made now."""
    if token is SERVICE_TOKEN:
        return SERVICE_TOKENS.authorization()
    return f"Bearer {token if isinstance(token, str) else token()}"


@dataclass
class Backend:
    """A served method whose behaviour a test chooses."""

    port: int = 0
    failure: BaseException | None = None
    seen: list[tuple[str, str]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    waiting: asyncio.Event | None = None

    async def unary(self, request: empty_pb2.Empty, context: Any) -> empty_pb2.Empty:
        try:
            subject = current_caller().subject
        except errors.Unauthenticated:
            subject = ""
        self.seen.append((subject, current_request_id()))
        self.addresses.append(current_address())
        if self.waiting is not None:
            await self.waiting.wait()
        if self.failure is not None:
            raise self.failure
        return empty_pb2.Empty()

    async def stream(
        self, request: empty_pb2.Empty, context: Any
    ) -> AsyncIterator[empty_pb2.Empty]:
        yield empty_pb2.Empty()
        await self.unary(request, context)
        yield empty_pb2.Empty()


async def raised(tenant_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """What an operator set: for one tenant only."""
    return {"initech": {"watch_streams": 3, "concurrent_calls": 2, "calls_per_second": 1_000}}


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    served = Backend()
    around = CallInterceptor(
        {
            f"/{SERVICE}/{name}": AccessRule(access, programs=frozenset({"worker"}))
            for name, access in ACCESS.items()
        },
        TokenVerifier(SETTINGS),
        shares=CallShares(KnownLimits(raised)),
        gateway=GatewayProof(SETTINGS),
    )
    codec: dict[str, Any] = {
        "request_deserializer": empty_pb2.Empty.FromString,
        "response_serializer": empty_pb2.Empty.SerializeToString,
    }
    handlers: dict[str, Any] = {
        name: grpc.unary_unary_rpc_method_handler(served.unary, **codec)
        for name in [*ACCESS, "Undeclared"]
    } | {"Stream": grpc.unary_stream_rpc_method_handler(served.stream, **codec)}
    server = grpc.aio.server(interceptors=[around])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    served.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield served
    await server.stop(None)


async def call(
    backend: Backend, method: str, token: Token | None = None, *more: tuple[str, str]
) -> None:
    metadata = [*([("authorization", bearer(token))] if token else []), *more]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{backend.port}") as channel:
        codec: dict[str, Any] = {
            "request_serializer": empty_pb2.Empty.SerializeToString,
            "response_deserializer": empty_pb2.Empty.FromString,
        }
        if method == "Stream":
            streaming = channel.unary_stream(f"/{SERVICE}/{method}", **codec)
            async for _ in streaming(empty_pb2.Empty(), metadata=metadata):
                pass
            return
        unary = channel.unary_unary(f"/{SERVICE}/{method}", **codec)
        await unary(empty_pb2.Empty(), metadata=metadata)


async def refusal(
    backend: Backend, method: str, token: Token | None = None
) -> tuple[grpc.StatusCode, str, status_pb2.Status, dict[str, Any]]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(backend, method, token)
    error = refused.value
    status = rpc_status.from_call(cast("grpc.Call", error))
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == "arcadia"
    return error.code(), info.reason, status, dict(error.trailing_metadata() or ())


UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
DENIED = grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("method", "token", "code", "reason"),
    [
        ("Authenticated", None, UNAUTHENTICATED, "TOKEN_MISSING"),
        ("Authenticated", SERVICE_TOKEN, UNAUTHENTICATED, "TOKEN_INVALID"),
        ("Tenant", None, UNAUTHENTICATED, "TOKEN_MISSING"),
        ("Tenant", HOMELESS, DENIED, "TENANT_REQUIRED"),
        ("Tenant", SERVICE_TOKEN, UNAUTHENTICATED, "TOKEN_INVALID"),
        ("Stream", HOMELESS, DENIED, "TENANT_REQUIRED"),
        ("Operator", MEMBER, DENIED, "OPERATOR_ONLY"),
        ("Operator", TENANT_ADMIN, DENIED, "OPERATOR_ONLY"),
        ("Operator", UNDERSCORE, DENIED, "OPERATOR_ONLY"),
        ("Operator", SERVICE_TOKEN, UNAUTHENTICATED, "TOKEN_INVALID"),
        ("Internal", None, UNAUTHENTICATED, "TOKEN_MISSING"),
        ("Internal", OPERATOR, UNAUTHENTICATED, "TOKEN_INVALID"),
    ],
)
async def test_a_caller_without_the_declared_access_is_refused_before_anything_runs(
    backend: Backend, method: str, token: Token | None, code: grpc.StatusCode, reason: str
) -> None:
    assert (await refusal(backend, method, token))[:2] == (code, reason)
    assert backend.seen == []


@pytest.mark.parametrize(
    ("method", "token", "subject"),
    [
        ("Public", None, ""),
        ("Public", "rubbish", ""),
        ("Authenticated", HOMELESS, "h"),
        ("Tenant", MEMBER, "m"),
        ("Tenant", OPERATOR, "op"),
        ("Stream", MEMBER, "m"),
        ("Operator", OPERATOR, "op"),
        ("Internal", SERVICE_TOKEN, "worker"),
    ],
)
async def test_a_caller_with_the_declared_access_passes(
    backend: Backend, method: str, token: Token | None, subject: str
) -> None:
    await call(backend, method, token)
    assert backend.seen[0][0] == subject


async def test_a_method_that_declares_nothing_is_refused_to_everybody(backend: Backend) -> None:
    for token in (None, HOMELESS, MEMBER, OPERATOR, SERVICE_TOKEN):
        code, _, _, _ = await refusal(backend, "Undeclared", token)
        assert code in (UNAUTHENTICATED, DENIED)
    assert backend.seen == []


async def test_the_callers_of_parallel_calls_do_not_mix(backend: Backend) -> None:
    tokens = [MEMBER, OPERATOR, TENANT_ADMIN] * 20
    await asyncio.gather(*(call(backend, "Tenant", token) for token in tokens))
    await call(backend, "Public")
    assert sorted(subject for subject, _ in backend.seen) == sorted(["m", "op", "a"] * 20 + [""])
    assert backend.seen[-1][0] == ""


@pytest.mark.parametrize(
    ("failure", "code", "reason", "forced"),
    [
        (errors.NotFound("resource", "x"), "NOT_FOUND", "RESOURCE_NOT_FOUND", None),
        (errors.InvalidArgument("kind", "no"), "INVALID_ARGUMENT", "INVALID_ARGUMENT", None),
        (errors.FailedPrecondition("", reason="SHUT"), "FAILED_PRECONDITION", "SHUT", "422"),
        (errors.Aborted("", reason="RACE"), "ABORTED", "RACE", None),
        (errors.AlreadyExists("", reason="TAKEN"), "ALREADY_EXISTS", "TAKEN", None),
        (errors.ResourceExhausted("", reason="SLOW"), "RESOURCE_EXHAUSTED", "SLOW", None),
        (errors.Unavailable("", reason="DOWN"), "UNAVAILABLE", "DOWN", None),
        (NotImplementedError(), "UNIMPLEMENTED", "UNIMPLEMENTED", None),
        (KeyError("a secret in the text"), "INTERNAL", "INTERNAL", None),
    ],
)
@pytest.mark.parametrize("method", ["Tenant", "Stream"])
async def test_every_error_has_one_status_and_a_reason(
    backend: Backend,
    method: str,
    failure: Exception,
    code: str,
    reason: str,
    forced: str | None,
) -> None:
    backend.failure = failure
    answered, answered_reason, _, trailing = await refusal(backend, method, MEMBER)
    assert (answered.name, answered_reason) == (code, reason)
    assert trailing.get("x-http-code") == forced


async def test_a_bad_field_is_named_in_the_message_and_in_the_details(backend: Backend) -> None:
    backend.failure = errors.InvalidArgument(
        "page_size", "must not be negative", errors.FieldViolation("kind", "is unknown")
    )
    _, _, status, _ = await refusal(backend, "Tenant", MEMBER)
    assert status.message == "page_size: must not be negative"
    bad_request = error_details_pb2.BadRequest()
    assert status.details[1].Unpack(bad_request)
    assert [violation.field for violation in bad_request.field_violations] == ["page_size", "kind"]


async def test_the_text_of_an_unexpected_error_does_not_reach_the_caller(backend: Backend) -> None:
    backend.failure = RuntimeError("password=hunter2")
    _, _, status, _ = await refusal(backend, "Tenant", MEMBER)
    assert status.message == "internal error"
    assert "hunter2" not in str(status)


async def test_a_received_request_id_is_kept_and_a_bad_one_replaced(backend: Backend) -> None:
    await call(backend, "Tenant", MEMBER, ("x-request-id", "from-the-gateway-1"))
    await call(backend, "Tenant", MEMBER, ("x-request-id", "n" * 129))
    await call(backend, "Tenant", MEMBER)
    first, second, third = (request_id for _, request_id in backend.seen)
    assert first == "from-the-gateway-1"
    assert len({first, second, third}) == 3
    assert len(second) == len(third) == 36


async def test_the_callers_address_is_taken_from_the_gateway_and_from_nobody_else(
    backend: Backend,
) -> None:
    """Else a caller over gRPC picks the address that limits count and the audit log keeps."""
    told = (ADDRESS_KEY, "203.0.113.7")
    proof = gateway_proof(SETTINGS.internal_secret)
    for more in ([told], [told, (GATEWAY_KEY, "0" * 64)], [told, (GATEWAY_KEY, proof)]):
        await call(backend, "Tenant", MEMBER, *more)
    assert backend.addresses == ["127.0.0.1", "127.0.0.1", "203.0.113.7"]


async def test_an_error_is_short_whatever_the_caller_sent(backend: Backend) -> None:
    backend.failure = errors.InvalidArgument(
        "kind", "k" * 5_000_000, *[errors.FieldViolation("f" * 10_000, "d" * 10_000)] * 1_000
    )
    _, _, status, _ = await refusal(backend, "Tenant", MEMBER)
    assert len(status.SerializeToString()) < 8_000


@pytest.mark.parametrize(
    ("method", "token", "code"),
    [("Tenant", MEMBER, "INVALID_ARGUMENT"), ("Internal", None, "UNAUTHENTICATED")],
)
async def test_a_malformed_message_is_rejected_after_the_access_check(
    backend: Backend, method: str, token: Token | None, code: str
) -> None:
    metadata = [("authorization", bearer(token))] if token else []
    async with grpc.aio.insecure_channel(f"127.0.0.1:{backend.port}") as channel:
        raw = cast("Any", channel.unary_unary(f"/{SERVICE}/{method}"))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await raw(b"\x0a\xff\xff", metadata=metadata)
    assert refused.value.code().name == code
    assert "DecodeError" not in str(refused.value.details())


async def test_two_tokens_in_one_call_are_refused(backend: Backend) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(backend, "Tenant", MEMBER, ("authorization", bearer(OPERATOR)))
    assert refused.value.code() == UNAUTHENTICATED
    assert backend.seen == []


async def test_an_expired_token_is_refused_on_every_call(backend: Backend) -> None:
    expired = mint_user_token(SETTINGS, subject="m", tenant_id="acme", lifetime_seconds=-31)
    for _ in range(2):
        assert (await refusal(backend, "Tenant", expired))[1] == "TOKEN_EXPIRED"


async def test_the_streams_of_one_tenant_are_bounded_and_take_none_from_others(
    backend: Backend,
) -> None:
    initech = mint_user_token(SETTINGS, subject="m", tenant_id="initech")
    another = mint_user_token(SETTINGS, subject="another", tenant_id="initech")
    await call(backend, "Tenant", initech)  # its limits are known from then on
    backend.seen.clear()
    backend.waiting = asyncio.Event()
    globex = mint_user_token(SETTINGS, subject="m", tenant_id="globex")
    open_ones = [asyncio.create_task(call(backend, "Stream", token)) for token in [initech] * 3]
    for _ in tries():
        if len(backend.seen) == 3:
            break
        await asyncio.sleep(0.01)
    code, reason, _, _ = await refusal(backend, "Stream", another)
    assert (code, reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS")
    others = [asyncio.create_task(call(backend, "Stream", token)) for token in (globex, OPERATOR)]
    for _ in tries():
        if len(backend.seen) == 5:
            break
        await asyncio.sleep(0.01)
    backend.waiting.set()
    await asyncio.gather(*open_ones, *others)
    await call(backend, "Stream", initech)


async def test_the_calls_of_one_tenant_wait_for_each_other_and_never_for_anothers(
    backend: Backend,
) -> None:
    initech = mint_user_token(SETTINGS, subject="m", tenant_id="initech")
    await call(backend, "Tenant", initech)
    backend.seen.clear()
    backend.waiting = asyncio.Event()
    flood = [asyncio.create_task(call(backend, "Tenant", initech)) for _ in range(20)]
    others = [
        asyncio.create_task(call(backend, method, token))
        for method, token in (
            ("Tenant", MEMBER), ("Tenant", OPERATOR), ("Operator", OPERATOR),
            ("Internal", SERVICE_TOKEN), ("Public", None),
        )
    ]  # fmt: skip  # a table
    for _ in tries():
        if len(backend.seen) == 7:
            break
        await asyncio.sleep(0.01)
    # All of the others are there, and of the twenty as many as may be under way.
    assert [subject for subject, _ in backend.seen].count("m") == 2 + 1
    assert sum(task.done() for task in flood) == 0
    backend.waiting.set()
    await asyncio.gather(*flood, *others)
    assert len(backend.seen) == 25


async def test_a_call_that_waits_too_long_is_refused_with_a_retry_delay(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "TENANTS_WAIT_SECONDS", 0.0)
    initech = mint_user_token(SETTINGS, subject="m", tenant_id="initech")
    await call(backend, "Tenant", initech)
    backend.seen.clear()
    backend.waiting = asyncio.Event()
    under_way = [asyncio.create_task(call(backend, "Tenant", initech)) for _ in range(2)]
    for _ in tries():
        if len(backend.seen) == 2:
            break
        await asyncio.sleep(0.01)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(backend, "Tenant", initech)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert dict(refused.value.trailing_metadata() or ())["retry-after"] == "1"
    status = rpc_status.from_call(cast("grpc.Call", refused.value))
    assert status is not None
    names = [detail.TypeName() for detail in status.details]
    assert names == ["google.rpc.ErrorInfo", "google.rpc.RetryInfo"]
    backend.waiting.set()
    await asyncio.gather(*under_way)
    await call(backend, "Tenant", initech)
