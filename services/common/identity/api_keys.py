"""API keys: their format, and the cached lookup of their callers.

A key is `arc_<id>_<secret><checksum>`, all in hexadecimal: the id is public and identifies the key
in lists and logs, the secret is 32 random bytes, the checksum is the CRC-32 of the preceding part.
The prefix and the fixed length let secret scanners find a leaked key by `KEY_PATTERN`; the checksum
rejects a mistyped one without a lookup.

Only the SHA-256 of the secret is stored and sent between services. A slow hash protects passwords,
which can be guessed; 256 random bits cannot, however fast the hash is.
"""

import asyncio
import hashlib
import re
import secrets
import time
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Final
from uuid import UUID

from async_lru import alru_cache

from services.common.errors import ResourceExhausted, Unauthenticated
from services.common.identity.callers import Caller, FormerCaller
from services.common.rpc.requests import current_address, set_deadline

__all__ = [
    "KEY_PATTERN",
    "KEY_PREFIX",
    "KEY_SUBJECT",
    "ApiKeys",
    "EndedKey",
    "PresentedKey",
    "hash_of",
    "is_api_key",
    "key_caller",
    "new_secret",
    "read_key",
    "written_key",
]

KEY_PREFIX: Final = "arc_"
KEY_PATTERN: Final = "arc_[0-9a-f]{32}_[0-9a-f]{72}"
"""Matches an API key and nothing else: for secret scanners and for the gateway."""

KEY_SUBJECT: Final = "api-key"
"""Prefix of the subject of a key's caller: `api-key:<id>`."""

SECRET_BYTES: Final = 32
CHECKSUM_DIGITS: Final = 8
IPV6_PREFIX: Final = 64
WAIT_SECONDS: Final = 3.0
"""Timeout of the lookup in the catalog."""

_KEY: Final = re.compile(KEY_PATTERN)


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """A well-formed key for lookup, without its secret."""

    id: UUID
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class EndedKey:
    """A key whose secret is right, but which is revoked or past its end."""

    caller: Caller
    """The former caller, who has no access."""


def is_api_key(token: str) -> bool:
    """Whether a bearer token has the form of an API key."""
    return token.startswith(KEY_PREFIX)


def new_secret() -> str:
    """A random secret."""
    return secrets.token_hex(SECRET_BYTES)


def written_key(key_id: UUID, secret: str) -> str:
    """The key as its holder sends it."""
    body = f"{key_id.hex}_{secret}"
    return f"{KEY_PREFIX}{body}{_checksum(body)}"


def hash_of(secret: str) -> bytes:
    """The stored hash of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def read_key(token: str) -> PresentedKey:
    """Parses a bearer token. Raises Unauthenticated for a malformed or mistyped key."""
    body, checksum = token[len(KEY_PREFIX) : -CHECKSUM_DIGITS], token[-CHECKSUM_DIGITS:]
    if not _KEY.fullmatch(token) or _checksum(body) != checksum:
        raise Unauthenticated("the API key is malformed", reason="KEY_MALFORMED")
    key_id, _, secret = body.partition("_")
    return PresentedKey(UUID(key_id), hash_of(secret))


def key_caller(
    key_id: UUID,
    tenant_id: str | None,
    roles: frozenset[str],
    *,
    may_create_keys: bool,
    ends_at: datetime,
) -> Caller:
    """The caller of a key, valid until `ends_at`."""
    return Caller(
        f"{KEY_SUBJECT}:{key_id}",
        tenant_id,
        roles,
        expires_at=ends_at.timestamp(),
        key_id=str(key_id),
        may_create_keys=may_create_keys,
    )


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):0{CHECKSUM_DIGITS}x}"


class ApiKeys:
    """Looks up the callers of API keys; shares concurrent lookups and caches results briefly."""

    FRESH_SECONDS = 3.0
    """Seconds of caching, after which a revoked key is rejected."""
    CACHED_KEYS = 4096
    UNKNOWN_A_SECOND = 200
    """Maximum lookups of unknown keys per second, which bounds the cost of invented keys."""
    UNKNOWN_OF_ADDRESS = 20
    """The same for one address, so that a caller who invents keys does not keep others out."""

    def __init__(
        self, resolve: Callable[[PresentedKey], Awaitable[Caller | EndedKey | None]]
    ) -> None:
        self._resolve = resolve
        self._cached = alru_cache(maxsize=self.CACHED_KEYS, ttl=self.FRESH_SECONDS)(self._ask)
        self._proved: dict[PresentedKey, None] = {}
        self._second = 0
        self._asked: Counter[str] = Counter()

    async def caller_of(self, token: str) -> Caller:
        """The caller of a key.

        Raises Unauthenticated for a malformed, unknown, revoked or expired key (FormerCaller if its
        secret is right), Unavailable if the catalog does not answer, ResourceExhausted if too many
        unknown keys are presented.
        """
        found = await self._cached(read_key(token))
        if found is None:
            raise Unauthenticated("the API key is unknown or revoked", reason="KEY_INVALID")
        caller = found.caller if isinstance(found, EndedKey) else found
        if caller.expires_at <= time.time():
            raise FormerCaller("the API key has expired", reason="KEY_EXPIRED", caller=caller)
        if isinstance(found, EndedKey):
            raise FormerCaller(
                "the API key is unknown or revoked", reason="KEY_INVALID", caller=caller
            )
        return caller

    def remembered(self) -> int:
        """The number of cached keys, including unknown ones."""
        return max(self._cached.cache_info().currsize, len(self._proved))

    async def _ask(self, key: PresentedKey) -> Caller | EndedKey | None:
        """Runs in a separate task for all callers, independent of the first one's deadline."""
        set_deadline(WAIT_SECONDS)
        if key not in self._proved:
            self._count_unknown()
        caller = await self._resolve(key)
        self._proved.pop(key, None)
        if isinstance(caller, Caller):
            if len(self._proved) >= self.CACHED_KEYS:
                del self._proved[next(iter(self._proved))]
            self._proved[key] = None
        return caller

    def _count_unknown(self) -> None:
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second, self._asked = second, Counter()
        address = _network_of(current_address())
        # Has at most as many addresses as lookups.
        if (
            self._asked[address] >= self.UNKNOWN_OF_ADDRESS
            or self._asked.total() >= self.UNKNOWN_A_SECOND
        ):
            raise ResourceExhausted(
                "too many unknown API keys are presented", reason="TOO_MANY_UNKNOWN_KEYS"
            )
        self._asked[address] += 1


def _network_of(address: str) -> str:
    """The address, or the /64 network of an IPv6 address: one host may use all addresses of it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, IPV6_PREFIX), strict=False))
