"""Computes owners of resources: explicit assignments, and re-evaluation of the rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.inventory.resources.rules.ownership import (
    NOBODY,
    KnownDeployments,
    Ownership,
    OwnershipSource,
    decide,
)
from services.inventory.resources.rules.recording import NewEvent, owner_changes
from services.inventory.resources.rules.resources import FieldChange
from services.inventory.vocabulary import EventType

__all__ = ["Assignment", "HeldResource", "OwnerChange", "give", "move", "reassign", "unassign"]


@dataclass(frozen=True, slots=True)
class HeldResource:
    """A resource with its owner and the inputs of the rules."""

    id: UUID
    tags: tuple[str, ...]
    ownership: Ownership
    project_tenant: str | None
    """The tenant of its project."""
    deleted: bool
    project_id: str | None = None
    """As text."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """An owner of a resource with a half-open span."""

    tenant_id: str | None
    deployment_id: str | None
    source: OwnershipSource
    valid_from: datetime
    valid_to: datetime | None
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """A change of a resource's owner or of the source of ownership."""

    id: UUID
    ownership: Ownership
    events: tuple[NewEvent, ...]
    """None if neither the owner nor the project changed."""


def give(held: Iterable[HeldResource], owner: Ownership) -> list[OwnerChange]:
    """Assigns resources to an owner or to nobody, overriding tags and projects."""
    return _changed((one, owner) for one in held)


def unassign(held: Iterable[HeldResource], known: KnownDeployments) -> list[OwnerChange]:
    """Removes explicit assignments, so that tags and projects decide again."""
    return _changed((one, decide(NOBODY, one.tags, one.project_tenant, known)) for one in held)


def reassign(held: Iterable[HeldResource], known: KnownDeployments) -> list[OwnerChange]:
    """Re-evaluates the rules after their inputs changed."""
    return _changed(
        (one, decide(one.ownership, one.tags, one.project_tenant, known)) for one in held
    )


def move(
    held: Iterable[HeldResource], project_id: str, tenant_id: str | None, known: KnownDeployments
) -> list[OwnerChange]:
    """Moves resources into a project, and to its tenant unless an assignment or tag decides."""
    changes = []
    for one in held:
        owner = decide(one.ownership, one.tags, tenant_id, known)
        into = FieldChange("project_id", one.project_id, project_id)
        moved = NewEvent(EventType.UPDATED, (into,), one.ownership.tenant_id)
        changes.append(OwnerChange(one.id, owner, (moved, *_events(one.ownership, owner))))
    return changes


def _changed(pairs: Iterable[tuple[HeldResource, Ownership]]) -> list[OwnerChange]:
    return [
        OwnerChange(held.id, owner, _events(held.ownership, owner))
        for held, owner in pairs
        if held.ownership != owner
    ]


def _events(old: Ownership, new: Ownership) -> tuple[NewEvent, ...]:
    changes = owner_changes(old, new)
    return (NewEvent(EventType.ASSIGNED, changes, new.tenant_id),) if changes else ()
