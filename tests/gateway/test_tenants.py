"""A tenant's callers share its limit at the gateway, and responses show the rest."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from arcadia.catalog.v1 import quotes_pb2

from gateway.limits import Limits
from services.common.errors import QuotaExceeded, TooManyCalls, quota_headers, to_status
from services.common.identity.issuers import OidcIssuer
from services.common.identity.tokens import mint_user_token
from tests.gateway.harness import Backend, Gateway, refusal, run_gateway, seeing

INVENTORY = "/api/v1/inventory"

ISSUER = OidcIssuer(
    name="staff",
    issuer="https://sso.example.com",
    audience="arcadia",
    jwks_uri="http://127.0.0.1:1/keys",
    tenant_claim="org.id",
    roles_claim="realm_access.roles",
    roles={"ops": "platform-operations"},
)


@pytest.fixture(scope="module")
async def running(
    served: Backend, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    limits = Limits(
        caller_burst=6,
        caller_requests_per_second=1,
        tenant_burst=9,
        tenant_requests_per_second=2,
        tenant_rates={"raised": 100},
    )
    directory = tmp_path_factory.mktemp("tenants")
    async with run_gateway(directory, served.port, limits=limits, oidc_issuers=[ISSUER]) as gateway:
        yield gateway


@pytest.fixture
async def gateway(running: Gateway) -> Gateway:
    return await seeing(running)


def as_caller(
    gateway: Gateway, subject: str, tenant_id: str | None, roles: list[str] | None = None
) -> dict[str, str]:
    token = mint_user_token(
        gateway.settings, subject=subject, tenant_id=tenant_id, roles=roles or []
    )
    return {"authorization": f"Bearer {token}"}


async def statuses(gateway: Gateway, tenant_id: str, roles: list[str] | None = None) -> list[int]:
    """Of sixty callers of a tenant who ask once each."""
    return [
        (
            await gateway.http.get(
                INVENTORY, headers=as_caller(gateway, f"{tenant_id} {number}", tenant_id, roles)
            )
        ).status_code
        for number in range(60)
    ]


async def test_many_callers_of_one_tenant_have_no_more_than_its_share(
    gateway: Gateway, backend: Backend
) -> None:
    many = await statuses(gateway, "crowd")
    assert many[:9] == [200] * 9
    assert 429 in many
    other = await gateway.http.get(INVENTORY, headers=as_caller(gateway, "one", "calm"))
    assert other.status_code == 200


async def test_a_tenant_may_keep_up_another_rate(gateway: Gateway, backend: Backend) -> None:
    assert set(await statuses(gateway, "raised")) == {200}


async def test_an_operator_counts_against_no_tenant(gateway: Gateway, backend: Backend) -> None:
    for role in ("platform-admin", "platform-billing", "platform-operations", "platform-viewer"):
        assert set(await statuses(gateway, "acme-of-operators", ["member", role])) == {200}
    assert 429 in await statuses(gateway, "acme-of-operators", ["platform_admin"])


async def test_an_answer_says_what_its_caller_has_left_and_a_refusal_which_limit_was_reached(
    gateway: Gateway, backend: Backend
) -> None:
    def said(answer: httpx.Response) -> tuple[int, int]:
        limit = answer.headers["x-ratelimit-limit"].split(",")[0]
        return int(limit), int(answer.headers["x-ratelimit-remaining"])

    first = await gateway.http.get(INVENTORY, headers=as_caller(gateway, "first", "tight"))
    assert said(first) == (6, 5)
    for number in range(60):
        answer = await gateway.http.get(INVENTORY, headers=as_caller(gateway, str(number), "tight"))
        if answer.status_code == 429:
            break
    assert refusal(answer) == (429, 8, "RATE_LIMITED")
    assert answer.headers["retry-after"] == "1"
    assert said(answer) == (9, 0)
    for _ in range(60):
        answer = await gateway.http.get(INVENTORY, headers=as_caller(gateway, "x", "raised"))
        if answer.status_code == 429:
            break
    assert said(answer) == (6, 0)


async def test_quota_metadata_of_a_service_becomes_headers_on_success_and_on_refusal(
    gateway: Gateway, backend: Backend
) -> None:
    names = ("x-quota-name", "x-quota-limit", "x-quota-remaining")

    async def made(request: Any, context: Any) -> quotes_pb2.Quote:
        await context.send_initial_metadata(
            tuple(quota_headers("quotes_per_day", limit=9, used=2).items())
        )
        return quotes_pb2.Quote()

    async def refused(request: Any, context: Any) -> None:
        error = QuotaExceeded("quotes_per_day", tenant_id="acme", limit=9, used=9)
        status = to_status(error)
        trailing = (*(status.trailing_metadata or ()), *error.headers.items())
        await context.abort(status.code, status.details, trailing)

    for answer, code, said in ((made, 200, ["9", "7"]), (refused, 429, ["9", "0"])):
        backend.answers["CreateQuote"] = answer
        headers = as_caller(gateway, "quoting", "quoting") | {"origin": "http://localhost:3000"}
        found = await gateway.http.post("/api/v1/quote", json={}, headers=headers)
        assert found.status_code == code
        assert [found.headers[name] for name in names] == ["quotes_per_day", *said]
        exposed = found.headers["access-control-expose-headers"].split(", ")
        assert set(names) < set(exposed)
    assert refusal(found) == (429, 8, "QUOTA_QUOTES_PER_DAY")


async def test_a_service_that_refuses_for_now_says_when_to_come_again(
    gateway: Gateway, backend: Backend
) -> None:
    async def refused(request: Any, context: Any) -> None:
        error = TooManyCalls("too many", reason="TOO_MANY_CALLS", wait_seconds=2)
        status = to_status(error)
        trailing = (*(status.trailing_metadata or ()), *error.headers.items())
        await context.abort(status.code, status.details, trailing)

    backend.answers["ListResources"] = refused
    found = await gateway.http.get(INVENTORY, headers=as_caller(gateway, "hasty", "hasty"))
    assert refusal(found) == (429, 8, "TOO_MANY_CALLS")
    assert found.headers["retry-after"] == "2"
