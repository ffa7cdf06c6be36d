"""What a specified field of a resource is now.

A field is a column of every resource, or else a path into its attrs: a key as it stands,
or steps with dots between them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from uuid import UUID

__all__ = [
    "ATTRS_PREFIX",
    "COLUMNS",
    "GONE",
    "PRESENCE",
    "PRESENT",
    "UNKNOWN",
    "Json",
    "LiveResource",
    "Unknown",
    "hidden_members",
    "is_absent",
    "live_value",
]

Json = Any
"""A JSON value as orjson reads it."""

ATTRS_PREFIX: Final = "attrs."
COLUMNS: Final = frozenset({"name", "region", "size", "status", "tags", "project_id"})

PRESENCE: Final = "presence"
"""The field that every spec has: whether there is such a resource at all."""
PRESENT: Final = "present"
GONE: Final = "gone"


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
"""Instead of a value that the token could not see."""


@dataclass(frozen=True, slots=True)
class LiveResource:
    """A resource as last seen."""

    id: UUID
    name: str
    region: str
    size: str
    status: str
    tags: list[str]
    project_id: str | None
    """Ours; None when nobody saw yet where it lives."""
    attrs: Mapping[str, Json]
    unknown_fields: frozenset[str]
    """Columns, `attrs.<key>`, or members of one, that the newest sighting could not see."""
    deleted: bool


def live_value(resource: LiveResource, field: str) -> Json | Unknown:
    """The value of a field; null for a path on which there is nothing."""
    if field in COLUMNS:
        value = getattr(resource, field)
        unseen = field in resource.unknown_fields or (field == "project_id" and value is None)
        return UNKNOWN if unseen else value
    if resource.unknown_fields and _is_hidden(resource.unknown_fields, ATTRS_PREFIX + field):
        return UNKNOWN
    attrs = resource.attrs
    return attrs[field] if field in attrs else _inside(attrs, field)


def hidden_members(resource: LiveResource, field: str) -> list[list[str]]:
    """The steps within a field to the members of it that the newest sighting could not see."""
    if not resource.unknown_fields:
        return []
    below = f"{ATTRS_PREFIX}{field}."
    return [
        name.removeprefix(below).split(".")
        for name in sorted(resource.unknown_fields)
        if name.startswith(below)
    ]


def _is_hidden(unknown: frozenset[str], path: str) -> bool:
    """Whether a path is within what is unknown."""
    steps = path.split(".")
    return any(".".join(steps[:length]) in unknown for length in range(2, len(steps) + 1))


def is_absent(resource: LiveResource, field: str) -> bool:
    """Whether the provider said nothing of a field, or of the attribute that it is inside of."""
    attrs = resource.attrs
    return not (field in COLUMNS or field in attrs or field.partition(".")[0] in attrs)


def _inside(attrs: Mapping[str, Json], path: str) -> Json:
    value: Json = attrs
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value
