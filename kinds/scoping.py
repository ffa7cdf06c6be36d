"""Fields of a row that depend on a scope of the token: which of them the token may read."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Any

from kinds.unreadable import JsonObject

__all__ = ["ScopedFields"]


class ScopedFields:
    """The scope-dependent fields of a kind, each with its scope.

    A dotted path is a member of a field, in every element of a list.
    """

    def __init__(self, scope_of: Mapping[str, str]) -> None:
        self._scope_of = scope_of
        self.fields = frozenset(path for path in scope_of if "." not in path)
        """The fields without the members."""

    def visible(self, row: JsonObject) -> AbstractSet[str]:
        """The paths that the token may read, as far as a row shows it.

        An absent field is readable if another field of the same scope is present.
        """
        scope_of, whole = self._scope_of, self._whole_fields
        if row.keys() >= whole and not self._shown_by_members_only:
            return scope_of.keys()
        held = {scope_of[name] for name in whole & row.keys()}
        held |= {
            scope_of[path]
            for path, steps, _ in self._members
            if scope_of[path] not in held and any(_presences(row, steps))
        }
        return {path for path, scope in scope_of.items() if scope in held}

    def hidden_members(self, row: JsonObject) -> Iterator[str]:
        """The paths of members that a row omits, and whose scope no field of it shows."""
        for path, steps, showing in self._members:
            if row.keys().isdisjoint(showing) and not all(_presences(row, steps)):
                yield path

    @cached_property
    def _whole_fields(self) -> frozenset[str]:
        """Fields whose presence shows their scope: none of their members is scoped."""
        return self.fields - {path.split(".")[0] for path in self._scope_of if "." in path}

    @cached_property
    def _shown_by_members_only(self) -> bool:
        """Whether there is a scope that only members show."""
        shown = {self._scope_of[name] for name in self._whole_fields}
        return any(scope not in shown for scope in self._scope_of.values())

    @cached_property
    def _members(self) -> tuple[tuple[str, tuple[str, ...], frozenset[str]], ...]:
        """For each member its path, its steps, and the fields that show its scope."""
        return tuple(
            (
                path,
                tuple(path.split(".")),
                frozenset(name for name in self._whole_fields if self._scope_of[name] == scope),
            )
            for path, scope in self._scope_of.items()
            if "." in path
        )


def _presences(value: Any, steps: Sequence[str]) -> Iterator[bool]:
    """For each object at the path without its last step: whether it has the last."""
    if isinstance(value, list):
        for element in value:
            yield from _presences(element, steps)
    elif isinstance(value, dict):
        step, *below = steps
        if below:
            yield from _presences(value.get(step), below)
        else:
            yield step in value
