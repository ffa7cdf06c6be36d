"""Compares a spec with the live resource, by the policy of each field."""

from collections.abc import Mapping
from dataclasses import dataclass

from kinds.policy import FieldPolicy
from services.inventory.drift.rules import fields
from services.inventory.drift.rules.fields import (
    GONE,
    PRESENCE,
    PRESENT,
    UNDECLARED,
    UNKNOWN,
    Json,
    LiveResource,
    Unknown,
)
from services.inventory.drift.rules.specs import live_view
from services.inventory.sync.rules.hidden import without

__all__ = ["Comparison", "Mismatch", "compare", "is_in_flight", "same", "seen_value"]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A specified field whose live value is not the desired one."""

    field: str
    expected: Json
    actual: Json


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of comparing a resource with its spec."""

    mismatches: tuple[Mismatch, ...]
    unknown_fields: frozenset[str]
    """Specified fields that could not be compared: not visible to the token, absent from the
    response, or with an unresolved name."""
    compared_count: int


def compare(kind: str, spec: Mapping[str, Json], resource: LiveResource) -> Comparison:
    """Compares every specified field. A resource that is gone differs only in its presence."""
    wanted = spec.get(PRESENCE, PRESENT)
    found = GONE if resource.deleted else PRESENT
    mismatches = [] if wanted == found else [Mismatch(PRESENCE, wanted, found)]
    if resource.deleted:
        return Comparison(tuple(mismatches), frozenset(), 1)
    live = live_view(resource)
    unknown: list[str] = []
    compared = 1 if PRESENCE in spec else 0
    for field, expected in spec.items():
        if field == PRESENCE:
            continue
        policy = fields.policy_of(kind, field) or UNDECLARED
        if not policy.is_compared(live):
            continue
        actual = seen_value(kind, resource, field)
        if actual is UNKNOWN:
            unknown.append(field)
            continue
        visible, wanted_visible = actual, expected
        for steps in fields.hidden_members(resource, field):
            visible, wanted_visible = without(visible, steps), without(wanted_visible, steps)
        agreed = _agree(policy, resource.name, wanted_visible, visible)
        if agreed and policy.identified_by and wanted_visible != visible:
            told = policy.identified_by in spec
            told = told and seen_value(kind, resource, policy.identified_by) is not UNKNOWN
            agreed = agreed if told else None
        if agreed is None:
            unknown.append(field)
            continue
        compared += 1
        if not agreed:
            mismatches.append(Mismatch(field, expected, actual))
    return Comparison(tuple(mismatches), frozenset(unknown), compared)


def seen_value(kind: str, resource: LiveResource, field: str) -> Json | Unknown:
    """The live value of a field; unknown too if the response omits the field.

    An omitted field counts as unset if the kind declares that the provider omits unset ones.
    """
    policy = fields.policy_of(kind, field) or UNDECLARED
    if fields.is_absent(resource, field) and not policy.unset_when_absent:
        return UNKNOWN
    return fields.live_value(resource, field)


def is_in_flight(kind: str, resource: LiveResource) -> bool:
    """Whether the status says that a resource is changing; the next sweep then compares it."""
    declaration = fields.declared(kind)
    return (
        declaration is not None
        and not resource.deleted
        and resource.status in declaration.in_flight
    )


def same(kind: str, field: str, name: str, expected: Json, actual: Json) -> bool | None:
    """Whether two values of a field are equivalent for a resource of this name.

    None if unknown.
    """
    return _agree(fields.policy_of(kind, field) or UNDECLARED, name, expected, actual)


def _agree(policy: FieldPolicy, name: str, expected: Json, actual: Json) -> bool | None:
    # Fast path: equal texts are the common case and equal for every comparator.
    if type(expected) is str and expected == actual:
        return True
    return policy.comparator(name)(expected, actual)
