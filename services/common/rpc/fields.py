"""Parsers of request fields common to all services; each error names the field."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

from services.common.errors import InvalidArgument

__all__ = ["given", "one_of", "required", "text", "uuid_of"]

T = TypeVar("T")


def given(message: Any, field: str, read: Callable[[str, Any], T], path: str = "") -> T | None:
    """An optional field of a message, as `read` returns it; None if it is unset.

    `path` precedes the field's name in errors.
    """
    return read(f"{path}{field}", getattr(message, field)) if message.HasField(field) else None


def required(field: str, value: str) -> str:
    """A text that is not empty. Raises InvalidArgument."""
    if not value:
        raise InvalidArgument(field, "is required", reason="FIELD_REQUIRED")
    return value


def text(field: str, value: str, longest: int) -> str:
    """A text of bounded length that the database can store. Raises InvalidArgument."""
    if "\0" in value:
        raise InvalidArgument(field, "must not contain a NUL character")
    if len(value) > longest:
        raise InvalidArgument(field, f"must not be longer than {longest} characters")
    return value


def uuid_of(field: str, value: str) -> UUID:
    """A UUID. Raises InvalidArgument."""
    try:
        return UUID(required(field, value))
    except ValueError:
        raise InvalidArgument(field, f"{value!r} is not a UUID", reason="MALFORMED_ID") from None


def one_of(field: str, value: str, words: Iterable[str], reason: str = "UNKNOWN_VALUE") -> str:
    """One of the allowed values. Raises InvalidArgument, which lists them in order."""
    known = tuple(words)
    if required(field, value) not in known:
        raise InvalidArgument(field, f"{value!r} is not one of {', '.join(known)}", reason=reason)
    return value
