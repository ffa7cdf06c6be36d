"""What a project is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.inventory.vocabulary import Classification

__all__ = ["MemberKey", "Project", "SightedProject", "first_classification"]


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
class Project(SightedProject):
    """A project as the inventory knows it."""

    id: UUID
    provider: str
    tenant_id: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True, order=True)
class MemberKey:
    """A resource that the provider shows in a project."""

    kind: str
    provider_id: str


def first_classification(name: str, internal_project: str) -> Classification:
    """How a new project is classed: our own by its name, any other by an operator later."""
    if name == internal_project:
        return Classification.INTERNAL
    return Classification.UNCLASSIFIED
