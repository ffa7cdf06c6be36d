"""Common parsers and converters of requests and responses."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from grpc.aio import ServicerContext

from services.common.errors import InvalidArgument
from services.common.rpc import fields
from services.common.rpc.fields import uuid_of

__all__ = ["EPOCH", "LARGEST_PAGE", "MAX_TEXT_LENGTH", "MICROSECOND", "Context", "instant_of",
           "internal_page_size", "required", "text", "timestamp", "uuid_of",
           "word"]  # fmt: skip  # a table

Context = ServicerContext[Any, Any]
"""Of a call that is answered."""

MAX_TEXT_LENGTH: Final = 1_000
LARGEST_PAGE: Final = 5_000
"""Page sizes of calls between services."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


def text(field: str, value: str, longest: int = MAX_TEXT_LENGTH) -> str:
    """A text that the database accepts. Raises InvalidArgument."""
    return fields.text(field, value, longest)


def required(field: str, value: str) -> str:
    """The same, not empty. Raises InvalidArgument."""
    return text(field, fields.required(field, value))


def word(field: str, value: str, words: Collection[str], reason: str = "UNKNOWN_VALUE") -> str:
    """One of the allowed values. Raises InvalidArgument."""
    return fields.one_of(field, value, sorted(words), reason)


def internal_page_size(
    requested: int,
    default: int = 1_000,
    maximum: int = LARGEST_PAGE,
    field: str = "page_size",
) -> int:
    """The page size between services: the default for 0, capped at the maximum.

    Raises InvalidArgument for a negative value.
    """
    if requested < 0:
        raise InvalidArgument(field, "must not be negative")
    return min(requested or default, maximum)


def instant_of(stamp: Timestamp, field: str = "timestamp") -> datetime:
    """A time to the microsecond. Raises InvalidArgument for an unsupported year."""
    try:
        return EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
    except OverflowError:
        raise InvalidArgument(field, "is not a valid time", reason="OUT_OF_RANGE") from None


def timestamp(instant: datetime | None) -> Timestamp | None:
    """The timestamp message of a time; None stays unset."""
    if instant is None:
        return None
    since = instant - EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)
