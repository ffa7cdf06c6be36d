"""API keys: their form, and whom a presented one proves, remembered for a few seconds.

A key is `arc_<id>_<secret><checksum>`, all in hexadecimal: the id is public and names the key
in lists and logs, the secret is 32 random bytes, the checksum is the CRC-32 of what goes before.
The prefix and the fixed length make a leaked key recognisable by `KEY_PATTERN`; the checksum
refuses a mistyped one without asking anybody.

Of the secret only its SHA-256 is kept and sent between services. A slow hash guards passwords,
which people choose and others guess; 256 random bits cannot be guessed, however fast the hash.
"""

import asyncio
import hashlib
import re
import secrets
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from async_lru import alru_cache

from services.common.errors import ResourceExhausted, Unauthenticated
from services.common.identity.callers import Caller
from services.common.rpc.requests import set_deadline

__all__ = [
    "KEY_PATTERN",
    "KEY_PREFIX",
    "KEY_SUBJECT",
    "ApiKeys",
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
"""Before the id of a key in the subject of its caller: `api-key:<id>`."""

SECRET_BYTES: Final = 32
CHECKSUM_DIGITS: Final = 8
WAIT_SECONDS: Final = 3.0
"""For the catalog's answer."""

_KEY: Final = re.compile(KEY_PATTERN)


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """A well-formed key as it is looked up: without its secret."""

    id: UUID
    secret_hash: bytes


def is_api_key(token: str) -> bool:
    """Whether a bearer token says that it is an API key."""
    return token.startswith(KEY_PREFIX)


def new_secret() -> str:
    """A secret that nobody can guess."""
    return secrets.token_hex(SECRET_BYTES)


def written_key(key_id: UUID, secret: str) -> str:
    """The key as its holder sends it."""
    body = f"{key_id.hex}_{secret}"
    return f"{KEY_PREFIX}{body}{_checksum(body)}"


def hash_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def read_key(token: str) -> PresentedKey:
    """The key that a bearer token is. Raises Unauthenticated for a malformed or mistyped one."""
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
    """The caller that a key proves until `ends_at`."""
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
    """Whom API keys prove: asked once for all who wait, and kept for a few seconds."""

    FRESH_SECONDS = 3.0
    """A revoked key opens nothing after so long."""
    CACHED_KEYS = 4096
    UNKNOWN_A_SECOND = 50
    """Questions about keys that were never proved here: made-up keys cost no more than that."""

    def __init__(self, resolve: Callable[[PresentedKey], Awaitable[Caller | None]]) -> None:
        self._resolve = resolve
        self._cached = alru_cache(maxsize=self.CACHED_KEYS, ttl=self.FRESH_SECONDS)(self._ask)
        self._proved: dict[PresentedKey, None] = {}
        self._second = 0
        self._asked = 0

    async def caller_of(self, token: str) -> Caller:
        """The caller that a key proves.

        Raises Unauthenticated for a key that is malformed, unknown, revoked or past its end,
        Unavailable when the catalog does not answer, ResourceExhausted while too many unknown
        keys are presented.
        """
        caller = await self._cached(read_key(token))
        if caller is None:
            raise Unauthenticated("the API key is unknown or revoked", reason="KEY_INVALID")
        if caller.expires_at <= time.time():
            raise Unauthenticated("the API key has expired", reason="KEY_EXPIRED")
        return caller

    def remembered(self) -> int:
        """How many keys are remembered, unknown ones among them."""
        return max(self._cached.cache_info().currsize, len(self._proved))

    async def _ask(self, key: PresentedKey) -> Caller | None:
        """Runs in a task of its own, for all who wait: not by the deadline of the first."""
        set_deadline(WAIT_SECONDS)
        if key not in self._proved:
            self._count_unknown()
        caller = await self._resolve(key)
        self._proved.pop(key, None)
        if caller is not None:
            if len(self._proved) >= self.CACHED_KEYS:
                del self._proved[next(iter(self._proved))]
            self._proved[key] = None
        return caller

    def _count_unknown(self) -> None:
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second, self._asked = second, 0
        if self._asked >= self.UNKNOWN_A_SECOND:
            raise ResourceExhausted(
                "too many unknown API keys are presented", reason="TOO_MANY_UNKNOWN_KEYS"
            )
        self._asked += 1
