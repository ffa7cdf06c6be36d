"""Reads the live value of a specified field.

A field is a column common to all resources, or a path into `attrs`: a literal key, or steps
separated by dots.
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
"""A JSON value as parsed by orjson."""

ATTRS_PREFIX: Final = "attrs."
COLUMNS: Final = frozenset({"name", "region", "size", "status", "tags", "project_id"})

PRESENCE: Final = "presence"
"""The field that every spec has: whether the resource exists."""
PRESENT: Final = "present"
GONE: Final = "gone"


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
"""Stands for a value that the token could not see."""


@dataclass(frozen=True, slots=True)
class LiveResource:
    """The last seen state of a resource."""

    id: UUID
    name: str
    region: str
    size: str
    status: str
    tags: list[str]
    project_id: str | None
    """Its project id; None if not seen yet."""
    attrs: Mapping[str, Json]
    unknown_fields: frozenset[str]
    """Fields that the newest sighting could not see: columns, `attrs.<key>`, or their members."""
    deleted: bool


def live_value(resource: LiveResource, field: str) -> Json | Unknown:
    """The value of a field; null for a path without a value."""
    if field in COLUMNS:
        value = getattr(resource, field)
        unseen = field in resource.unknown_fields or (field == "project_id" and value is None)
        return UNKNOWN if unseen else value
    if resource.unknown_fields and _is_hidden(resource.unknown_fields, ATTRS_PREFIX + field):
        return UNKNOWN
    attrs = resource.attrs
    return attrs[field] if field in attrs else _inside(attrs, field)


def hidden_members(resource: LiveResource, field: str) -> list[list[str]]:
    """The paths within a field that the newest sighting could not see."""
    if not resource.unknown_fields:
        return []
    below = f"{ATTRS_PREFIX}{field}."
    return [
        name.removeprefix(below).split(".")
        for name in sorted(resource.unknown_fields)
        if name.startswith(below)
    ]


def _is_hidden(unknown: frozenset[str], path: str) -> bool:
    """Whether a path is within an unknown field."""
    steps = path.split(".")
    return any(".".join(steps[:length]) in unknown for length in range(2, len(steps) + 1))


def is_absent(resource: LiveResource, field: str) -> bool:
    """Whether the response omitted a field or the attribute that contains it."""
    attrs = resource.attrs
    return not (field in COLUMNS or field in attrs or field.partition(".")[0] in attrs)


def _inside(attrs: Mapping[str, Json], path: str) -> Json:
    value: Json = attrs
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value
