"""Pages of lists, after AIP-158: a bounded size, and an opaque token for the next page.

A token holds the position of the last row (keyset paging: the cost of a page does not
grow with its depth) and a fingerprint of the filter that it was made for.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, Generic, Protocol, TypeVar

import orjson

from services.common.errors import InvalidArgument
from services.common.rpc.wire import EPOCH, MICROSECOND

__all__ = [
    "DEFAULT_PAGE_SIZE",
    "MAXIMUM_PAGE_SIZE",
    "Page",
    "PageRequest",
    "Position",
    "decode_token",
    "encode_token",
    "first_page",
    "page_request",
    "page_size",
]

DEFAULT_PAGE_SIZE: Final = 50
MAXIMUM_PAGE_SIZE: Final = 500
MAX_TOKEN: Final = 2048
LARGEST_INTEGER: Final = 2**63

Row = TypeVar("Row")


class Position(int):
    """A position from 0, within a 32-bit column."""


class ListRequest(Protocol):
    """A request for a page of a list."""

    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A page of a list."""

    rows: Sequence[Row]
    next_page_token: str
    """Empty on the last page."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The filters, start and size of the requested page of a list."""

    size: int
    filters: tuple[Any, ...]
    after: Any
    """The place of the last row on the page before, a value or several; None for the first page."""

    @property
    def limit(self) -> int:
        """The number of rows to read: one more than the page, to see whether more follow."""
        return self.size + 1

    def token_after(self, place: object) -> str:
        """The token for the page after a place."""
        return encode_token(self.filters, _written(place))

    def page(self, rows: Sequence[Row], place_of: Callable[[Row], object]) -> Page[Row]:
        """The page of rows that were read with `limit`; `place_of` gives the place of a row.

        An extra row means that there is a next page.
        """
        page, is_last = rows[: self.size], len(rows) <= self.size
        return Page(page, "" if is_last else self.token_after(place_of(page[-1])))


def first_page(size: int) -> PageRequest:
    """The first page of a list that has no further pages."""
    return PageRequest(size, (), None)


def page_request(
    request: ListRequest, filters: tuple[Any, ...], *kinds: type, size: int | None = None
) -> PageRequest:
    """The requested page of a list. `kinds` are the types of the values in its tokens.

    `size` is for lists with other page sizes. Raises InvalidArgument as `page_size` and
    `decode_token` do.
    """
    bounded = page_size(request.page_size) if size is None else size
    types = tuple([int if issubclass(kind, int | date) else str for kind in kinds])
    position = decode_token(request.page_token, filters, types)
    if position is None:
        return PageRequest(bounded, filters, None)
    try:
        place = tuple(
            [_READ.get(kind, kind)(value) for kind, value in zip(kinds, position, strict=True)]
        )
    except (ValueError, OverflowError):
        raise InvalidArgument("page_token", "is not one of ours") from None
    return PageRequest(bounded, filters, place if len(place) > 1 else place[0])


def _position(value: int) -> int:
    if not 0 <= value < 2**31:
        raise ValueError(value)
    return value


_READ: Final[Mapping[type, Callable[[Any], Any]]] = MappingProxyType(
    {
        Position: _position,
        date: date.fromordinal,
        datetime: lambda value: EPOCH + value * MICROSECOND,
    }
)


def _written(place: object) -> tuple[str | int, ...]:
    """The JSON form of a value of a page token."""
    values = place if isinstance(place, tuple) else (place,)
    return tuple([_WRITE.get(value.__class__, str)(value) for value in values])


_WRITE: Final[Mapping[type, Callable[[Any], str | int]]] = MappingProxyType(
    {
        int: int,
        date: date.toordinal,
        datetime: lambda value: (value - EPOCH) // MICROSECOND,
    }
)


def page_size(requested: int) -> int:
    """The page size: the default for 0, capped at the maximum.

    Raises InvalidArgument for a negative value.
    """
    if requested < 0:
        raise InvalidArgument("page_size", "must not be negative")
    return min(requested, MAXIMUM_PAGE_SIZE) if requested else DEFAULT_PAGE_SIZE


def encode_token(filters: tuple[Any, ...], position: tuple[str | int, ...]) -> str:
    """The token for the page after `position`, bound to `filters`."""
    content = orjson.dumps([_fingerprint(filters), *position])
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode_token(
    token: str, filters: tuple[Any, ...], types: tuple[type[str] | type[int], ...]
) -> tuple[Any, ...] | None:
    """The position in a token, with values of the given types; None without a token.

    Raises InvalidArgument for an invalid token, or one for other filters.
    """
    if not token:
        return None
    try:
        if len(token) > MAX_TOKEN:
            raise ValueError(token)
        content = orjson.loads(base64.b64decode(token + "=" * (-len(token) % 4), b"-_", True))
        fingerprint, *position = content
    except (ValueError, TypeError, binascii.Error):
        raise InvalidArgument("page_token", "is not one of ours") from None
    if tuple(type(value) for value in position) != types or not all(map(_storable, position)):
        raise InvalidArgument("page_token", "is not one of ours")
    if fingerprint != _fingerprint(filters):
        raise InvalidArgument("page_token", "was made for a list with other filters")
    return tuple(position)


def _storable(value: str | int) -> bool:
    """Whether the database accepts the value, because a token may be forged."""
    return "\0" not in value if isinstance(value, str) else abs(value) < LARGEST_INTEGER


def _fingerprint(filters: tuple[Any, ...]) -> str:
    return hashlib.blake2b(orjson.dumps(filters), digest_size=8).hexdigest()
