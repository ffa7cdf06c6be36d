"""What a sighting makes of a row: the row to keep, and the events to write.

The one place where it is decided that a resource was discovered, updated or restored.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from kinds.balancer_comparators import with_names_of
from services.inventory.drift.rules.policies import forgives, names_certificates
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
"""The first events of what counts as updated, beside `updated` itself."""


@dataclass(frozen=True, slots=True)
class UnchangedBatch:
    """Resources of a kind that were listed as they were before, each once."""

    provider: str
    kind: str
    provider_ids: list[str]
    digests: list[int]
    """64 bits, signed, of everything that a sighting says."""


@dataclass(frozen=True, slots=True)
class SightingBatch(UnchangedBatch):
    """Sightings of a kind as they arrived, each resource once.

    `digests` tell what is as it was without looking inside; only the rest is decoded,
    by `sighted`, which takes a position in the batch.
    """

    sighted: Callable[[int], SightedResource]


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what causes an event, and in which request."""

    actor: str
    request_id: str


class ResourceEvent(NamedTuple):
    """An event of the history. A tuple: pages are made of these, so one costs little."""

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
    """An entry for a resource's history."""

    type: EventType
    changes: tuple[FieldChange, ...]
    tenant_id: str | None
    """Whose history it is: the entry shows values, so it goes to whom they belonged."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a sighting made of a row."""

    resource: SightedResource
    """As it is kept: what the sighting could not see is as it was known."""
    ownership: Ownership
    events: tuple[NewEvent, ...]

    @property
    def became(self) -> Became:
        """What the sighting counts as."""
        if not self.events:
            return Became.UNCHANGED
        first = self.events[0].type
        return Became.UPDATED if first in OF_AN_UPDATE else Became(first)

    def is_another_owners(self, known: KnownResource) -> bool:
        """Whether the history of its owners goes on: a new life, or a new owner or rule."""
        return known.deleted or known.ownership != self.ownership


def record(
    sighted: SightedResource,
    known: KnownResource | None,
    deployments: KnownDeployments = NOTHING_KNOWN,
    *,
    kind: str = "",
) -> Recorded:
    """What `sighted` makes of the row that is `known`; None for one never seen.

    `deployments` are those that tags may name. `kind` decides whether a measure is sampled, and
    which changes mean nothing.
    """
    content = merged(sighted, known.content if known else None)
    if known is None:
        owner = decide(NOBODY, content.tags, None, deployments)
        discovered = NewEvent(EventType.DISCOVERED, (), owner.tenant_id)
        return Recorded(_kept(sighted, content), owner, (discovered,))
    attrs = sampled(kind, known.content.attrs, content.attrs)
    if names_certificates(kind):
        attrs = with_names_of(attrs, known.content.attrs)  # the token may read them no more
    if attrs is not content.attrs:
        content = replace(content, attrs=attrs)
    owner = decide(known.ownership, content.tags, known.project_tenant, deployments)
    changes = meaningful_changes(
        known.content,
        content,
        lambda change: forgives(kind, content.name, change.field, change.old, change.new),
    )
    moved = owner_changes(known.ownership, owner)
    # Where the owner changed in the same breath, the old values are the old owner's and the
    # new ones the new owner's: neither may read the other's, so only operators read both.
    reader = None if moved else known.ownership.tenant_id
    events = []
    if known.deleted or changes:
        events.append(NewEvent(_type_of(changes, was_deleted=known.deleted), changes, reader))
    if moved:
        events.append(NewEvent(EventType.ASSIGNED, moved, owner.tenant_id))
    return Recorded(_kept(sighted, content), owner, tuple(events))


def _type_of(changes: tuple[FieldChange, ...], *, was_deleted: bool) -> EventType:
    """One sighting, one event: tags that changed together with other fields are among these."""
    if was_deleted:
        return EventType.RESTORED
    is_tags_alone = all(change.field == "tags" for change in changes)
    return EventType.TAGGED if is_tags_alone else EventType.UPDATED


def _kept(sighted: SightedResource, content: Content) -> SightedResource:
    """A sighting with the content to keep, which is nearly always its own."""
    return sighted if content is sighted.content else replace(sighted, content=content)


def owner_changes(old: Ownership, new: Ownership) -> tuple[FieldChange, ...]:
    """What of the owner changed, as an `assigned` event shows it."""
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("tenant_id", old.tenant_id, new.tenant_id),
        ("deployment_id", old.deployment_id, new.deployment_id),
    )
    return tuple(FieldChange(field, was, is_) for field, was, is_ in pairs if was != is_)
