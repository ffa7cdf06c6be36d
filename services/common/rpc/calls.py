"""Parts a list into calls that fit into messages."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

__all__ = ["parted"]

Item = TypeVar("Item")


def parted(
    items: Sequence[Item], *, most: int, most_bytes: int, bytes_of: Callable[[Item], int]
) -> Iterator[Sequence[Item]]:
    """The items in order, in parts of at most `most` items and `most_bytes` bytes.

    A larger item is a part of its own.
    """
    start, size = 0, 0
    for place, item in enumerate(items):
        more = bytes_of(item)
        if place > start and (place - start == most or size + more > most_bytes):
            yield items[start:place]
            start, size = place, 0
        size += more
    if items:
        yield items[start:]
