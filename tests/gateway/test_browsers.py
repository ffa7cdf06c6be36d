"""The web pages that may call the gateway from a browser."""

import httpx
import pytest

from tests.gateway.harness import Backend, Gateway

INVENTORY = "/api/v1/inventory"


async def preflight(gateway: Gateway, origin: str) -> httpx.Response:
    return await gateway.http.options(
        INVENTORY,
        headers={
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,idempotency-key",
        },
    )


async def allowed(gateway: Gateway, origin: str) -> bool:
    """Whether both a preflight and a call are allowed for an origin, or neither."""
    asked = await preflight(gateway, origin)
    called = await gateway.get(INVENTORY, origin=origin)
    named = {answer.headers.get("access-control-allow-origin") for answer in (asked, called)}
    assert named in ({origin}, {None})
    return named == {origin}


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://localhost:51730"])
async def test_in_development_any_page_on_localhost_may_call(
    gateway: Gateway, backend: Backend, origin: str
) -> None:
    assert await allowed(gateway, origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://localhost:3000", "http://localhost.evil.example:3000", "http://evil.example",
        "http://xlocalhost:3000", "http://localhost:3000.evil.example", "null",
        "https://sky-ai.com",
    ],
)  # fmt: skip  # a table
async def test_in_development_no_other_page_may_call(
    gateway: Gateway, backend: Backend, origin: str
) -> None:
    assert not await allowed(gateway, origin)


@pytest.mark.parametrize(
    "origin", ["https://sky-ai.com", "https://app.sky-ai.com", "https://a.b-c.sky-ai.com"]
)
async def test_deployed_the_site_and_its_subdomains_may_call(
    deployed: Gateway, backend: Backend, origin: str
) -> None:
    assert await allowed(deployed, origin)


@pytest.mark.parametrize(
    "origin",
    [
        "http://sky-ai.com", "https://evilsky-ai.com", "https://sky-ai.com.evil.example",
        "https://sky-aixcom", "https://app.sky-ai.com:8443", "http://localhost:3000",
    ],
)  # fmt: skip  # a table
async def test_deployed_no_other_page_may_call(
    deployed: Gateway, backend: Backend, origin: str
) -> None:
    assert not await allowed(deployed, origin)


async def test_a_preflight_needs_no_token_and_reaches_no_service(
    gateway: Gateway, backend: Backend
) -> None:
    answer = await preflight(gateway, "http://localhost:3000")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "idempotency-key" in answer.headers["access-control-allow-headers"]
    assert backend.arrivals == []


async def test_an_error_can_be_read_by_the_page_too(gateway: Gateway, backend: Backend) -> None:
    answer = await gateway.http.get(INVENTORY, headers={"origin": "http://localhost:3000"})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"x-request-id", "content-disposition"} <= set(exposed)
