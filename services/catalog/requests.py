"""Parsers of single fields; each error names the field."""

import re
from datetime import datetime
from typing import Final

from services.catalog.deployments.rules.deployments import Cause
from services.catalog.deployments.rules.lifecycle import STATES, State
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc import fields
from services.common.rpc.fields import one_of, required, uuid_of
from services.common.rpc.requests import current_request_id

__all__ = [
    "cause",
    "code",
    "line",
    "name",
    "one_of",
    "prose",
    "required",
    "state",
    "text",
    "uuid_of",
    "version_number",
]

MAX_TEXT: Final = 255
MAX_REASON: Final = 1000

CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that a name must not have: control characters and changes of text direction."""


def text(field: str, value: str, longest: int = MAX_TEXT) -> str:
    """A text, unchanged. Raises InvalidArgument."""
    return fields.text(field, value, longest)


def line(field: str, value: str) -> str:
    """A one-line text without control characters. Raises InvalidArgument."""
    if CONTROLS.search(value):
        raise InvalidArgument(field, "must not contain control characters")
    return text(field, value)


def prose(field: str, value: str) -> str:
    """An explanation, possibly of several lines. Raises InvalidArgument."""
    if CONTROLS.search(value.replace("\n", "").replace("\t", "")):
        raise InvalidArgument(field, "must not contain control characters")
    return text(field, value, MAX_REASON)


def name(field: str, value: str) -> str:
    """A display name that is not blank. Raises InvalidArgument."""
    return required(field, line(field, value).strip())


def cause(reason: str, at: datetime, actor: str = "") -> Cause:
    """The actor, reason and time of a change; the actor is the caller by default."""
    return Cause(
        actor=text("actor", actor) or current_caller().subject,
        reason=prose("reason", reason),
        request_id=current_request_id(),
        at=at,
    )


def code(field: str, value: str) -> str:
    """A code of a plan or addon. Raises InvalidArgument."""
    if not CODE.fullmatch(required(field, value)):
        raise InvalidArgument(
            field,
            f"{value!r} is not lower-case letters, digits and underscores, beginning with a"
            " letter, at most 63",
            reason="MALFORMED_CODE",
        )
    return value


def state(field: str, value: str) -> State:
    """A state of deployments. Raises InvalidArgument."""
    return State(one_of(field, value, STATES, "UNKNOWN_STATE"))


def version_number(field: str, number: int) -> int:
    """The number of a plan version. Raises InvalidArgument."""
    if not 1 <= number < 2**31:
        raise InvalidArgument(field, "must be at least 1", reason="OUT_OF_RANGE")
    return number
