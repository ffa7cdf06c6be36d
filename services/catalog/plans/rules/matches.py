"""Matches: the usage that a price is for, by the dimensions of its meter. Pure.

`specificity` decides which of the rows that match a usage fact wins.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, count, product
from typing import Final, NamedTuple

from services.common.values.specificity import (
    EXACT,
    PREFIX,
    Match,
    Matching,
    Rank,
    level_of,
    rank,
    winner,
)

__all__ = [
    "PREFIX",
    "Match",
    "Matching",
    "Tie",
    "find_tie",
    "label",
    "match_json",
    "match_of",
    "named",
    "rank",
    "values_text",
    "winner",
    "words",
]

SHOWN: Final = 3
"""Values of a dimension that a name has."""


class Tie(NamedTuple):
    """Two rows, by position, and the dimensions of a fact for which neither wins."""

    one: int
    other: int
    dimensions: Mapping[str, str]


def match_of(said: Mapping[str, Iterable[str]]) -> Match:
    """The match of some dimensions with their values, in any order."""
    return tuple((key, tuple(sorted(set(said[key])))) for key in sorted(said))


def match_json(match: Match) -> str:
    """A match as a JSON object of lists."""
    return json.dumps(dict(match))


def named(kind: str, match: Match) -> str:
    """The name of a row: `droplet_hours`, `droplet_hours[size=s-1vcpu-1gb]`."""
    return f"{kind}[{label(match)}]" if match else kind


def words(kind: str, match: Match) -> str:
    """The name of a row for people, with the first values: `droplet_hours s-1vcpu-1gb`."""
    said = [kind]
    for _, values in match:
        more = len(values) - SHOWN
        said.append(", ".join(values[:SHOWN]) + (f" and {more} more" if more > 0 else ""))
    return " ".join(said)


def label(match: Match) -> str:
    """`region=syd1,size=a|b`: unique for a match; empty without one."""
    return ",".join(f"{key}={'|'.join(values)}" for key, values in match)


def values_text(match: Match) -> tuple[tuple[str, str], ...]:
    """The allowed values of each dimension as one text: `size` with `a, b`."""
    return tuple((key, ", ".join(values)) for key, values in match)


def find_tie(matches: Sequence[Match]) -> Tie | None:
    """The first two rows between which a usage fact is undecided; None if there are none.

    Exact: a fact on which two rows have the same rank counts only if no third row wins it. It is
    enough to test facts that have the dimensions of both rows and no others, because another
    dimension can only let more rows match; and one value for each way in which the rows
    distinguish values.
    """
    levels = _levels(matches)
    for one, other in combinations(range(len(matches)), 2):
        if len(matches[one]) != len(matches[other]):
            continue
        found = _undecided(one, other, levels)
        if found is not None:
            return Tie(one, other, found)
    return None


Levels = Sequence[Mapping[str, Mapping[str, int]]]
"""By row and dimension: how each tested value is matched, if it is."""


def _levels(matches: Sequence[Match]) -> Levels:
    allowed: defaultdict[str, set[str]] = defaultdict(set)
    for match in matches:
        for key, values in match:
            allowed[key].update(values)
    tried = {key: _distinct_values(values) for key, values in allowed.items()}
    return [
        {
            key: {value: level for value in tried[key] if (level := level_of(values, value))}
            for key, values in match
        }
        for match in matches
    ]


def _distinct_values(allowed: set[str]) -> list[str]:
    """Each exact value, and for each prefix a value that has no longer prefix and is not exact."""
    found = [value for value in allowed if not value.endswith(PREFIX)]
    for prefix in (value[:-1] for value in allowed if value.endswith(PREFIX)):
        size = len(prefix)
        following = {one[size] for one in allowed if one.startswith(prefix) and len(one) > size}
        free = next(char for char in map(chr, count(ord("0"))) if char not in following)
        found.append(prefix + free)
    return sorted(found)


def _undecided(one: int, other: int, levels: Levels) -> dict[str, str] | None:
    """A fact that neither of two rows with as many keys wins, and no third one does."""
    mine, yours = levels[one], levels[other]
    keys = sorted({*mine, *yours})
    both = {
        key: mine[key].keys() & yours[key].keys()
        if key in mine and key in yours
        else (mine.get(key) or yours[key]).keys()
        for key in keys
    }
    if not all(both.values()):
        return None
    thirds = [
        row
        for place, row in enumerate(levels)
        if place not in (one, other) and len(row) >= len(mine) and row.keys() <= both.keys()
    ]
    # Values that all these rows treat alike are tested once.
    choices = [
        {
            tuple(
                row[key].get(value, 0) if key in row else None for row in (mine, yours, *thirds)
            ): value
            for value in sorted(both[key], reverse=True)
        }.items()
        for key in keys
    ]
    for chosen in product(*choices):
        per_row = list(zip(*(signature for signature, _ in chosen), strict=True)) or [(), ()]
        ranks = [_rank_of(levels_of_row) for levels_of_row in per_row]
        mine_now, yours_now, *others = (found or (-1, 0) for found in ranks)
        if mine_now == yours_now and max(others, default=mine_now) <= mine_now:
            return {key: value for key, (_, value) in zip(keys, chosen, strict=True)}
    return None


def _rank_of(levels: Sequence[int | None]) -> Rank | None:
    """The rank by the levels of a row's keys; None for a missing key."""
    said = [level for level in levels if level is not None]
    return None if 0 in said else (len(said), said.count(EXACT))
