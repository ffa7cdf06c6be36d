"""The request that is being answered: its id, as it travels from the gateway to the database."""

import re
import uuid
from contextvars import ContextVar
from typing import Final

__all__ = ["REQUEST_ID_KEY", "current_request_id", "new_request_id", "set_request_id"]

REQUEST_ID_KEY: Final = "x-request-id"
"""The HTTP header and the gRPC metadata key."""

_ACCEPTED: Final = re.compile(r"[ -~]{1,128}")
"""Printable ASCII: it is logged as JSON and bound as a parameter, so nothing in it can bite."""

_request_id: ContextVar[str] = ContextVar("arcadia_request_id", default="")


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
