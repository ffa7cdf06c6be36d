"""Records of resources, and which changes are significant.

A sighting is the provider's current state. Fields that the token could not see keep their known
values. A change of order, or of a counter of the provider, is not a change.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from services.common.values.csv_lines import csv_lines
from services.inventory.resources.rules.ownership import Ownership
from services.inventory.sync.rules.hidden import with_known
from services.inventory.vocabulary import VOLATILE_ATTRS

__all__ = [
    "Content",
    "FieldChange",
    "Json",
    "KnownResource",
    "Resource",
    "SightedResource",
    "header",
    "lines_of",
    "meaningful_changes",
    "merged",
    "normal_tags",
]

Json = Any
"""A JSON value as parsed by orjson."""

EXACT_FLOATS: Final = 2.0**53
"""Below it, an integral float equals the integer."""

ATTRS_PREFIX: Final = "attrs."
TEXT_FIELDS: Final = ("name", "region", "size", "status")


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a resource at the provider."""

    name: str
    region: str
    size: str
    status: str
    tags: tuple[str, ...]
    """Lower-case, sorted, without duplicates; see `normal_tags`."""
    attrs: Mapping[str, Json]
    provider_created_at: datetime | None


EMPTY: Final = Content("", "", "", "", (), {}, None)


@dataclass(frozen=True, slots=True)
class SightedResource:
    """The current state of a resource at the provider."""

    provider_id: str
    content: Content
    unknown_fields: frozenset[str] = frozenset()
    """Fields that the token could not see: columns, `attrs.<key>`, or members such as
    `attrs.<key>.tags`."""
    digest: int = 0
    """A signed 64-bit digest of the sighting."""


@dataclass(frozen=True, slots=True)
class KnownResource:
    """A stored resource."""

    id: UUID
    provider_id: str
    content: Content
    ownership: Ownership
    project_tenant: str | None
    """The tenant of the project that it lives in."""
    deleted: bool


class Resource(NamedTuple):
    """A listed resource. A tuple, because pages have many of these."""

    id: str
    provider: str
    kind: str
    provider_id: str
    name: str
    region: str
    size: str
    status: str
    project_id: str | None
    tenant_id: str | None
    deployment_id: str | None
    tags: list[str]
    provider_created_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    stale_strike_count: int
    deleted_at: datetime | None
    attrs: dict[str, Json] | None = None
    """None if not requested."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that changed; `field` is a column, or `attrs.<key>`."""

    field: str
    old: Json
    new: Json


def normal_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Normalized tags: lower-case, sorted, without duplicates."""
    return tuple(sorted({tag.lower() for tag in tags if tag}))


def merged(sighted: SightedResource, known: Content | None) -> Content:
    """The content after a sighting: fields that it could not see keep their known value."""
    content = sighted.content
    if not sighted.unknown_fields:
        return content
    before = known or EMPTY
    attrs = dict(content.attrs)
    columns: dict[str, Any] = {}
    for field in sorted(sighted.unknown_fields):
        if not field.startswith(ATTRS_PREFIX):
            columns[field] = getattr(before, field)
            continue
        key, *below = field.removeprefix(ATTRS_PREFIX).split(".")
        if below:
            if key in attrs:
                attrs[key] = with_known(attrs[key], before.attrs.get(key), below)
            continue
        attrs.pop(key, None)
        if key in before.attrs:
            attrs[key] = before.attrs[key]
    return replace(content, attrs=attrs, **columns)


def meaningful_changes(
    old: Content, new: Content, is_forgiven: Callable[[FieldChange], bool] | None = None
) -> tuple[FieldChange, ...]:
    """The fields with significant differences, in a stable order.

    `is_forgiven` says whether the kind ignores a change.
    """
    changes = _changes(old, new)
    if is_forgiven is None:
        return tuple(changes)
    return tuple(change for change in changes if not is_forgiven(change))


def _changes(old: Content, new: Content) -> Iterator[FieldChange]:
    for field in TEXT_FIELDS:
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield FieldChange(field, before, after)
    if old.tags != new.tags:
        yield FieldChange("tags", list(old.tags), list(new.tags))
    if old.attrs is new.attrs:
        return
    for key in sorted(old.attrs.keys() | new.attrs.keys()):
        before, after = old.attrs.get(key), new.attrs.get(key)
        if key not in VOLATILE_ATTRS and not _same(before, after):
            yield FieldChange(ATTRS_PREFIX + key, before, after)


def _same(old: Json, new: Json) -> bool:
    # True == 1 in Python, so compare types first.
    if type(old) is type(new) and old == new:
        return True
    return _text(_normal(old)) == _text(_normal(new))


def _text(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _normal(value: Json) -> Json:
    """A normalized value for comparison: lists are multisets, 1.0 is 1."""
    if isinstance(value, dict):
        return {key: _normal(item) for key, item in value.items() if key not in VOLATILE_ATTRS}
    if isinstance(value, list):
        return sorted((_normal(item) for item in value), key=_text)
    if isinstance(value, float) and abs(value) < EXACT_FLOATS and value.is_integer():
        return int(value)
    return value


def header(*, full: bool) -> bytes:
    """The header line."""
    return csv_lines([Resource._fields if full else Resource._fields[:-1]])


def lines_of(resources: Iterable[Resource], *, full: bool) -> bytes:
    """One line per resource, in the order of the header.

    Times are RFC 3339 in UTC, tags are separated by spaces, `attrs` are JSON; missing values are
    empty.
    """
    count = len(Resource._fields) - (not full)
    return csv_lines([map(_cell, islice(resource, count)) for resource in resources])


def _cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, dict):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return value
