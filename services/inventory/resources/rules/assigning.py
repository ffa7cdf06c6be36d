"""Giving resources to owners: explicitly, or anew by the rules when a rule changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from services.inventory.resources.rules.ownership import (
    NOBODY,
    KnownDeployments,
    Ownership,
    OwnershipSource,
    decide,
)
from services.inventory.resources.rules.recording import NewEvent, owner_changes
from services.inventory.vocabulary import EventType

__all__ = ["Assignment", "HeldResource", "decide_anew", "give", "give_back"]


@dataclass(frozen=True, slots=True)
class HeldResource:
    """A resource, its owner, and what the rules look at."""

    id: UUID
    tags: tuple[str, ...]
    ownership: Ownership
    project_tenant: str | None
    """The tenant of the project that it lives in."""
    deleted: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """What becomes of a resource whose owner, or what decides about it, is another now."""

    id: UUID
    ownership: Ownership
    events: tuple[NewEvent, ...]
    """None where it stays with the same owner."""


def give(
    held: Iterable[HeldResource], tenant_id: str | None, deployment_id: str | None
) -> list[Assignment]:
    """Gives resources to an owner, or to nobody, whatever tags and projects say."""
    owner = Ownership(tenant_id, deployment_id, OwnershipSource.EXPLICIT)
    return _changed((one, owner) for one in held)


def give_back(held: Iterable[HeldResource], known: KnownDeployments) -> list[Assignment]:
    """Takes explicit assignments back: tags and projects decide again."""
    return _changed((one, decide(NOBODY, one.tags, one.project_tenant, known)) for one in held)


def decide_anew(held: Iterable[HeldResource], known: KnownDeployments) -> list[Assignment]:
    """Lets the rules decide, after what they look at became another."""
    return _changed(
        (one, decide(one.ownership, one.tags, one.project_tenant, known)) for one in held
    )


def _changed(pairs: Iterable[tuple[HeldResource, Ownership]]) -> list[Assignment]:
    return [
        Assignment(held.id, owner, _events(held.ownership, owner))
        for held, owner in pairs
        if held.ownership != owner
    ]


def _events(old: Ownership, new: Ownership) -> tuple[NewEvent, ...]:
    changes = owner_changes(old, new)
    return (NewEvent(EventType.ASSIGNED, changes, new.tenant_id),) if changes else ()
