"""Decides what a sweep does with the drifts of a page: open, change, keep or close.

It also decides which events are recorded.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from kinds.balancer_comparators import nameless_ids, names_in, with_names
from services.inventory.drift.rules import comparing
from services.inventory.drift.rules.comparing import Mismatch
from services.inventory.drift.rules.drifts import RevertStatus, Status
from services.inventory.drift.rules.fields import GONE, PRESENCE, UNKNOWN, Json, LiveResource
from services.inventory.resources.rules.recording import NewEvent
from services.inventory.resources.rules.resources import FieldChange
from services.inventory.vocabulary import EventType

__all__ = [
    "Moved",
    "OpenDrift",
    "Opened",
    "PageVerdict",
    "Specified",
    "completed",
    "judge_page",
    "resolved_event",
]

RESIZED: Final = "size"
"""The field whose revert powers a machine off."""
OFF: Final = "off"


@dataclass(frozen=True, slots=True)
class OpenDrift:
    """A stored open drift."""

    id: UUID
    resource_id: UUID
    field: str
    expected: Json
    actual: Json
    revert: RevertStatus
    """The status of its newest revert; one that has run for too long to be still active counts as
    none."""


@dataclass(frozen=True, slots=True)
class Specified:
    """A resource with its spec."""

    resource: LiveResource
    provider_id: str
    tenant_id: str | None
    spec: Mapping[str, Json]
    spec_version: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A new mismatch."""

    resource_id: UUID
    spec_version: int
    mismatch: Mismatch


@dataclass(frozen=True, slots=True)
class Moved:
    """A known mismatch whose desired or live value changed."""

    id: UUID
    spec_version: int
    mismatch: Mismatch
    is_live_value: bool
    """Whether the live value changed, so that it has a new cause."""


@dataclass
class PageVerdict:
    """The changes of a page."""

    opened: list[Opened] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    seen: list[UUID] = field(default_factory=list)
    """Unchanged drifts."""
    gone: list[UUID] = field(default_factory=list)
    events: list[tuple[UUID, NewEvent]] = field(default_factory=list)
    """By resource."""
    field_count: int = 0
    unknown_count: int = 0
    deferred_count: int = 0
    resource_count: int = 0
    """The number of compared resources."""
    muted_count: int = 0
    last: UUID | None = None
    """The last resource of the page, if more follow."""
    frozen_reason: str = ""


def judge_page(
    kind: str,
    page: Sequence[Specified],
    open_drifts: Iterable[OpenDrift],
    in_flight_provider_ids: AbstractSet[str],
) -> PageVerdict:
    """Compares a page with its open drifts; drifts of changing resources are kept."""
    verdict = PageVerdict()
    known: dict[UUID, dict[str, OpenDrift]] = {}
    for one in open_drifts:
        known.setdefault(one.resource_id, {})[one.field] = one
    for specified in page:
        resource = specified.resource
        busy = specified.provider_id in in_flight_provider_ids and not resource.deleted
        if busy or comparing.is_in_flight(kind, resource):
            verdict.deferred_count += 1
        else:
            verdict.resource_count += 1
            _judge(verdict, kind, specified, known.get(resource.id, {}))
    return verdict


def resolved_event(
    field: str, actual: Json, live: Json, status: Status, *, tenant_id: str | None
) -> NewEvent:
    """The history entry of a closed drift; `actual` is the live value."""
    changes = (FieldChange(field, actual, live), FieldChange("drift", "open", status.value))
    return NewEvent(EventType.DRIFT_RESOLVED, changes, tenant_id)


def _judge(
    verdict: PageVerdict, kind: str, specified: Specified, open_drifts: Mapping[str, OpenDrift]
) -> None:
    resource = specified.resource
    comparison = comparing.compare(kind, specified.spec, resource)
    verdict.field_count += comparison.compared_count
    verdict.unknown_count += len(comparison.unknown_fields)
    if not comparison.mismatches and not open_drifts:
        return
    for mismatch in comparison.mismatches:
        known = open_drifts.get(mismatch.field)
        if known is None:
            verdict.opened.append(Opened(resource.id, specified.spec_version, mismatch))
            change = FieldChange(mismatch.field, mismatch.expected, mismatch.actual)
            event = NewEvent(EventType.DRIFT_DETECTED, (change,), specified.tenant_id)
            verdict.events.append((resource.id, event))
        else:
            _judge_again(verdict, kind, specified, known, mismatch)
    standing = {mismatch.field for mismatch in comparison.mismatches} | comparison.unknown_fields
    for known in open_drifts.values():
        if known.field not in standing and not _is_held(resource, known):
            verdict.gone.append(known.id)
            event = resolved_event(
                known.field,
                known.actual,
                _now(kind, resource, known),
                Status.STALE,
                tenant_id=specified.tenant_id,
            )
            verdict.events.append((resource.id, event))


def _is_held(resource: LiveResource, known: OpenDrift) -> bool:
    """Whether a drift stays open although its difference is gone.

    A running revert decides on it itself. If a resize failed with the machine powered off, the
    drift and its reason stay until the machine runs.
    """
    left_off = known.field == RESIZED and resource.status == OFF and not resource.deleted
    return known.revert is RevertStatus.RUNNING or (
        known.revert is RevertStatus.FAILED and left_off
    )


def _judge_again(
    verdict: PageVerdict, kind: str, specified: Specified, known: OpenDrift, mismatch: Mismatch
) -> None:
    name = specified.resource.name
    live_moved = comparing.same(kind, known.field, name, known.actual, mismatch.actual) is False
    wish_moved = comparing.same(kind, known.field, name, known.expected, mismatch.expected) is False
    if live_moved or wish_moved:
        verdict.moved.append(Moved(known.id, specified.spec_version, mismatch, live_moved))
    else:
        verdict.seen.append(known.id)


def _now(kind: str, resource: LiveResource, known: OpenDrift) -> Json:
    """The live value of a field whose drift is gone; the last seen one if it is not visible."""
    if known.field == PRESENCE:
        return GONE if resource.deleted else "present"
    value = comparing.seen_value(kind, resource, known.field)
    return known.actual if value is UNKNOWN or resource.deleted else value


def completed(page: Iterable[Specified], names: Mapping[str, str]) -> list[Specified]:
    """The specs of a page completed with certificate names, from `names` or the live resource."""
    found: list[Specified] = []
    for one in page:
        nameless = nameless_ids(one.spec)
        known = {**names, **names_in(one.resource.attrs)} if nameless else {}
        if nameless & known.keys():
            found.append(replace(one, spec=with_names(one.spec, known)))
    return found
