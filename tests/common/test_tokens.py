"""Accepted and refused tokens."""

import time
from typing import Any
from unittest import mock

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.common.errors import PermissionDenied, Unauthenticated
from services.common.identity.callers import ALL, Caller, Scope
from services.common.identity.tokens import (
    ServiceTokens,
    TokenVerifier,
    mint_service_token,
    mint_user_token,
)
from services.common.settings import Settings

SECRET = "a-secret-of-this-test-that-is-long-enough-for-every-algorithm-0123456789"
SETTINGS = Settings(jwt_secret=SECRET, internal_secret=SECRET[::-1])


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    base = {
        "sub": "user-1",
        "tenant_id": "acme",
        "roles": ["member"],
        "typ": "access",
        "iat": now,
        "exp": now + 600,
    }
    return {key: value for key, value in (base | changes).items() if value is not None}


def bearer(payload: dict[str, Any], key: str = SECRET, algorithm: str = "HS512") -> str:
    return "Bearer " + jwt.encode(payload, key, algorithm)


def refusal(
    authorization: str | None, settings: Settings = SETTINGS, *, internal: bool = False
) -> str:
    with pytest.raises(Unauthenticated) as refused:
        TokenVerifier(settings).verify(authorization, internal=internal)
    return refused.value.reason


def test_a_valid_token_names_its_caller() -> None:
    caller = TokenVerifier(SETTINGS).verify(bearer(claims()), internal=False)
    assert caller == Caller("user-1", "acme", frozenset({"member"}))
    assert caller.scope == Scope("acme")


def test_a_token_minted_for_development_carries_all_that_guardian_writes() -> None:
    token = mint_user_token(SETTINGS, subject="dev", roles=["platform-admin"], tenant_id="acme")
    content = jwt.decode(token, options={"verify_signature": False})
    assert set(content) == {
        "aud", "iss", "sub", "typ", "iat", "nbf", "exp", "jti", "roles", "tenant_id",
    }  # fmt: skip  # a table
    assert content["nbf"] == content["iat"] - 1
    assert content["typ"] == "access"
    assert content["aud"] == content["iss"]
    assert jwt.get_unverified_header(token)["alg"] == "HS512"
    assert TokenVerifier(SETTINGS).verify(f"Bearer {token}", internal=False).is_operator


@pytest.mark.parametrize("authorization", [None, ""])
def test_a_missing_token_is_refused(authorization: str | None) -> None:
    assert refusal(authorization) == "TOKEN_MISSING"


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Basic dXNlcg==", "x" * 10_000])
def test_a_value_that_is_not_a_bearer_token_is_refused(authorization: str) -> None:
    assert refusal(authorization) == "TOKEN_MALFORMED"


def test_a_lower_case_bearer_is_accepted() -> None:
    authorization = bearer(claims()).replace("Bearer", "bearer")
    assert TokenVerifier(SETTINGS).verify(authorization, internal=False).subject == "user-1"


@pytest.mark.parametrize("algorithm", ["HS256", "HS384"])
def test_the_algorithm_is_pinned_by_configuration_and_never_taken_from_the_token(
    algorithm: str,
) -> None:
    assert refusal(bearer(claims(), algorithm=algorithm)) == "TOKEN_INVALID"


def test_an_unsigned_token_is_refused() -> None:
    assert refusal("Bearer " + jwt.encode(claims(), "", "none")) == "TOKEN_INVALID"


def test_another_algorithm_may_be_configured() -> None:
    settings = Settings(jwt_secret=SECRET, jwt_algorithm="HS256")
    caller = TokenVerifier(settings).verify(bearer(claims(), algorithm="HS256"), internal=False)
    assert caller.subject == "user-1"
    assert refusal(bearer(claims()), settings) == "TOKEN_INVALID"


def test_a_token_of_another_key_is_refused() -> None:
    assert refusal(bearer(claims(), key=SECRET.upper())) == "TOKEN_INVALID"


def test_a_token_without_end_is_refused() -> None:
    assert refusal(bearer(claims(exp=None))) == "TOKEN_INVALID"


def test_a_token_is_refused_31_seconds_after_its_end_and_accepted_until_then() -> None:
    now = int(time.time())
    assert refusal(bearer(claims(exp=now - 31))) == "TOKEN_EXPIRED"
    caller = TokenVerifier(SETTINGS).verify(bearer(claims(exp=now - 20)), internal=False)
    assert caller.subject == "user-1"


def test_a_token_that_is_not_valid_yet_is_refused() -> None:
    assert refusal(bearer(claims(nbf=int(time.time()) + 60))) == "TOKEN_INVALID"


@pytest.mark.parametrize("kind", ["refresh", "", "ACCESS", 1])
def test_a_token_of_another_type_is_refused(kind: object) -> None:
    assert refusal(bearer(claims(typ=kind))) == "TOKEN_TYPE"


def test_a_token_without_a_type_is_accepted() -> None:
    assert TokenVerifier(SETTINGS).verify(bearer(claims(typ=None)), internal=False)


def test_issuer_and_audience_are_checked_when_configured() -> None:
    settings = Settings(jwt_secret=SECRET, jwt_issuer="arcadia_app", jwt_audience="arcadia")
    good = claims(iss="arcadia_app", aud="arcadia")
    assert TokenVerifier(settings).verify(bearer(good), internal=False)
    for wrong in ({"iss": "other"}, {"aud": "other"}, {"iss": None}, {"aud": None}):
        assert refusal(bearer(good | wrong if None not in wrong.values() else claims(**{
            **good, **wrong
        })), settings) == "TOKEN_INVALID"  # fmt: skip  # a table


def test_issuer_and_audience_may_be_anything_when_not_configured() -> None:
    assert TokenVerifier(SETTINGS).verify(bearer(claims(iss="x", aud="y")), internal=False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tenant_id": "acme\0"},
        {"tenant_id": "t" * 256},
        {"sub": "line\nbreak"},
        {"exp": 10**400},
        {"roles": "platform-admin"},
        {"roles": [1]},
        {"tenant_id": 7},
        {"sub": 5},
    ],
)
def test_claims_of_a_wrong_shape_are_refused(wrong: dict[str, Any]) -> None:
    assert refusal(bearer(claims(**wrong))) == "TOKEN_INVALID"


def test_an_end_that_is_a_number_in_a_text_is_refused() -> None:
    assert refusal(bearer(claims(exp=str(int(time.time()) + 600)))) == "TOKEN_INVALID"


def test_a_token_that_ends_too_far_from_now_is_refused() -> None:
    now = int(time.time())
    assert refusal(bearer(claims(exp=now + 32 * 86_400))) == "TOKEN_INVALID"
    longer = SETTINGS.model_copy(update={"jwt_max_days": 40})
    authorization = bearer(claims(exp=now + 32 * 86_400))
    assert TokenVerifier(longer).verify(authorization, internal=False).subject == "user-1"


def test_both_secrets_are_accepted_during_a_rotation() -> None:
    after = Settings(
        jwt_secret=SECRET.upper(),
        jwt_secret_previous=SECRET,
        internal_secret=SECRET[::-1].upper(),
        internal_secret_previous=SECRET[::-1],
    )
    verifier = TokenVerifier(after)
    for settings in (SETTINGS, after):
        user = f"Bearer {mint_user_token(settings, subject='u', tenant_id='acme')}"
        assert verifier.verify(user, internal=False).subject == "u"
        service = ServiceTokens(settings, "worker").authorization()
        assert verifier.verify(service, internal=True).subject == "worker"
    assert refusal(bearer(claims(), key=SECRET.upper())) == "TOKEN_INVALID"


def test_a_service_token_that_ends_too_far_from_now_is_refused() -> None:
    later = mint_service_token(SETTINGS, subject="worker", now=time.time() + 86_400)
    assert refusal(f"Bearer {later}", internal=True) == "TOKEN_INVALID"


def test_the_key_of_the_usage_reporter_proves_no_other_program() -> None:
    reporter = "a-secret-of-the-program-that-reports-usage-0123456789"
    settings = SETTINGS.model_copy(update={"usage_reporter_secret": SecretStr(reporter)})
    theirs = Settings(internal_secret=reporter)
    verifier = TokenVerifier(settings)
    own = ServiceTokens(theirs, "usage-reporter").authorization()
    assert verifier.verify(own, internal=True).subject == "usage-reporter"
    forged = ServiceTokens(theirs, "worker").authorization()
    assert refusal(forged, settings, internal=True) == "TOKEN_INVALID"
    assert verifier.verify(ServiceTokens(SETTINGS, "worker").authorization(), internal=True)
    assert refusal(own, internal=True) == "TOKEN_INVALID"  # without that key


def test_a_remembered_token_still_ends() -> None:
    verifier = TokenVerifier(SETTINGS)
    authorization = bearer(claims(exp=int(time.time()) - 28))
    assert verifier.verify(authorization, internal=False).subject == "user-1"
    assert len(verifier._cache) == 1
    assert reason_after(verifier, authorization, seconds=10) == "TOKEN_EXPIRED"


def reason_after(verifier: TokenVerifier, authorization: str, *, seconds: int) -> str:
    """Why a token that was accepted is refused, once it is; empty when it still is not."""
    for _ in range(seconds * 10):
        try:
            verifier.verify(authorization, internal=False)
        except Unauthenticated as refused:
            return refused.reason
        time.sleep(0.1)
    return ""


def test_a_remembered_token_is_verified_anew_from_time_to_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verifier = TokenVerifier(SETTINGS)
    verifier.RECHECK_SECONDS = 0.0
    verified = mock.Mock(wraps=jwt.decode)
    monkeypatch.setattr(jwt, "decode", verified)
    authorization = bearer(claims())
    first, second = (verifier.verify(authorization, internal=False) for _ in range(2))
    assert first == second
    assert verified.call_count == 2


def test_no_more_tokens_are_remembered_than_the_bound() -> None:
    verifier = TokenVerifier(SETTINGS)
    verifier.CACHED_TOKENS = 3
    for number in range(10):
        verifier.verify(bearer(claims(sub=f"user-{number}")), internal=False)
    assert len(verifier._cache) == 3


def test_a_users_token_opens_no_internal_call() -> None:
    assert refusal(bearer(claims()), internal=True) == "TOKEN_INVALID"
    same_key = Settings(jwt_secret=SECRET, internal_secret=SECRET, jwt_algorithm="HS256")
    user = bearer(claims(), algorithm="HS256")
    assert refusal(user, same_key, internal=True) == "TOKEN_INVALID"


def test_a_service_token_opens_internal_calls_and_no_other() -> None:
    authorization = ServiceTokens(SETTINGS, "worker").authorization()
    caller = TokenVerifier(SETTINGS).verify(authorization, internal=True)
    assert caller.is_service
    assert caller.scope == ALL
    assert not caller.is_operator
    assert refusal(authorization) == "TOKEN_INVALID"


def test_a_service_token_is_short_lived() -> None:
    old = mint_service_token(SETTINGS, subject="worker", now=time.time() - 400)
    assert refusal(f"Bearer {old}", internal=True) == "TOKEN_EXPIRED"


@pytest.mark.parametrize(
    ("role", "operator"),
    [
        ("platform-admin", True),
        ("platform_admin", False),
        ("admin", False),
        ("Platform-Admin", False),
    ],
)
def test_only_the_role_with_a_hyphen_makes_an_operator(role: str, operator: bool) -> None:
    caller = Caller("u", "acme", frozenset({role}))
    assert caller.is_operator is operator
    assert caller.scope == (ALL if operator else Scope("acme"))


def test_a_user_without_tenant_and_power_has_no_scope() -> None:
    with pytest.raises(PermissionDenied) as refused:
        _ = Caller("u", None, frozenset({"member"})).scope
    assert refused.value.reason == "TENANT_REQUIRED"


def test_a_tenant_called_platform_admin_is_a_tenant_like_any_other() -> None:
    caller = TokenVerifier(SETTINGS).verify(
        bearer(claims(tenant_id="platform-admin")), internal=False
    )
    assert not caller.is_operator
    assert caller.scope == Scope("platform-admin")


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz-_0123456789", min_size=1), st.lists(st.text()))
def test_no_roles_but_the_operators_ever_see_more_than_their_tenant(
    tenant: str, roles: list[str]
) -> None:
    caller = Caller("u", tenant, frozenset(roles))
    assert caller.scope == (ALL if "platform-admin" in roles else Scope(tenant))


@pytest.mark.parametrize(("algorithm", "length"), [("HS256", 31), ("HS384", 47), ("HS512", 63)])
def test_a_key_shorter_than_its_hash_is_refused_at_the_start(algorithm: str, length: int) -> None:
    with pytest.raises(ValueError, match="ARCADIA_JWT_SECRET"):
        TokenVerifier(Settings(jwt_secret="k" * length, jwt_algorithm=algorithm))
    with pytest.raises(ValueError, match="ARCADIA_INTERNAL_SECRET"):
        TokenVerifier(Settings(internal_secret="k" * 31))


def test_a_token_tells_when_it_was_issued_and_its_id() -> None:
    token = mint_user_token(SETTINGS, subject="u", tenant_id="acme")
    claims = jwt.decode(token, options={"verify_signature": False})
    caller = TokenVerifier(SETTINGS).verify(f"Bearer {token}", internal=False)
    assert (caller.issued_at, caller.token_id) == (claims["iat"], claims["jti"])
    assert caller.key_id is None


def test_a_token_that_does_not_say_when_it_was_issued_is_refused() -> None:
    assert refusal(bearer(claims(iat=None))) == "TOKEN_INVALID"


def test_the_whole_life_of_a_token_is_bounded_not_only_what_is_left_of_it() -> None:
    now, day = int(time.time()), 86_400
    # With two days left: a revocation of a month ago would be forgotten by now.
    long = claims(iat=now - 30 * day, nbf=now - 30 * day, exp=now + 2 * day)
    assert refusal(bearer(long)) == "TOKEN_INVALID"
    longest = claims(iat=now - 30 * day, nbf=now - 30 * day, exp=now + day)
    assert TokenVerifier(SETTINGS).verify(bearer(longest), internal=False).subject == "user-1"
