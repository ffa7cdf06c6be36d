"""Members of a field that the token's scopes hide: they keep their known values.

A path such as `sources.tags` goes through objects and through all elements of lists. Elements are
paired with known ones by id or name, otherwise by all their visible members.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["with_known", "without"]

Json = Any

NAMES: Final = ("id", "name")
ABSENT: Final = object()


def with_known(seen: Json, known: Json, steps: Sequence[str]) -> Json:
    """Copies the values of `known` at `steps` into `seen` where it has none."""
    if isinstance(seen, list):
        rest = list(known) if isinstance(known, list) else []
        return [with_known(element, _partner(element, rest, steps), steps) for element in seen]
    if not isinstance(seen, Mapping):
        return seen
    step, *below = steps
    before = known.get(step, ABSENT) if isinstance(known, Mapping) else ABSENT
    if below:
        return {**seen, step: with_known(seen[step], before, below)} if step in seen else seen
    return seen if step in seen or before is ABSENT else {**seen, step: before}


def without(value: Json, steps: Sequence[str]) -> Json:
    """A value without the members at `steps`."""
    if isinstance(value, list):
        return [without(element, steps) for element in value]
    if not isinstance(value, Mapping):
        return value
    step, *below = steps
    if not below:
        return {name: member for name, member in value.items() if name != step}
    return {**value, step: without(value[step], below)} if step in value else value


def _partner(element: Json, rest: list[Json], steps: Sequence[str]) -> Json:
    """Removes and returns the element of `rest` that corresponds to `element`; ABSENT if none."""
    name = next((n for n in NAMES if isinstance(element, Mapping) and n in element), None)
    for position, candidate in enumerate(rest):
        if not isinstance(candidate, Mapping):
            continue
        same = without(candidate, steps) == without(element, steps)
        if candidate.get(name) == element[name] if name else same:
            return rest.pop(position)
    return ABSENT
