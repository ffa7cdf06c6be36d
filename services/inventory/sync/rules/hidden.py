"""Members of a field that a scope hid from the token: they keep what was known of them.

A path such as `sources.tags` leads through objects and lists alike: a list's elements are
all meant. An element is paired with the one that was known by its id or name, else by all
of it that is visible.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["with_known", "without"]

Json = Any

NAMES: Final = ("id", "name")
ABSENT: Final = object()


def with_known(seen: Json, known: Json, steps: Sequence[str]) -> Json:
    """`seen` with what `known` has where `steps` lead, and `seen` has nothing."""
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
    """A value less what stands where `steps` lead."""
    if isinstance(value, list):
        return [without(element, steps) for element in value]
    if not isinstance(value, Mapping):
        return value
    step, *below = steps
    if not below:
        return {name: member for name, member in value.items() if name != step}
    return {**value, step: without(value[step], below)} if step in value else value


def _partner(element: Json, rest: list[Json], steps: Sequence[str]) -> Json:
    """Takes the element of `rest` that `element` was before; ABSENT where there is none."""
    name = next((n for n in NAMES if isinstance(element, Mapping) and n in element), None)
    for position, candidate in enumerate(rest):
        if not isinstance(candidate, Mapping):
            continue
        same = without(candidate, steps) == without(element, steps)
        if candidate.get(name) == element[name] if name else same:
            return rest.pop(position)
    return ABSENT
