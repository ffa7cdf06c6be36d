"""Signed HTTP posts with an idempotency key, and the interpretation of responses."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx
import orjson

__all__ = ["Receipt", "SignedPosts", "signature_of"]

SECONDS: Final = 10.0
"""Timeout of the whole response, which also covers slow responses."""

MAX_REFERENCE: Final = 200
MAX_ANSWER: Final = 65_536

REFUSALS: Final = frozenset({400, 413, 415, 422})
"""Statuses that reject the document itself, so that a retry cannot succeed."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of a post."""

    is_delivered: bool
    reference: str = ""
    reason: str = ""
    """Why it was not delivered."""
    is_final: bool = True
    """Whether a retry is useless."""


def signature_of(body: bytes, secret: str, at: datetime) -> str:
    """The signature, such as `t=1777608000,v1=5257…`: HMAC-SHA256 over time, dot and body."""
    seconds = int(at.timestamp())
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"


class SignedPosts:
    """Posts documents to an external URL."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, secret: str, *, seconds: float = SECONDS
    ) -> None:
        self._client = client
        self._url = url
        self._secret = secret
        self._seconds = seconds

    async def post(
        self, key: str, body: bytes, at: datetime, *, needs_reference: bool = False
    ) -> Receipt:
        """Posts a document with its key; never raises for errors of the receiver.

        If a reference is required, a response without one is a failure: it may come from a proxy.
        """
        headers = {
            "content-type": "application/json",
            "idempotency-key": key,
            "arcadia-signature": signature_of(body, self._secret, at),
        }
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream(
                    "POST", self._url, content=body, headers=headers, timeout=self._seconds
                ) as answer,
            ):
                text = await _beginning(answer)
        except TimeoutError:
            reason = f"no response within {self._seconds:g} s"
            return Receipt(is_delivered=False, reason=reason, is_final=False)
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            return Receipt(is_delivered=False, reason=reason, is_final=False)
        return _receipt(answer.status_code, text, needs_reference=needs_reference)


async def _beginning(answer: httpx.Response) -> bytes:
    """Reads a bounded part of the response."""
    text = b""
    async for chunk in answer.aiter_bytes():
        text += chunk
        if len(text) >= MAX_ANSWER:
            break
    return text[:MAX_ANSWER]


def _receipt(status: int, text: bytes, *, needs_reference: bool) -> Receipt:
    reference = _reference(text)
    is_taken = 200 <= status < 300
    # 409: the receiver has this key already and returns its reference.
    if (is_taken and not needs_reference) or (reference and (is_taken or status == 409)):
        return Receipt(is_delivered=True, reference=reference)
    if is_taken:
        return Receipt(
            is_delivered=False, reason=f"HTTP {status} without a reference", is_final=False
        )
    shown = text.decode(errors="replace").replace("\0", "")[:200]
    return Receipt(
        is_delivered=False,
        reason=f"HTTP {status}: {shown}".rstrip(": "),
        is_final=status in REFUSALS,
    )


def _reference(text: bytes) -> str:
    """The response's `reference`; empty without a valid one."""
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError:
        return ""
    found = answer.get("reference") if isinstance(answer, dict) else None
    if not isinstance(found, str | int) or isinstance(found, bool):
        return ""
    return str(found).replace("\0", "")[:MAX_REFERENCE]
