"""OIDC issuers in addition to the shared secret, with a real provider."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from pydantic import ValidationError

from services.common.errors import Unauthenticated, Unavailable
from services.common.identity.callers import Caller
from services.common.identity.issuer_keys import IssuerKeys, keys_address
from services.common.identity.issuers import OidcIssuer
from services.common.identity.tokens import TokenVerifier, mint_user_token
from services.common.settings import Settings
from tests.support.oidc import CLIENT, OpenIdProvider, open_id_provider
from tests.support.ports import free_port


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    with open_id_provider() as running:
        yield running


def configured(provider: OpenIdProvider, **changed: Any) -> OidcIssuer:
    told = {
        "name": "staff",
        "issuer": provider.issuer,
        "audience": CLIENT,
        "roles_claim": "groups",
        "roles": {"finance": "platform-billing", "admins": "admin"},
    }
    return OidcIssuer.model_validate(told | changed)


async def verified(verifier: TokenVerifier, token: str) -> Caller:
    await verifier.learn_keys(f"Bearer {token}")
    return verifier.verify(f"Bearer {token}", internal=False)


async def refusal(verifier: TokenVerifier, token: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        await verified(verifier, token)
    return refused.value.reason


def trusting(*issuers: OidcIssuer) -> TokenVerifier:
    return TokenVerifier(Settings(oidc_issuers=issuers))


async def test_a_user_who_signed_in_is_a_caller_with_mapped_tenant_and_roles(
    provider: OpenIdProvider,
) -> None:
    token = provider.sign_in("anna", org="acme", groups=["finance", "platform-admin", "x"])
    caller = await verified(trusting(configured(provider, tenant_claim="org")), token)
    # A role that is not in the issuer's list gives nothing, whatever it is called.
    assert caller == Caller("staff:anna", "acme", frozenset({"platform-billing"}))


async def test_an_issuer_of_one_tenant_names_no_other(provider: OpenIdProvider) -> None:
    token = provider.sign_in("bert", tenant_id="globex")
    caller = await verified(trusting(configured(provider, tenant_id="acme")), token)
    assert caller.tenant_id == "acme"


async def test_a_token_for_another_audience_is_refused(provider: OpenIdProvider) -> None:
    token = provider.sign_in("anna", client="another-app")
    assert await refusal(trusting(configured(provider)), token) == "TOKEN_INVALID"


async def test_a_token_of_an_issuer_that_is_not_configured_is_refused(
    provider: OpenIdProvider,
) -> None:
    token = provider.sign_in("anna")
    assert await refusal(TokenVerifier(Settings()), token) == "TOKEN_INVALID"


async def test_the_shared_secret_is_accepted_in_addition_to_an_issuer(
    provider: OpenIdProvider,
) -> None:
    verifier = trusting(configured(provider))
    token = mint_user_token(Settings(), subject="anna", tenant_id="acme")
    assert (await verified(verifier, token)).subject == "anna"


async def test_a_token_that_the_shared_secret_signs_in_an_issuers_name_is_refused(
    provider: OpenIdProvider,
) -> None:
    settings = Settings(jwt_issuer=provider.issuer, jwt_audience=CLIENT)
    forged = mint_user_token(settings, subject="anna", roles=["platform-admin"])
    assert await refusal(trusting(configured(provider)), forged) == "TOKEN_INVALID"


async def test_the_algorithm_is_the_issuers_and_never_the_tokens(provider: OpenIdProvider) -> None:
    token = provider.sign_in("anna")
    for algorithm in ("ES256", "EdDSA"):
        verifier = trusting(configured(provider, algorithm=algorithm))
        assert await refusal(verifier, token) == "TOKEN_INVALID"
    claims = jwt.decode(token, options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none")
    assert await refusal(trusting(configured(provider)), unsigned) == "TOKEN_INVALID"


@pytest.mark.parametrize("typ", ["ID", "Refresh", "Logout"])
async def test_a_token_that_is_no_access_token_grants_no_access(
    provider: OpenIdProvider, typ: str
) -> None:
    token = provider.sign_in("anna", typ=typ)
    assert await refusal(trusting(configured(provider)), token) == "TOKEN_TYPE"


async def test_keys_are_rotated_without_a_restart(
    provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IssuerKeys, "PAUSE_SECONDS", 0.0)
    verifier = trusting(configured(provider))
    before = provider.sign_in("anna")
    assert (await verified(verifier, before)).subject == "staff:anna"
    provider.stop()
    provider.start()  # with another key
    after = provider.sign_in("anna")
    monkeypatch.setattr(IssuerKeys, "FRESH_SECONDS", 0.0)
    assert (await verified(verifier, after)).subject == "staff:anna"
    # The withdrawn key opens nothing, even for one who never stopped using the same token; what
    # was verified is remembered for a minute at most.
    authorization = f"Bearer {before}"
    _, caller = verifier._cache[False, authorization]
    verifier._cache[False, authorization] = (time.time() - 1, caller)
    assert await refusal(verifier, before) == "TOKEN_INVALID"


async def test_an_issuer_that_does_not_answer_is_unavailable_and_keeps_known_keys(
    provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = trusting(configured(provider, jwks_uri=f"{provider.issuer}/jwks"))
    token = provider.sign_in("anna")
    assert (await verified(verifier, token)).subject == "staff:anna"
    keys = verifier._issuers[provider.issuer]
    keys._address = f"http://127.0.0.1:{free_port()}/jwks"
    monkeypatch.setattr(IssuerKeys, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(IssuerKeys, "FRESH_SECONDS", 0.0)
    verifier._cache.clear()
    assert (await verified(verifier, token)).subject == "staff:anna"
    monkeypatch.setattr(IssuerKeys, "KEPT_SECONDS", 0.0)
    verifier._cache.clear()
    with pytest.raises(Unavailable) as refused:
        await verified(verifier, token)
    assert refused.value.reason == "ISSUER_UNAVAILABLE"


async def test_tokens_with_invented_keys_do_not_make_us_ask_the_issuer_each_time(
    provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    fetch = IssuerKeys._fetch

    async def counted(self: IssuerKeys) -> Any:
        asked.append(self.issuer.name)
        return await fetch(self)

    monkeypatch.setattr(IssuerKeys, "_fetch", counted)
    verifier = trusting(configured(provider))
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"iss": provider.issuer, "aud": CLIENT, "sub": "x", "exp": time.time() + 60}
    for number in range(5):
        forged = jwt.encode(claims, stranger, "RS256", headers={"kid": f"key-{number}"})
        assert await refusal(verifier, forged) == "TOKEN_INVALID"
    assert asked == ["staff"]


@pytest.mark.parametrize(
    ("algorithm", "private"),
    [
        ("RS256", rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    ],
)
async def test_each_algorithm_verifies(
    provider: OpenIdProvider, algorithm: str, private: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = configured(provider, algorithm=algorithm)

    async def published(self: IssuerKeys) -> Any:
        told = jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
        return {"k1": jwt.PyJWK(told, algorithm=algorithm)}

    monkeypatch.setattr(IssuerKeys, "_fetch", published)
    now = int(time.time())
    claims = {"iss": issuer.issuer, "aud": CLIENT, "sub": "x", "iat": now, "exp": now + 60}
    token = jwt.encode(claims, private, algorithm, headers={"kid": "k1"})
    assert (await verified(trusting(issuer), token)).subject == "staff:x"


async def test_a_malformed_key_does_not_affect_the_others(
    provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = provider.sign_in("anna")
    keys = IssuerKeys(configured(provider))
    told = provider.keys()
    odd = [{"kty": "RSA"}, {"kty": "RSA", "kid": ["x"], "n": "AQ", "e": "AQ"}, 7, {"kty": "EC"}]

    def answered(self: httpx.Response, **_: Any) -> Any:
        return {"keys": [*odd, *told], "issuer": provider.issuer, "jwks_uri": self.url.path}

    monkeypatch.setattr(httpx.Response, "json", answered)
    keys._address = f"{provider.issuer}/jwks"
    key_id = jwt.get_unverified_header(token).get("kid")
    await keys.learn(key_id)
    assert keys.find(key_id) is not None


async def test_all_callers_of_an_unavailable_issuer_get_unavailable(
    provider: OpenIdProvider,
) -> None:
    down = configured(provider, jwks_uri=f"http://127.0.0.1:{free_port()}/jwks")
    verifier = trusting(down)
    for subject in ("anna", "bert"):
        with pytest.raises(Unavailable) as refused:
            await verified(verifier, provider.sign_in(subject))
        assert refused.value.reason == "ISSUER_UNAVAILABLE"


def test_discovery_says_where_the_keys_are(provider: OpenIdProvider) -> None:
    assert keys_address(configured(provider)) == f"{provider.issuer}/jwks"
    with pytest.raises(ValueError, match="the discovery document of staff is of another issuer"):
        keys_address(configured(provider, issuer=f"http://127.0.0.1:{provider.port}/"))
    with pytest.raises(ValueError, match="the OIDC issuer staff cannot be discovered"):
        keys_address(configured(provider, issuer=f"http://localhost:{free_port()}"))


ISSUER = {"name": "staff", "issuer": "https://id.test", "audience": "a"}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"name": "Staff"}, "name"),
        ({"name": "api-key"}, "api-key"),
        ({"issuer": "id.test"}, "issuer"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri"),
        ({"audience": ""}, "audience"),
        ({"algorithm": "HS256"}, "algorithm"),
        ({"tenants": ["acme"]}, "tenants"),
    ],
)
def test_an_invalid_issuer_is_refused_with_the_field(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        OidcIssuer.model_validate(ISSUER | changed)


def test_claims_are_found_by_name_and_by_path() -> None:
    issuer = OidcIssuer.model_validate(
        ISSUER
        | {
            "subject_claim": "https://id.test/user.name",
            "roles_claim": "realm_access.roles",
            "roles": {"boss": "platform-admin"},
        }
    )
    claims = {"https://id.test/user.name": "anna", "realm_access": {"roles": ["boss", "x"]}}
    assert issuer.caller_claims(claims) == {
        "sub": "staff:anna",
        "tenant_id": None,
        "roles": ["platform-admin"],
    }
    assert issuer.caller_claims({"realm_access": "boss"})["roles"] == []
    assert issuer.caller_claims({"sub": "anna"})["sub"] is None
    odd = {"realm_access": {"roles": [{"id": 1}, ["boss"], "boss"]}}
    assert issuer.caller_claims(odd)["roles"] == ["platform-admin"]


OTHER = {"name": "other", "issuer": "https://other.test", "audience": "a"}


@pytest.mark.parametrize("twice", [ISSUER, ISSUER | {"name": "b"}, OTHER | {"name": "staff"}])
def test_two_issuers_of_one_name_or_address_are_refused(twice: Any) -> None:
    with pytest.raises(ValidationError, match="ARCADIA_OIDC_ISSUERS"):
        Settings.model_validate({"oidc_issuers": [ISSUER, twice]})
    assert Settings.model_validate({"oidc_issuers": [ISSUER, OTHER]}).oidc_issuers
