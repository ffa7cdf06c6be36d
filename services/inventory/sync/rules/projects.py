"""Records of projects."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.inventory.vocabulary import Classification

__all__ = ["MemberKey", "Project", "SightedProject", "first_classification"]


@dataclass(frozen=True, slots=True)
class SightedProject:
    """The current state of a project at the provider."""

    provider_id: str
    name: str
    description: str
    purpose: str
    environment: str
    is_default: bool
    classification: Classification
    """The classification of a new project; a known project keeps its own."""


@dataclass(frozen=True, slots=True)
class Project(SightedProject):
    """A stored project."""

    id: UUID
    provider: str
    tenant_id: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True, order=True)
class MemberKey:
    """A resource in a project at the provider."""

    kind: str
    provider_id: str


def first_classification(name: str, internal_project: str) -> Classification:
    """The classification of a new project: internal by its name, otherwise unclassified."""
    if name == internal_project:
        return Classification.INTERNAL
    return Classification.UNCLASSIFIED
