"""OIDC issuers, secret rotation and the maximum lifetime of a token, at the gateway."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import jwt
import pytest

from services.common.identity.issuers import OidcIssuer
from tests.gateway.harness import Backend, Gateway, refusal, run_gateway, seeing
from tests.gateway.test_tokens import claims
from tests.support.oidc import CLIENT, OpenIdProvider, open_id_provider

INVENTORY = "/api/v1/inventory"
PREVIOUS = "the-secret-before-this-one-which-is-long-enough-for-hs512-0123456789"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    with open_id_provider() as running:
        yield running


@pytest.fixture(scope="module")
async def running(
    served: Backend, provider: OpenIdProvider, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    issuer = OidcIssuer(name="staff", issuer=provider.issuer, audience=CLIENT)
    directory = tmp_path_factory.mktemp("issuers")
    async with run_gateway(
        directory, served.port, oidc_issuers=[issuer], jwt_secret_previous=PREVIOUS
    ) as gateway:
        yield gateway


@pytest.fixture
async def gateway(running: Gateway) -> Gateway:
    return await seeing(running)


async def verdict(gateway: Gateway, token: str) -> Any:
    answer = await gateway.http.get(INVENTORY, headers={"authorization": f"Bearer {token}"})
    return 200 if answer.status_code == 200 else refusal(answer)


async def test_a_user_of_an_issuer_passes_and_the_service_sees_the_token(
    gateway: Gateway, backend: Backend, provider: OpenIdProvider
) -> None:
    token = provider.sign_in("anna")
    assert await verdict(gateway, token) == 200
    assert backend.last.metadata["authorization"] == f"Bearer {token}"


async def test_a_user_of_the_shared_secret_passes_beside_it(
    gateway: Gateway, backend: Backend
) -> None:
    assert await verdict(gateway, gateway.token()) == 200


async def test_an_issuers_token_for_another_audience_is_401(
    gateway: Gateway, backend: Backend, provider: OpenIdProvider
) -> None:
    token = provider.sign_in("anna", client="another-app")
    assert await verdict(gateway, token) == (401, 16, "TOKEN_INVALID")
    assert backend.arrivals == []


async def test_a_forged_token_in_an_issuers_name_is_401(
    gateway: Gateway, backend: Backend, provider: OpenIdProvider
) -> None:
    wrong = "a-secret-of-nobody-that-is-long-enough-for-every-algorithm-0123456789"
    forged = jwt.encode(claims(iss=provider.issuer, aud=CLIENT), wrong, "HS512")
    assert await verdict(gateway, forged) == (401, 16, "TOKEN_INVALID")
    assert backend.arrivals == []


async def test_both_secrets_are_accepted_during_a_rotation(
    gateway: Gateway, backend: Backend
) -> None:
    assert await verdict(gateway, jwt.encode(claims(), PREVIOUS, "HS512")) == 200
    assert await verdict(gateway, jwt.encode(claims(), PREVIOUS, "HS256")) == (
        401,
        16,
        "TOKEN_INVALID",
    )


async def test_a_token_that_ends_too_far_from_now_is_401(
    gateway: Gateway, backend: Backend
) -> None:
    month, year = 30 * 86_400, 365 * 86_400
    now = claims()["exp"]
    secret = gateway.settings.jwt_secret.get_secret_value()
    assert await verdict(gateway, jwt.encode(claims(exp=now + month), secret, "HS512")) == 200
    too_long = jwt.encode(claims(exp=now + year), secret, "HS512")
    assert await verdict(gateway, too_long) == (401, 16, "TOKEN_INVALID")
