"""Reads the live value of a specified field.

A field is a column common to all resources, or a path into `attrs`: a literal key, or steps
separated by dots.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from kinds import RESOURCE_KINDS
from kinds.kind import ResourceKind
from kinds.listing import Listing
from kinds.policy import FieldPolicy, Policy
from kinds.redaction import REDACTED, redact

__all__ = [
    "ATTRS_PREFIX",
    "COLUMNS",
    "FOUND_BY_NAME",
    "GONE",
    "PRESENCE",
    "PRESENT",
    "UNDECLARED",
    "UNKNOWN",
    "Json",
    "LiveResource",
    "Unknown",
    "declared",
    "forgives",
    "hidden_members",
    "is_absent",
    "live_value",
    "names_certificates",
    "policy_of",
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


UNDECLARED: Final = FieldPolicy(Policy.DESIRED, unset_when_absent=True)
"""The policy of an undeclared field: compared literally."""

FOUND_BY_NAME: Final = frozenset(
    kind.name
    for kind in RESOURCE_KINDS.values()
    if isinstance(kind.listing, Listing) and kind.listing.found_by == kind.columns.name
)
"""Kinds identified by name although the provider has an id for them."""

WRITE_ONLY: Final = FieldPolicy(Policy.SECRET)


def declared(kind: str) -> ResourceKind | None:
    """The declaration of a kind; None if there is none."""
    return RESOURCE_KINDS.get(kind)


def names_certificates(kind: str) -> bool:
    """Whether resources of a kind refer to certificates."""
    declaration = declared(kind)
    listing = declaration.listing if declaration is not None else None
    return isinstance(listing, Listing) and listing.certificates is not None


def forgives(kind: str, name: str, field: str, old: Any, new: Any) -> bool:
    """Whether two consecutive live values of a field count as no change for the history.

    This is so if the kind declares that the field's comparator ignores only spelling and the
    provider's additions. `name` is the resource's, `field` the name in the history.
    """
    policy = policy_of(kind, field.removeprefix(ATTRS_PREFIX))
    return policy is not None and policy.quiet and policy.comparator(name)(old, new) is True


@lru_cache(maxsize=4096)
def policy_of(kind: str, field: str) -> FieldPolicy | None:
    """The policy of a field by its name in specs; None if the kind does not have it.

    A member inherits the policy class of its field, but not the comparator, which is for the whole
    field. A field named like a secret is one, declared or not.
    """
    name = field.rpartition(".")[2]
    if redact({name: field})[name] == REDACTED:
        return WRITE_ONLY
    declaration = declared(kind)
    if declaration is None:
        return UNDECLARED
    return _declared_policy(declaration, field if field in COLUMNS else ATTRS_PREFIX + field)


def _declared_policy(declaration: ResourceKind, path: str) -> FieldPolicy | None:
    if (exact := declaration.policies.get(path)) is not None:
        return exact
    parent, dot, _ = path.rpartition(".")
    inherited = _declared_policy(declaration, parent) if dot else None
    if inherited is None:
        return None
    return FieldPolicy(
        inherited.policy,
        computed_when=inherited.computed_when,
        unset_when_absent=inherited.unset_when_absent,
    )
