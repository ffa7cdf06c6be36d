"""Context of the current request: its id, idempotency key and deadline.

The id is passed from the gateway to the database. Response metadata is set here too.
"""

import re
import time
import uuid
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from services.common.errors import InvalidArgument, Unauthenticated

__all__ = [
    "ADDRESS_KEY",
    "GATEWAY_KEY",
    "IDEMPOTENCY_KEY",
    "REQUEST_ID_KEY",
    "Received",
    "add_answer_headers",
    "address_of",
    "answer_headers",
    "current_address",
    "current_idempotency_key",
    "current_request_id",
    "new_request_id",
    "read_metadata",
    "remaining_seconds",
    "set_address",
    "set_deadline",
    "set_idempotency_key",
    "set_request_id",
]

REQUEST_ID_KEY: Final = "x-request-id"
"""The HTTP header and the gRPC metadata key."""

IDEMPOTENCY_KEY: Final = "idempotency-key"
"""The HTTP header and the gRPC metadata key."""

ADDRESS_KEY: Final = "x-arcadia-address"
"""The metadata with the caller's address, set by the gateway, which overwrites the caller's. It is
ignored without the gateway's proof."""

GATEWAY_KEY: Final = "x-arcadia-gateway"
"""The metadata with the gateway's proof; it overwrites what callers send."""

_ACCEPTED: Final = re.compile(r"[ -~]{1,128}")
"""Printable ASCII of bounded length."""

_request_id: ContextVar[str] = ContextVar("arcadia_request_id", default="")
_idempotency_key: ContextVar[str] = ContextVar("arcadia_idempotency_key", default="")
_address: ContextVar[str] = ContextVar("arcadia_address", default="")


@dataclass(slots=True)
class Received:
    """The metadata of a call: about the caller and the call."""

    authorization: str | None = None
    request_id: str | None = None
    address: str = ""
    proof: str = ""
    """Whether the gateway's proof is valid; otherwise the address is not trusted."""


def read_metadata(metadata: Iterable[tuple[str, str | bytes]]) -> Received:
    """Reads the metadata of a call, and sets its idempotency key.

    Raises Unauthenticated for two tokens, and InvalidArgument for an empty key.
    """
    received = Received()
    for key, value in metadata:
        if key == "authorization":
            if received.authorization is not None:
                raise Unauthenticated("more than one token", reason="TOKEN_MALFORMED")
            received.authorization = str(value)
        elif key == REQUEST_ID_KEY:
            received.request_id = str(value)
        elif key == ADDRESS_KEY:
            received.address = str(value)
        elif key == GATEWAY_KEY:
            received.proof = str(value)
        elif key == IDEMPOTENCY_KEY:  # each call has its own context, so nothing needs clearing
            if not value:  # an explicit key must not be empty
                raise InvalidArgument(IDEMPOTENCY_KEY, "is empty")
            set_idempotency_key(str(value))
    return received


def current_address() -> str:
    """The caller's address from the gateway, otherwise the peer's; empty outside of a call."""
    return _address.get()


def set_address(told: str, peer: str) -> None:
    """Sets the caller's address; without one from the gateway, the address of gRPC's `peer`."""
    _address.set(told or address_of(peer))


def address_of(peer: str) -> str:
    """The address in `ipv4:127.0.0.1:5000` or `ipv6:%5B::1%5D:5000`."""
    address = peer.partition(":")[2].rpartition(":")[0]
    return address.replace("%5B", "").replace("%5D", "") or peer


def current_idempotency_key() -> str:
    """The idempotency key in the metadata of the current request; empty without one."""
    return _idempotency_key.get()


def set_idempotency_key(received: str) -> None:
    """Sets the idempotency key of the current request."""
    _idempotency_key.set(received)


def current_request_id() -> str:
    """The id of the current request; empty outside of one."""
    return _request_id.get()


def set_request_id(received: str | None) -> str:
    """Sets the request id to a valid received one, otherwise to a new one; returns it."""
    identifier = received if received and _ACCEPTED.fullmatch(received) else new_request_id()
    _request_id.set(identifier)
    return identifier


def new_request_id() -> str:
    """A new id."""
    return str(uuid.uuid4())


_deadline: ContextVar[float | None] = ContextVar("arcadia_deadline", default=None)


def remaining_seconds() -> float | None:
    """The remaining seconds until the caller's deadline; None without one."""
    deadline = _deadline.get()
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def set_deadline(seconds: float) -> None:
    """Sets the caller's deadline, in seconds from now."""
    _deadline.set(time.monotonic() + seconds)


_answer_headers: ContextVar[dict[str, str] | None] = ContextVar(
    "arcadia_answer_headers", default=None
)


def answer_headers() -> dict[str, str] | None:
    """The initial metadata of the current response; None if empty."""
    return _answer_headers.get()


def add_answer_headers(headers: dict[str, str]) -> None:
    """Adds initial metadata to the current response, if it succeeds."""
    _answer_headers.set({**(_answer_headers.get() or {}), **headers})
