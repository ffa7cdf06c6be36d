"""Validates specs, and derives a spec from the live state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from kinds.policy import Live, Policy
from kinds.redaction import REDACTED, redact, secret_name
from services.common.errors import FailedPrecondition
from services.inventory.drift.rules.fields import (
    ATTRS_PREFIX,
    COLUMNS,
    GONE,
    PRESENCE,
    PRESENT,
    UNKNOWN,
    Json,
    LiveResource,
    declared,
    hidden_members,
    live_value,
    policy_of,
)

__all__ = [
    "DesiredSpec",
    "InvalidSpec",
    "Spec",
    "Specifiable",
    "live_view",
    "normal_spec",
    "taken_from",
]

MAX_FIELDS: Final = 200
MAX_FIELD_LENGTH: Final = 200
MAX_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Specifiable:
    """The spec-relevant state of a resource."""

    provider: str
    kind: str
    resource: LiveResource


@dataclass(frozen=True, slots=True)
class DesiredSpec:
    """A normalized spec."""

    resource_id: UUID
    spec: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Spec(DesiredSpec):
    """The newest version of a resource's spec."""

    spec_version: int
    recorded_by: str
    recorded_at: datetime


class InvalidSpec(ValueError):
    """A spec is invalid; `field` names the field, empty for the whole spec."""

    def __init__(self, field: str, description: str, reason: str) -> None:
        super().__init__(f"{field}: {description}" if field else description)
        self.field = field
        self.description = description
        self.reason = reason


def normal_spec(kind: str, raw: Mapping[str, Json]) -> dict[str, Json]:
    """Normalizes a spec: fields by name, without secrets. Raises InvalidSpec."""
    if len(raw) > MAX_FIELDS:
        raise InvalidSpec("", f"has {len(raw)} fields, at most {MAX_FIELDS}", "SPEC_TOO_LARGE")
    spec: dict[str, Json] = {}
    # Sorted by name, because a proto map has no order, so that errors are deterministic.
    for name, value in sorted(raw.items()):
        field = name.removeprefix(ATTRS_PREFIX)
        if field != name and field in raw:
            raise InvalidSpec(name, "is a duplicate", "FIELD_TWICE")
        if _is_kept(kind, name, field, value):
            # Members that look like secrets are redacted, as in the live state.
            spec[field] = _without_variables(redact(value, _secrets(kind), at=field))
    if len(orjson.dumps(spec)) > MAX_BYTES:
        raise InvalidSpec("", f"is larger than {MAX_BYTES} bytes", "SPEC_TOO_LARGE")
    return spec


def taken_from(kind: str, resource: LiveResource) -> dict[str, Json]:
    """The spec that matches the live state: every field that users choose.

    Raises FailedPrecondition if the resource is gone.
    """
    if resource.deleted:
        raise FailedPrecondition(
            f"resource {resource.id} is gone: it has no live values", reason="RESOURCE_GONE"
        )
    live = live_view(resource)
    declaration = declared(kind)
    if declaration is None:
        values = {
            field: live_value(resource, field) for field in ("name", "region", "size", "tags")
        }
        values |= resource.attrs
    else:
        fields = [
            path.removeprefix(ATTRS_PREFIX)
            for path, policy in declaration.policies.items()
            if policy.is_taken(live)
        ]
        values = {
            field: live_value(resource, field)
            for field in fields
            if field in COLUMNS or field in resource.attrs
            # A field with a hidden member is not complete, so it is omitted.
            if not hidden_members(resource, field)
        }
    return {field: value for field, value in values.items() if value is not UNKNOWN}


def live_view(resource: LiveResource) -> Live:
    """The resource in the form that policies use."""
    return Live(resource.name, tuple(resource.tags), resource.attrs)


def _is_kept(kind: str, name: str, field: str, value: Json) -> bool:
    if not field or len(field) > MAX_FIELD_LENGTH:
        raise InvalidSpec(
            name, f"is not a name of 1 to {MAX_FIELD_LENGTH} characters", "UNKNOWN_FIELD"
        )
    if field == PRESENCE:
        if value not in (PRESENT, GONE):
            raise InvalidSpec(name, f"is either {PRESENT!r} or {GONE!r}", "INVALID_PRESENCE")
        return True
    policy = policy_of(kind, field)
    if policy is None:
        raise InvalidSpec(name, f"is not a field of a {kind}", "UNKNOWN_FIELD")
    if policy.policy is not Policy.SECRET:
        if field in COLUMNS and not _fits(field, value):
            wanted = "a list of texts" if field == "tags" else "text"
            raise InvalidSpec(name, f"must be {wanted}", "WRONG_TYPE")
        return True
    if value not in (REDACTED, None):
        raise InvalidSpec(name, "is a secret, which is never stored or compared", "SECRET_FIELD")
    return False


def _fits(column: str, value: Json) -> bool:
    """Whether a value is valid for a column; null means that it has none."""
    if column == "tags":
        return isinstance(value, list) and all(isinstance(tag, str) for tag in value)
    return value is None or isinstance(value, str)


def _without_variables(value: Json) -> Json:
    """A value without the values of secret variables, which are pairs of `key` and `value`."""
    if isinstance(value, list):
        return [_without_variables(element) for element in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _without_variables(member) for name, member in value.items()}
    hidden = kept.get("type") == "SECRET" or secret_name(str(kept.get("key", "")))
    return {**kept, "value": REDACTED} if hidden and "value" in kept else kept


def _secrets(kind: str) -> frozenset[str]:
    declaration = declared(kind)
    return frozenset(declaration.secrets) if declaration else frozenset()
