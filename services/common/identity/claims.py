"""Decodes tokens, and reads the caller of a user's token from its claims."""

import math
from collections.abc import Sequence
from typing import Any, Final

import jwt

from services.common.errors import Unauthenticated
from services.common.identity.callers import Caller
from services.common.identity.issuer_keys import IssuerKeys

__all__ = [
    "LEEWAY_SECONDS",
    "MAX_CLAIM",
    "SERVICE_ALGORITHM",
    "SERVICE_ISSUER",
    "decode",
    "expiry",
    "issuers_claims",
    "service_claims",
    "user_caller",
]

LEEWAY_SECONDS: Final = 30
SERVICE_ISSUER: Final = "arcadia-internal"
SERVICE_ALGORITHM: Final = "HS256"

MAX_CLAIM: Final = 255
"""Maximum characters of a subject or tenant."""

NO_ACCESS: Final = frozenset({"id", "refresh", "logout"})
"""Values of `typ` for OIDC tokens that are not access tokens."""


def service_claims(token: str, keys: Sequence[bytes]) -> dict[str, Any]:
    """The claims of a service token signed with one of these keys. Raises Unauthenticated."""
    claims = decode(token, keys, SERVICE_ALGORITHM, issuer=SERVICE_ISSUER, audience=SERVICE_ISSUER)
    if claims.get("typ") != "service":
        raise Unauthenticated("the token is not a service token", reason="TOKEN_TYPE")
    return claims


def issuers_claims(token: str, keys: IssuerKeys, key_id: str | None) -> dict[str, Any]:
    """The claims of an OIDC issuer's token, mapped to those of our own tokens.

    Raises Unauthenticated.
    """
    issuer, key = keys.issuer, keys.find(key_id)
    if key is None:
        raise Unauthenticated("the token's key is unknown", reason="TOKEN_INVALID")
    claims = decode(token, [key], issuer.algorithm, issuer=issuer.issuer, audience=issuer.audience)
    if str(claims.get("typ", "access")).lower() in NO_ACCESS:
        raise Unauthenticated("the token is not an access token", reason="TOKEN_TYPE")
    kept = {name: claims[name] for name in ("exp", "iat", "jti") if name in claims}
    return kept | issuer.caller_claims(claims)


def decode(
    token: str,
    keys: Sequence[bytes | jwt.PyJWK],
    algorithm: str,
    *,
    issuer: str | None,
    audience: str | None,
) -> dict[str, Any]:
    """The claims of a token signed with one of these keys. Raises Unauthenticated."""
    for key in keys:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=issuer,
                audience=audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub"], "verify_aud": audience is not None},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("the token has expired", reason="TOKEN_EXPIRED") from None
        except jwt.PyJWTError as error:
            message = f"the token is not valid: {error}"
            raise Unauthenticated(message, reason="TOKEN_INVALID") from None
        if isinstance(claims["exp"], str):  # PyJWT accepts a number as text; the gateway does not
            raise Unauthenticated("the token's exp is not a number", reason="TOKEN_INVALID")
        return claims
    raise Unauthenticated("the token's signature is invalid", reason="TOKEN_INVALID")


def expiry(claims: dict[str, Any]) -> float:
    """When a token is no longer accepted, in seconds since 1970, with the leeway."""
    try:
        return float(claims["exp"]) + LEEWAY_SECONDS
    except OverflowError:
        return math.inf


def user_caller(claims: dict[str, Any], expires_at: float) -> Caller:
    """The caller that the claims of a user's token name. Raises Unauthenticated."""
    tenant = claims.get("tenant_id")
    subject = claims["sub"]
    if not _sane(subject) or (tenant and not _sane(tenant)):
        raise Unauthenticated(
            f"sub and tenant_id must be at most {MAX_CLAIM} printable characters",
            reason="TOKEN_INVALID",
        )
    roles = claims.get("roles", [])
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Unauthenticated("the token's roles are not a list of slugs", reason="TOKEN_INVALID")
    token_id = claims.get("jti")
    return Caller(
        subject,
        tenant or None,
        frozenset(roles),
        expires_at=expires_at,
        issued_at=float(claims["iat"]),
        token_id=token_id if isinstance(token_id, str) else None,
    )


def _sane(claim: object) -> bool:
    return isinstance(claim, str) and len(claim) <= MAX_CLAIM and claim.isprintable()
