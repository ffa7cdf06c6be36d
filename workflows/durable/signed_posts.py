"""What is posted to others: signed, under a key of its own, and how the answer is read."""

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
"""For the whole answer: one that drips in a byte at a time is none."""

MAX_REFERENCE: Final = 200
MAX_ANSWER: Final = 65_536

REFUSALS: Final = frozenset({400, 413, 415, 422})
"""Answers about the document itself, which is never another one when it is posted again."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a post."""

    is_delivered: bool
    reference: str = ""
    reason: str = ""
    """Why it was not delivered, in words."""
    is_final: bool = True
    """Whether posting it again would change nothing."""


def signature_of(body: bytes, secret: str, at: datetime) -> str:
    """As in `t=1777608000,v1=5257…`: HMAC-SHA256 over the time, a dot, and the body."""
    seconds = int(at.timestamp())
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"


class SignedPosts:
    """Posts documents to an address of somebody else's."""

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
        """Posts a document under its key; never raises for what the other side does.

        Where a reference is needed, an answer without one is not believed: it may be a proxy's.
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
            reason = f"no answer within {self._seconds:g} s"
            return Receipt(is_delivered=False, reason=reason, is_final=False)
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            return Receipt(is_delivered=False, reason=reason, is_final=False)
        return _receipt(answer.status_code, text, needs_reference=needs_reference)


async def _beginning(answer: httpx.Response) -> bytes:
    """As much of the answer as a reference can need."""
    text = b""
    async for chunk in answer.aiter_bytes():
        text += chunk
        if len(text) >= MAX_ANSWER:
            break
    return text[:MAX_ANSWER]


def _receipt(status: int, text: bytes, *, needs_reference: bool) -> Receipt:
    reference = _reference(text)
    is_taken = 200 <= status < 300
    # 409: it has this key already, and says under which reference.
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
    """The answer's `reference`; empty when it has none that can be kept."""
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError:
        return ""
    found = answer.get("reference") if isinstance(answer, dict) else None
    if not isinstance(found, str | int) or isinstance(found, bool):
        return ""
    return str(found).replace("\0", "")[:MAX_REFERENCE]
