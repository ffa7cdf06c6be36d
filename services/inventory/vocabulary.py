"""The words of the inventory: kinds, events, outcomes, classifications.

They are the words of the database, of the protos and of the JSON alike.
"""

from enum import StrEnum
from typing import Final

from contracts.providers import DIGITALOCEAN
from kinds import RESOURCE_KINDS

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
"""Swept like a kind of resource, kept in a table of its own."""

SWEPT_KINDS: Final = KINDS | {PROJECT}

VOLATILE_ATTRS: Final = frozenset(
    {
        "backup_ids",
        "last_deployment_active_at",
        "last_deployment_created_at",
        "locked",
        "measured_at",
        "next_backup_window",
        "object_count",
        "pending_changes",
        "snapshot_ids",
        "storage_usage_bytes",
        "updated_at",
    }
)
"""The provider's own timestamps and counters, of any kind: kept, and no event when they change."""


class EventType(StrEnum):
    """What happened to a resource."""

    DISCOVERED = "discovered"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"
    TAGGED = "tagged"
    DRIFT_DETECTED = "drift_detected"
    DRIFT_RESOLVED = "drift_resolved"
    ASSIGNED = "assigned"


class Became(StrEnum):
    """What a sighting made of a row."""

    DISCOVERED = "discovered"
    UPDATED = "updated"
    RESTORED = "restored"
    UNCHANGED = "unchanged"


class Outcome(StrEnum):
    """How a sweep ended, or that it still runs."""

    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    INCOMPLETE = "incomplete"
    FROZEN = "frozen"
    HALTED = "halted"
    FAILED = "failed"


class Classification(StrEnum):
    """Whose resources live in a project."""

    TENANT = "tenant"
    INTERNAL = "internal"
    UNCLASSIFIED = "unclassified"
