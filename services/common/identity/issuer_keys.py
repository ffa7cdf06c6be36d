"""The keys of OIDC issuers: found by discovery, fetched on demand, and refreshed.

It follows OpenID Connect Discovery 1.0 and RFC 7517 (JSON Web Key Sets). Keys older than five
minutes are fetched again, so an issuer can rotate its keys without a restart here.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt
import structlog

from services.common.errors import Unavailable
from services.common.identity.issuers import OidcIssuer

__all__ = ["IssuerKeys", "keys_address"]

DISCOVERY: Final = "/.well-known/openid-configuration"
TIMEOUT_SECONDS: Final = 5.0

log = structlog.get_logger("oidc")


def keys_address(issuer: OidcIssuer) -> str:
    """The URL of an issuer's keys: configured, or from its discovery document.

    Raises ValueError, with the issuer's name, if discovery fails.
    """
    if issuer.jwks_uri:
        return issuer.jwks_uri
    try:
        document = httpx.get(_discovery(issuer), timeout=TIMEOUT_SECONDS).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise ValueError(f"the OIDC issuer {issuer.name} cannot be discovered: {error}") from error
    return _address_in(document, issuer)


def _discovery(issuer: OidcIssuer) -> str:
    return issuer.issuer.rstrip("/") + DISCOVERY


def _address_in(document: object, issuer: OidcIssuer) -> str:
    told = document if isinstance(document, dict) else {}
    if told.get("issuer") != issuer.issuer:
        raise ValueError(f"the discovery document of {issuer.name} is of another issuer")
    address = told.get("jwks_uri")
    scheme = urlsplit(address).scheme if isinstance(address, str) else ""
    # Keys over plain HTTP could be replaced in transit.
    if scheme != "https" and scheme != urlsplit(issuer.issuer).scheme:
        raise ValueError(f"the discovery document of {issuer.name} names no safe jwks_uri")
    return str(address)


class IssuerKeys:
    """The keys of one issuer."""

    FRESH_SECONDS = 300.0
    """Older keys are fetched again, so that a withdrawn key soon becomes invalid."""
    KEPT_SECONDS = 3600.0
    """How long keys remain valid if the issuer does not answer."""
    PAUSE_SECONDS = 10.0
    """Minimum time between two fetches, which bounds the cost of tokens with unknown keys."""

    def __init__(self, issuer: OidcIssuer) -> None:
        self.issuer = issuer
        self._address = issuer.jwks_uri
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched_at = -self.KEPT_SECONDS
        self._asked_at = -self.PAUSE_SECONDS
        self._fetching: asyncio.Lock | None = None

    def find(self, key_id: str | None) -> jwt.PyJWK | None:
        """The key with an id; without an id, the only key."""
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    async def learn(self, key_id: str | None) -> None:
        """Fetches the keys if the key is unknown or all are old.

        Raises Unavailable if no key was fetched for an hour.
        """
        if self._is_known(key_id):
            return
        if self._fetching is None:
            self._fetching = asyncio.Lock()
        async with self._fetching:
            now = time.monotonic()
            if self._is_known(key_id):
                return
            if now - self._asked_at >= self.PAUSE_SECONDS:
                self._asked_at = now
                await self._fetch_or_keep(now)
            if now - self._fetched_at >= self.KEPT_SECONDS:
                self._keys = {}
                raise Unavailable(
                    f"the issuer {self.issuer.name} does not answer", reason="ISSUER_UNAVAILABLE"
                )

    async def _fetch_or_keep(self, now: float) -> None:
        try:
            async with asyncio.timeout(2 * TIMEOUT_SECONDS):
                self._keys = await self._fetch()
            self._fetched_at = now
        except (httpx.HTTPError, TimeoutError, ValueError, jwt.PyJWTError) as error:
            log.warning("keys not fetched", issuer=self.issuer.name, error=str(error))
            # They may have moved, so the next fetch repeats discovery.
            self._address = self.issuer.jwks_uri

    def _is_known(self, key_id: str | None) -> bool:
        is_fresh = time.monotonic() - self._fetched_at < self.FRESH_SECONDS
        return is_fresh and self.find(key_id) is not None

    async def _fetch(self) -> dict[str | None, jwt.PyJWK]:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            if not self._address:
                answer = await client.get(_discovery(self.issuer))
                self._address = _address_in(answer.raise_for_status().json(), self.issuer)
            answer = await client.get(self._address)
        told = answer.raise_for_status().json()
        keys = told.get("keys") if isinstance(told, dict) else None
        if not isinstance(keys, list):
            raise jwt.PyJWKSetError("the response is not a key set")
        found: dict[str | None, jwt.PyJWK] = {}
        for key in keys:
            if not isinstance(key, dict) or not self._signs(key):
                continue
            try:
                found[key.get("kid")] = jwt.PyJWK(key, algorithm=self.issuer.algorithm)
            except (jwt.PyJWTError, TypeError) as error:
                # RFC 7517, section 5: ignore only keys that are not understood.
                log.warning("key not read", issuer=self.issuer.name, error=str(error))
        return found

    def _signs(self, key: Mapping[str, Any]) -> bool:
        kind = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}[self.issuer.algorithm]
        return (
            key.get("kty") == kind
            and key.get("use", "sig") == "sig"
            and key.get("alg", self.issuer.algorithm) == self.issuer.algorithm
        )
