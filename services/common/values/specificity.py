"""The most specific of the rows that match a usage fact. Pure.

It is the one with most keys, then the one with most keys matched exactly instead of by prefix. A
row without a match takes the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol, TypeVar

__all__ = ["EXACT", "PREFIX", "Match", "Matching", "Rank", "level_of", "rank", "winner"]

Match = tuple[tuple[str, tuple[str, ...]], ...]
"""Dimensions with their allowed values, both sorted; a value that ends with `*` is a prefix.

Empty for a row without a match.
"""

Rank = tuple[int, int]
"""The number of keys, and of those matched exactly."""

PREFIX: Final = "*"
"""The last character of a value that is a prefix."""


class Matching(Protocol):
    """A row of prices."""

    @property
    def match(self) -> Match:
        """The usage that the row is for."""


R = TypeVar("R", bound=Matching)

EXACT: Final = 2
BY_PREFIX: Final = 1


def rank(match: Match, dimensions: Mapping[str, str]) -> Rank | None:
    """How specifically a match covers a usage fact; None if it does not."""
    exact = 0
    for key, allowed in match:
        value = dimensions.get(key)
        if value is None:
            return None
        level = level_of(allowed, value)
        if not level:
            return None
        exact += level == EXACT
    return len(match), exact


def winner(rows: Iterable[R], dimensions: Mapping[str, str]) -> R | None:
    """The most specific of the rows that match a usage fact; None if none does."""
    best, best_rank = None, (-1, 0)
    for row in rows:
        found = rank(row.match, dimensions)
        if found is not None and found > best_rank:
            best, best_rank = row, found
    return best


def level_of(allowed: Sequence[str], value: str) -> int:
    """Whether a value is allowed: EXACT, BY_PREFIX, or 0."""
    if value in allowed and not value.endswith(PREFIX):
        return EXACT
    by_prefix = any(one.endswith(PREFIX) and value.startswith(one[:-1]) for one in allowed)
    return BY_PREFIX if by_prefix else 0
