"""Pages of lists, after AIP-158: a bounded size, and an opaque token for the next page.

A token holds the position of the last row (keyset paging: the cost of a page does not
grow with its depth) and a fingerprint of the filter that it was made for.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import orjson

from services.common.errors import InvalidArgument

__all__ = [
    "DEFAULT_PAGE_SIZE",
    "MAXIMUM_PAGE_SIZE",
    "cut",
    "decode_token",
    "encode_token",
    "page_size",
]

DEFAULT_PAGE_SIZE: Final = 50
MAXIMUM_PAGE_SIZE: Final = 500
MAX_TOKEN: Final = 2048
LARGEST_INTEGER: Final = 2**63

Row = TypeVar("Row")


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


def cut(
    rows: Sequence[Row],
    size: int,
    filters: tuple[Any, ...],
    position_of: Callable[[Row], tuple[str | int, ...]],
) -> tuple[Sequence[Row], str]:
    """A page of at most `size` rows, and the token of the next page; empty on the last page.

    `rows` were read with a limit of `size` + 1, so an extra row means that there is a next page.
    """
    page = rows[:size]
    return page, encode_token(filters, position_of(page[-1])) if len(rows) > size else ""


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
