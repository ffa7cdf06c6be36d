"""The inventory's vocabulary: kinds, events, outcomes, classifications.

The same values are used in the database, the protos and JSON.
"""

from enum import StrEnum
from typing import Final

from contracts.providers import DIGITALOCEAN
from kinds import RESOURCE_KINDS
from kinds.kind import COLUMN_POLICIES

__all__ = [
    "KINDS",
    "PROJECT",
    "PROVIDERS",
    "SWEPT_KINDS",
    "VOLATILE_ATTRS",
    "Became",
    "Classification",
    "EventType",
    "Outcome",
]

PROVIDERS: Final = frozenset({DIGITALOCEAN})

KINDS: Final = frozenset(RESOURCE_KINDS)
"""The kinds of resources."""

PROJECT: Final = "project"
"""Swept like a kind of resource, but stored in a separate table."""

SWEPT_KINDS: Final = KINDS | {PROJECT}

VOLATILE_ATTRS: Final = frozenset(
    name
    for kind in RESOURCE_KINDS.values()
    for name in (
        *kind.volatile,
        *(name for rule in kind.meters if rule.measure for name in rule.measure.sampled_with),
    )
    if name not in COLUMN_POLICIES
)
"""The provider's timestamps and counters of any kind: stored, but changes are no events."""


class EventType(StrEnum):
    """The type of a resource's event."""

    DISCOVERED = "discovered"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"
    TAGGED = "tagged"
    DRIFT_DETECTED = "drift_detected"
    DRIFT_RESOLVED = "drift_resolved"
    ASSIGNED = "assigned"


class Became(StrEnum):
    """The result of a sighting for a row."""

    DISCOVERED = "discovered"
    UPDATED = "updated"
    RESTORED = "restored"
    UNCHANGED = "unchanged"


class Outcome(StrEnum):
    """The outcome of a sweep, or that it is running."""

    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    INCOMPLETE = "incomplete"
    FROZEN = "frozen"
    HALTED = "halted"
    FAILED = "failed"


class Classification(StrEnum):
    """The classification of a project by its owner."""

    TENANT = "tenant"
    INTERNAL = "internal"
    UNCLASSIFIED = "unclassified"
