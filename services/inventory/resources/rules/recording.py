"""Decides what a sighting changes: the row to store, and the events to write.

It decides whether a resource was discovered, updated or restored.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from kinds.balancer_comparators import with_names_of
from services.inventory.drift.rules.fields import forgives, names_certificates
from services.inventory.lifetimes.rules.measures import sampled
from services.inventory.resources.rules.ownership import (
    NOBODY,
    NOTHING_KNOWN,
    KnownDeployments,
    Ownership,
    decide,
)
from services.inventory.resources.rules.resources import (
    Content,
    FieldChange,
    Json,
    KnownResource,
    SightedResource,
    meaningful_changes,
    merged,
)
from services.inventory.vocabulary import Became, EventType

__all__ = [
    "Cause",
    "NewEvent",
    "Recorded",
    "ResourceEvent",
    "SightingBatch",
    "UnchangedBatch",
    "owner_changes",
    "record",
]


OF_AN_UPDATE: Final = frozenset({EventType.TAGGED, EventType.ASSIGNED})
"""First events that count as an update, besides `updated` itself."""


@dataclass(frozen=True, slots=True)
class UnchangedBatch:
    """Unchanged resources of a kind, without duplicates."""

    provider: str
    kind: str
    provider_ids: list[str]
    digests: list[int]
    """A signed 64-bit digest of everything in a sighting."""


@dataclass(frozen=True, slots=True)
class SightingBatch(UnchangedBatch):
    """Sightings of a kind in order of arrival, without duplicates.

    `digests` identify unchanged rows without decoding; only the rest is decoded, by `sighted`,
    which takes a position in the batch.
    """

    sighted: Callable[[int], SightedResource]


@dataclass(frozen=True, slots=True)
class Cause:
    """The actor and the request of an event."""

    actor: str
    request_id: str


class ResourceEvent(NamedTuple):
    """A history event. A tuple, because pages have many of these."""

    id: int
    resource_id: str
    type: str
    changes: dict[str, Json]
    """By field: `{"old": …, "new": …}`."""
    actor: str
    request_id: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A history entry of a resource."""

    type: EventType
    changes: tuple[FieldChange, ...]
    tenant_id: str | None
    """The owner of the entry, who may see its values."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The result of a sighting."""

    resource: SightedResource
    """The row to store; fields that the sighting could not see keep their known value."""
    ownership: Ownership
    events: tuple[NewEvent, ...]

    @property
    def became(self) -> Became:
        """How the sighting is counted."""
        if not self.events:
            return Became.UNCHANGED
        first = self.events[0].type
        return Became.UPDATED if first in OF_AN_UPDATE else Became(first)

    def is_another_owners(self, known: KnownResource) -> bool:
        """Whether the assignment history changes: a new lifetime, owner or source."""
        return known.deleted or known.ownership != self.ownership


def record(
    sighted: SightedResource,
    known: KnownResource | None,
    deployments: KnownDeployments = NOTHING_KNOWN,
    *,
    kind: str = "",
) -> Recorded:
    """The result of `sighted` for a row that is `known`; None if it was never seen.

    `deployments` resolves the names in tags. `kind` decides whether a measure is sampled, and which
    changes are ignored.
    """
    content = merged(sighted, known.content if known else None)
    if known is None:
        owner = decide(NOBODY, content.tags, None, deployments)
        discovered = NewEvent(EventType.DISCOVERED, (), owner.tenant_id)
        return Recorded(_kept(sighted, content), owner, (discovered,))
    attrs = sampled(kind, known.content.attrs, content.attrs)
    if names_certificates(kind):
        attrs = with_names_of(attrs, known.content.attrs)  # the token may no longer read them
    if attrs is not content.attrs:
        content = replace(content, attrs=attrs)
    owner = decide(known.ownership, content.tags, known.project_tenant, deployments)
    changes = meaningful_changes(
        known.content,
        content,
        lambda change: forgives(kind, content.name, change.field, change.old, change.new),
    )
    moved = owner_changes(known.ownership, owner)
    # If the owner changed at the same time, the old values belong to the old owner and the new
    # ones to the new owner. Neither may read the other's, so only operators see both.
    reader = None if moved else known.ownership.tenant_id
    events = []
    if known.deleted or changes:
        events.append(NewEvent(_type_of(changes, was_deleted=known.deleted), changes, reader))
    if moved:
        events.append(NewEvent(EventType.ASSIGNED, moved, owner.tenant_id))
    return Recorded(_kept(sighted, content), owner, tuple(events))


def _type_of(changes: tuple[FieldChange, ...], *, was_deleted: bool) -> EventType:
    """One event per sighting: changed tags are included with other changed fields."""
    if was_deleted:
        return EventType.RESTORED
    is_tags_alone = all(change.field == "tags" for change in changes)
    return EventType.TAGGED if is_tags_alone else EventType.UPDATED


def _kept(sighted: SightedResource, content: Content) -> SightedResource:
    """A sighting with the content to store, which is usually its own."""
    return sighted if content is sighted.content else replace(sighted, content=content)


def owner_changes(old: Ownership, new: Ownership) -> tuple[FieldChange, ...]:
    """The changes of the owner, for an `assigned` event."""
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("tenant_id", old.tenant_id, new.tenant_id),
        ("deployment_id", old.deployment_id, new.deployment_id),
    )
    return tuple(FieldChange(field, was, is_) for field, was, is_ in pairs if was != is_)
