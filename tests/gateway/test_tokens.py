"""Authentication at the gateway: the token is checked first."""

import asyncio
import base64
import json
import time
from typing import Any

import grpc
import jwt
import pytest

from services.common.identity.tokens import ServiceTokens
from tests.gateway.harness import Backend, Gateway, refusal
from tests.support.waiting import tries

INVENTORY = "/api/v1/inventory"
LIST_RESOURCES = "/arcadia.inventory.v1.InventoryService/ListResources"


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "sub": "somebody", "tenant_id": "acme", "roles": [], "typ": "access",
        "iss": "arcadia_app", "aud": "arcadia_cloud", "exp": now + 60,
    } | changed  # fmt: skip  # a table


def signed(gateway: Gateway, algorithm: str = "HS512", **changed: Any) -> str:
    return jwt.encode(claims(**changed), gateway.settings.jwt_secret.get_secret_value(), algorithm)


async def verdict(gateway: Gateway, authorization: str) -> tuple[int, int, str] | int:
    """The status for an authorization, with code and reason where it is refused."""
    answer = await gateway.http.get(INVENTORY, headers={"authorization": authorization})
    return 200 if answer.status_code == 200 else refusal(answer)


async def test_no_token_is_401(gateway: Gateway, backend: Backend) -> None:
    assert refusal(await gateway.http.get(INVENTORY)) == (401, 16, "TOKEN_MISSING")
    assert backend.arrivals == []


async def test_another_scheme_than_bearer_is_401(gateway: Gateway, backend: Backend) -> None:
    assert await verdict(gateway, "Basic c29tZWJvZHk6eA==") == (401, 16, "TOKEN_MISSING")


async def test_a_value_that_is_not_a_jwt_is_401(gateway: Gateway, backend: Backend) -> None:
    assert await verdict(gateway, "Bearer something") == (401, 16, "TOKEN_MALFORMED")


async def test_a_valid_token_passes_and_is_forwarded_to_the_service(
    gateway: Gateway, backend: Backend
) -> None:
    token = signed(gateway)
    assert await verdict(gateway, f"Bearer {token}") == 200
    assert backend.last.metadata["authorization"] == f"Bearer {token}"


async def test_the_scheme_may_be_written_in_lower_case(gateway: Gateway, backend: Backend) -> None:
    assert await verdict(gateway, f"bearer {signed(gateway)}") == 200


async def test_a_signature_by_another_key_is_401(gateway: Gateway, backend: Backend) -> None:
    token = jwt.encode(claims(), "another-secret" * 6, "HS512")
    assert await verdict(gateway, f"Bearer {token}") == (401, 16, "TOKEN_INVALID")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384"])
async def test_the_algorithm_is_pinned_even_for_the_same_secret(
    gateway: Gateway, backend: Backend, algorithm: str
) -> None:
    token = signed(gateway, algorithm)
    assert await verdict(gateway, f"Bearer {token}") == (401, 16, "TOKEN_INVALID")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
async def test_an_unsigned_token_is_401(gateway: Gateway, backend: Backend, algorithm: str) -> None:
    parts = [{"alg": algorithm, "typ": "JWT"}, claims()]
    encoded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in parts]
    for signature in (b"", b"AAAA"):
        token = b".".join([*encoded, signature]).decode()
        answer = await gateway.http.get(INVENTORY, headers={"authorization": f"Bearer {token}"})
        assert refusal(answer)[:2] == (401, 16)
    assert backend.arrivals == []


async def test_an_expired_token_is_401_beyond_a_leeway_of_30_seconds(
    gateway: Gateway, backend: Backend
) -> None:
    now = int(time.time())
    assert await verdict(gateway, f"Bearer {signed(gateway, exp=now - 15)}") == 200
    late = signed(gateway, exp=now - 40)
    assert await verdict(gateway, f"Bearer {late}") == (401, 16, "TOKEN_EXPIRED")


async def test_a_token_that_was_accepted_before_still_expires(
    gateway: Gateway, backend: Backend
) -> None:
    token = f"Bearer {signed(gateway, exp=int(time.time()) - 28)}"
    assert await verdict(gateway, token) == 200
    for _ in tries():
        if await verdict(gateway, token) == (401, 16, "TOKEN_EXPIRED"):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it never expired")


async def test_a_token_of_the_future_is_401_beyond_the_leeway(
    gateway: Gateway, backend: Backend
) -> None:
    now = int(time.time())
    assert await verdict(gateway, f"Bearer {signed(gateway, nbf=now + 15)}") == 200
    early = signed(gateway, nbf=now + 60)
    assert await verdict(gateway, f"Bearer {early}") == (401, 16, "TOKEN_INVALID")


async def test_a_token_without_an_end_is_401(gateway: Gateway, backend: Backend) -> None:
    endless = claims()
    del endless["exp"]
    token = jwt.encode(endless, gateway.settings.jwt_secret.get_secret_value(), "HS512")
    assert await verdict(gateway, f"Bearer {token}") == (401, 16, "TOKEN_INVALID")


async def test_a_token_in_the_query_or_a_cookie_is_ignored(
    gateway: Gateway, backend: Backend
) -> None:
    token = signed(gateway)
    in_query = await gateway.http.get(f"{INVENTORY}?access_token={token}")
    assert refusal(in_query) == (401, 16, "TOKEN_MISSING")
    in_cookie = await gateway.http.get(INVENTORY, headers={"cookie": f"access_token={token}"})
    assert refusal(in_cookie) == (401, 16, "TOKEN_MISSING")


async def test_a_wrong_audience_or_issuer_is_401_where_they_are_configured(
    deployed: Gateway, backend: Backend
) -> None:
    assert await verdict(deployed, f"Bearer {signed(deployed)}") == 200
    somebody_else: list[dict[str, Any]] = [{"aud": "else"}, {"iss": "else"}, {"aud": []}]
    for wrong in somebody_else:
        token = signed(deployed, **wrong)
        assert await verdict(deployed, f"Bearer {token}") == (401, 16, "TOKEN_INVALID")


async def test_issuer_and_audience_are_not_required_if_not_configured(
    gateway: Gateway, backend: Backend
) -> None:
    assert await verdict(gateway, f"Bearer {signed(gateway, aud='x', iss='y')}") == 200


async def test_the_development_secret_opens_no_deployment(
    gateway: Gateway, deployed: Gateway, backend: Backend
) -> None:
    assert await verdict(deployed, f"Bearer {signed(gateway)}") == (401, 16, "TOKEN_INVALID")


async def test_a_service_token_opens_nothing_here(gateway: Gateway, backend: Backend) -> None:
    authorization = ServiceTokens(gateway.settings, "worker").authorization()
    assert await verdict(gateway, authorization) == (401, 16, "TOKEN_INVALID")


async def test_an_unknown_path_asks_for_a_token_first(gateway: Gateway, backend: Backend) -> None:
    assert refusal(await gateway.http.get("/api/v1/nothing")) == (401, 16, "TOKEN_MISSING")


async def test_the_health_route_needs_no_token(gateway: Gateway, backend: Backend) -> None:
    answer = await gateway.http.get("/api/health")
    assert (answer.status_code, answer.json()["service"]) == (200, "inventory")
    health: Any = gateway.channel.unary_unary("/arcadia.common.v1.HealthService/GetHealth")
    assert b"inventory" in await health(b"")


async def test_only_the_health_route_itself_needs_none(gateway: Gateway, backend: Backend) -> None:
    for method, path in [
        ("POST", "/api/health"),
        ("GET", "/api/health/x"),
        ("GET", "/api/healthy"),
        ("GET", "/api/v1/api/health"),
    ]:
        answer = await gateway.http.request(method, path)
        assert refusal(answer) == (401, 16, "TOKEN_MISSING"), (method, path)


async def test_grpc_callers_need_a_token_too(gateway: Gateway, backend: Backend) -> None:
    assert await gateway.call(LIST_RESOURCES) == b""
    list_resources: Any = gateway.channel.unary_unary(LIST_RESOURCES)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await list_resources(b"")
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert refused.value.details() == "a token is required"
