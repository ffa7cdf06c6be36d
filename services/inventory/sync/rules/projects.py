"""What a project is, and what it means for a resource to live in one."""

from dataclasses import dataclass
from uuid import UUID

from services.inventory.resources.rules.ownership import KnownDeployments, Ownership, decide
from services.inventory.resources.rules.recording import NewEvent, owner_changes
from services.inventory.resources.rules.resources import FieldChange
from services.inventory.vocabulary import Classification, EventType

__all__ = ["Member", "Move", "ProjectRef", "SightedProject", "first_classification", "move"]


@dataclass(frozen=True, slots=True)
class SightedProject:
    """A project as the provider shows it now."""

    provider_id: str
    name: str
    description: str
    purpose: str
    environment: str
    is_default: bool
    classification: Classification
    """What it is classed as when it is new; a known project keeps what it has."""


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """A project that resources live in."""

    id: UUID
    tenant_id: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """A resource that the provider shows in a project where we did not know it."""

    id: UUID
    tags: list[str]
    ownership: Ownership
    project_id: str | None
    """Where we knew it, as text."""


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of a resource that moves into a project."""

    id: UUID
    ownership: Ownership
    events: tuple[NewEvent, ...]


def first_classification(name: str, internal_project: str) -> Classification:
    """How a new project is classed: our own by its name, any other by an operator later."""
    if name == internal_project:
        return Classification.INTERNAL
    return Classification.UNCLASSIFIED


def move(member: Member, project: ProjectRef, deployments: KnownDeployments) -> Move:
    """Moves a resource into a project, and to its tenant where nothing stronger decides."""
    owner = decide(member.ownership, member.tags, project.tenant_id, deployments)
    change = FieldChange("project_id", member.project_id, str(project.id))
    events = [NewEvent(EventType.UPDATED, (change,), member.ownership.tenant_id)]
    moved = owner_changes(member.ownership, owner)
    if moved:
        events.append(NewEvent(EventType.ASSIGNED, moved, owner.tenant_id))
    return Move(member.id, owner, tuple(events))
