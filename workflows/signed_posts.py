"""What is posted to others: signed, under a key of its own, and how the answer is read."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx
import orjson

__all__ = ["Receipt", "SignedPosts", "signature_of"]

SECONDS: Final = 10.0
LONGEST_REFERENCE: Final = 200
LONGEST_ANSWER: Final = 65_536

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

    def __init__(self, client: httpx.AsyncClient, url: str, secret: str) -> None:
        self._client = client
        self._url = url
        self._secret = secret

    async def post(self, key: str, body: bytes, at: datetime) -> Receipt:
        """Posts a document under its key; never raises for what the other side does."""
        headers = {
            "content-type": "application/json",
            "idempotency-key": key,
            "arcadia-signature": signature_of(body, self._secret, at),
        }
        try:
            async with self._client.stream(
                "POST", self._url, content=body, headers=headers, timeout=SECONDS
            ) as answer:
                text = await _beginning(answer)
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            return Receipt(is_delivered=False, reason=reason, is_final=False)
        return _receipt(answer.status_code, text)


async def _beginning(answer: httpx.Response) -> bytes:
    """As much of the answer as a reference can need."""
    text = b""
    async for chunk in answer.aiter_bytes():
        text += chunk
        if len(text) >= LONGEST_ANSWER:
            break
    return text[:LONGEST_ANSWER]


def _receipt(status: int, text: bytes) -> Receipt:
    reference = _reference(text)
    # 409: it has this key already, and says under which reference.
    if 200 <= status < 300 or (status == 409 and reference):
        return Receipt(is_delivered=True, reference=reference)
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
    return str(found).replace("\0", "")[:LONGEST_REFERENCE]
