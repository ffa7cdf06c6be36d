"""The request that is being answered: its id, its caller's key for it, and the time it has.

The id travels from the gateway to the database. What the answer says beside its message is
noted here too.
"""

import re
import time
import uuid
from contextvars import ContextVar
from typing import Final

__all__ = [
    "ADDRESS_KEY",
    "IDEMPOTENCY_KEY",
    "REQUEST_ID_KEY",
    "add_answer_headers",
    "answer_headers",
    "current_idempotency_key",
    "current_request_id",
    "new_request_id",
    "remaining_seconds",
    "set_deadline",
    "set_idempotency_key",
    "set_request_id",
]

REQUEST_ID_KEY: Final = "x-request-id"
"""The HTTP header and the gRPC metadata key."""

IDEMPOTENCY_KEY: Final = "idempotency-key"
"""The HTTP header and the gRPC metadata key."""

ADDRESS_KEY: Final = "x-arcadia-address"
"""The metadata by which the gateway tells the caller's address; it overwrites what callers send."""

_ACCEPTED: Final = re.compile(r"[ -~]{1,128}")
"""Printable ASCII: it is logged as JSON and bound as a parameter, so nothing in it can bite."""

_request_id: ContextVar[str] = ContextVar("arcadia_request_id", default="")
_idempotency_key: ContextVar[str] = ContextVar("arcadia_idempotency_key", default="")


def current_idempotency_key() -> str:
    """The key that came beside the message that this task answers; empty without one."""
    return _idempotency_key.get()


def set_idempotency_key(received: str) -> None:
    """Takes the key that came beside the message, as it is."""
    _idempotency_key.set(received)


def current_request_id() -> str:
    """The id of the request that this task answers; empty outside of one."""
    return _request_id.get()


def set_request_id(received: str | None) -> str:
    """Takes a received id when it is a sane one, else makes one; returns it."""
    identifier = received if received and _ACCEPTED.fullmatch(received) else new_request_id()
    _request_id.set(identifier)
    return identifier


def new_request_id() -> str:
    """A fresh id."""
    return str(uuid.uuid4())


_deadline: ContextVar[float | None] = ContextVar("arcadia_deadline", default=None)


def remaining_seconds() -> float | None:
    """How long the caller of this task still waits; None when they said nothing."""
    deadline = _deadline.get()
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def set_deadline(seconds: float) -> None:
    """Takes how long the caller waits from now."""
    _deadline.set(time.monotonic() + seconds)


_answer_headers: ContextVar[dict[str, str] | None] = ContextVar(
    "arcadia_answer_headers", default=None
)


def answer_headers() -> dict[str, str] | None:
    """What goes ahead of the answer that this task gives; None for nothing."""
    return _answer_headers.get()


def add_answer_headers(headers: dict[str, str]) -> None:
    """Has the answer of this task, if it succeeds, say this in its initial metadata."""
    _answer_headers.set({**(_answer_headers.get() or {}), **headers})
