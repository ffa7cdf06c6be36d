"""Verifies tokens, and mints tokens for programs and for development.

Tokens are issued elsewhere (arcadia-app, with Guardian); this system only verifies
them. Two kinds exist: a user's token, and the short-lived token by which services
and workers call each other, signed with a separate key.
"""

import asyncio
import time
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import jwt
from pydantic import SecretStr

from services.common.errors import Unauthenticated
from services.common.identity.api_keys import ApiKeys, is_api_key
from services.common.identity.callers import Caller
from services.common.identity.claims import (
    LEEWAY_SECONDS,
    SERVICE_ALGORITHM,
    SERVICE_ISSUER,
    decode,
    expiry,
    issuers_claims,
    service_claims,
    user_caller,
)
from services.common.identity.issuer_keys import IssuerKeys
from services.common.identity.revocations import Revocations
from services.common.settings import Settings

__all__ = ["ServiceTokens", "TokenVerifier", "mint_service_token", "mint_user_token"]

SERVICE_TOKEN_SECONDS: Final = 300
USAGE_REPORTER: Final = "usage-reporter"
"""A program outside this system, with its own key for a single RPC."""
LOCAL_ISSUER: Final = "arcadia_app"
"""Issuer and audience of minted tokens if none is configured."""

MINIMUM_KEY_BYTES: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
"""RFC 7518, section 3.2: the key is at least as long as the hash."""


class TokenVerifier:
    """Verifies both kinds of token, and caches verified ones for their remaining lifetime.

    API keys and revocations are checked if they are passed to the verifier.
    """

    CACHED_TOKENS = 4096
    RECHECK_SECONDS = 60.0
    STREAM_SECONDS = 2.0
    """How often the caller of an open stream is verified again."""

    def __init__(
        self,
        settings: Settings,
        keys: ApiKeys | None = None,
        revocations: Revocations | None = None,
    ) -> None:
        self._api_keys = keys
        self._revocations = revocations
        self._algorithm = settings.jwt_algorithm
        self._user_keys = _keys(settings.jwt_secret, settings.jwt_secret_previous)
        self._internal_keys = _keys(settings.internal_secret, settings.internal_secret_previous)
        self._issuer = settings.jwt_issuer or None
        self._audience = settings.jwt_audience or None
        self._reporter_keys = _keys(settings.usage_reporter_secret)
        self._longest = settings.jwt_max_days * 86_400
        self._issuers = {each.issuer: IssuerKeys(each) for each in settings.oidc_issuers}
        self._cache: OrderedDict[tuple[bool, str], tuple[float, Caller]] = OrderedDict()
        for key in self._user_keys:
            _require_key_length("ARCADIA_JWT_SECRET", key, self._algorithm)
        for key in self._internal_keys:
            _require_key_length("ARCADIA_INTERNAL_SECRET", key, SERVICE_ALGORITHM)
        for key in self._reporter_keys:
            _require_key_length("ARCADIA_USAGE_REPORTER_SECRET", key, SERVICE_ALGORITHM)

    async def prove(self, authorization: str | None, *, internal: bool) -> Caller:
        """The caller of an `authorization` value: a token or an API key.

        Raises Unauthenticated like `verify`, also for revoked tokens and keys, and Unavailable if a
        required service does not answer.
        """
        if internal:
            return self.verify(authorization, internal=True)
        if authorization and self._api_keys and is_api_key(token := _bearer(authorization)):
            return await self._api_keys.caller_of(token)
        await self.learn_keys(authorization)
        caller = self.verify(authorization, internal=False)
        if self._revocations:
            self._revocations.check(caller)
        return caller

    async def until_unproven(self, authorization: str | None, caller: Caller) -> NoReturn:
        """Verifies the caller of a stream repeatedly; raises what `prove` raises."""
        while True:
            left = max(0.0, caller.expires_at - time.time())
            await asyncio.sleep(min(left, self.STREAM_SECONDS))
            caller = await self.prove(authorization, internal=False)

    async def learn_keys(self, authorization: str | None) -> None:
        """Fetches the keys of a token's OIDC issuer, if needed to verify it.

        Raises Unavailable if the issuer does not answer and its keys are unknown.
        """
        if not self._issuers or not authorization:
            return
        cached = self._cache.get((False, authorization))
        # A cached token whose time is up is verified again, with fresh keys.
        if cached is None or cached[0] <= time.time():
            keys, key_id = self._issuer_of(_bearer(authorization))
            if keys is not None:
                await keys.learn(key_id)

    def _issuer_of(self, token: str) -> tuple[IssuerKeys | None, str | None]:
        """The issuer and key id that a token claims, unverified."""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except jwt.PyJWTError:
            return None, None
        return self._issuers.get(issuer) if isinstance(issuer, str) else None, key_id

    def verify(self, authorization: str | None, *, internal: bool) -> Caller:
        """The caller of an `authorization` value of the requested kind.

        Raises Unauthenticated, with the reason, for a missing, malformed, expired or wrongly signed
        token, and for one of the other kind.
        """
        if not authorization:
            raise Unauthenticated("a token is required", reason="TOKEN_MISSING")
        key = (internal, authorization)
        cached = self._cache.get(key)
        if cached is not None:
            if cached[0] > time.time():
                return cached[1]
            del self._cache[key]
        token = _bearer(authorization)
        caller, expires = self._service(token) if internal else self._user(token)
        self._remember(key, caller, expires)
        return caller

    def _remember(self, key: tuple[bool, str], caller: Caller, expires: float) -> None:
        if len(self._cache) >= self.CACHED_TOKENS:
            self._cache.popitem(last=False)
        # At most until the token expires, and bounded, so that setting the clock back cannot
        # extend it.
        self._cache[key] = (min(expires, time.time() + self.RECHECK_SECONDS), caller)

    def _user(self, token: str) -> tuple[Caller, float]:
        keys, key_id = self._issuer_of(token) if self._issuers else (None, None)
        if keys is not None:
            claims = issuers_claims(token, keys, key_id)
        else:
            claims = decode(
                token,
                self._user_keys,
                self._algorithm,
                issuer=self._issuer,
                audience=self._audience,
            )
            # Guardian signs refresh tokens with the same key, so accept only access tokens.
            if claims.get("typ", "access") != "access":
                raise Unauthenticated("the token is not an access token", reason="TOKEN_TYPE")
        expires = expiry(claims)
        caller = user_caller(claims, expires)
        # Limits the whole lifetime, not only the rest, because revocations are deleted after it.
        if expires > min(time.time(), caller.issued_at) + self._longest + 2 * LEEWAY_SECONDS:
            raise Unauthenticated("the lifetime of the token is too long", reason="TOKEN_INVALID")
        return caller, expires

    def _service(self, token: str) -> tuple[Caller, float]:
        try:
            claims = service_claims(token, self._internal_keys)
        except Unauthenticated:
            if not self._reporter_keys:
                raise
            claims = service_claims(token, self._reporter_keys)
            if claims["sub"] != USAGE_REPORTER:
                raise Unauthenticated(
                    f"this key may only be used by {USAGE_REPORTER}", reason="TOKEN_INVALID"
                ) from None
        expires = expiry(claims)
        if expires > time.time() + SERVICE_TOKEN_SECONDS + 2 * LEEWAY_SECONDS:
            raise Unauthenticated("the token expires too far in the future", reason="TOKEN_INVALID")
        return Caller(str(claims["sub"]), None, frozenset(), is_service=True), expires


def mint_user_token(
    settings: Settings,
    *,
    subject: str,
    roles: Sequence[str] = (),
    tenant_id: str | None = None,
    lifetime_seconds: int = 12 * 3600,
) -> str:
    """A user token in the form of Guardian's, for development and tests."""
    now = int(time.time())
    issuer = settings.jwt_issuer or LOCAL_ISSUER
    claims: dict[str, Any] = {
        "aud": settings.jwt_audience or issuer,
        "iss": issuer,
        "sub": subject,
        "typ": "access",
        "iat": now,
        "nbf": now - 1,
        "exp": now + lifetime_seconds,
        "jti": str(uuid.uuid4()),
        "roles": list(roles),
    }
    if tenant_id is not None:
        claims["tenant_id"] = tenant_id
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), settings.jwt_algorithm)


def mint_service_token(settings: Settings, *, subject: str, now: float) -> str:
    """The token with which the program `subject` calls internal RPCs."""
    claims = {
        "iss": SERVICE_ISSUER,
        "aud": SERVICE_ISSUER,
        "sub": subject,
        "typ": "service",
        "iat": int(now),
        "exp": int(now) + SERVICE_TOKEN_SECONDS,
    }
    return jwt.encode(claims, settings.internal_secret.get_secret_value(), SERVICE_ALGORITHM)


class ServiceTokens:
    """Caches a service token and renews it well before it expires."""

    def __init__(self, settings: Settings, subject: str) -> None:
        self._settings = settings
        self._subject = subject
        self._renew_at = 0.0
        self._authorization = ""

    def authorization(self) -> str:
        """The value of the `authorization` metadata for the next call."""
        now = time.time()
        if now >= self._renew_at:
            token = mint_service_token(self._settings, subject=self._subject, now=now)
            self._authorization = f"Bearer {token}"
            self._renew_at = now + SERVICE_TOKEN_SECONDS / 2
        return self._authorization


def _require_key_length(variable: str, key: bytes, algorithm: str) -> None:
    minimum = MINIMUM_KEY_BYTES[algorithm]
    if len(key) < minimum:
        raise ValueError(f"{variable}: {algorithm} needs a secret of at least {minimum} bytes")


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("the authorization is not a bearer token", reason="TOKEN_MALFORMED")
    return token


def _keys(*secrets: SecretStr) -> list[bytes]:
    """The current secret and, during a rotation, the previous one."""
    return [text.encode() for secret in secrets if (text := secret.get_secret_value())]
