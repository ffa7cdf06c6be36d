"""What a sweep makes of the drifts of a page: opened, moved, seen again, or gone.

The one place where it is decided what becomes of a mismatch, and which events say so.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from kinds.balancer_comparators import nameless_ids, names_in, with_names
from services.inventory.drift.rules.comparing import (
    Mismatch,
    compare,
    is_in_flight,
    same,
    seen_value,
)
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
"""The field for which a revert turns a machine off."""
OFF: Final = "off"


@dataclass(frozen=True, slots=True)
class OpenDrift:
    """A drift that is open, as it is kept."""

    id: UUID
    resource_id: UUID
    field: str
    expected: Json
    actual: Json
    revert: RevertStatus
    """How the newest attempt to revert it stands; one that has run for too long to still do so
    counts as none."""


@dataclass(frozen=True, slots=True)
class Specified:
    """A resource, and what it should be."""

    resource: LiveResource
    provider_id: str
    tenant_id: str | None
    spec: Mapping[str, Json]
    spec_version: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A mismatch that nobody knew."""

    resource_id: UUID
    spec_version: int
    mismatch: Mismatch


@dataclass(frozen=True, slots=True)
class Moved:
    """A known mismatch whose desired or live value is another one now."""

    id: UUID
    spec_version: int
    mismatch: Mismatch
    is_live_value: bool
    """Whether the live value moved, so that something else caused it."""


@dataclass
class PageVerdict:
    """What becomes of a page."""

    opened: list[Opened] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    seen: list[UUID] = field(default_factory=list)
    """Drifts that are as they were."""
    gone: list[UUID] = field(default_factory=list)
    events: list[tuple[UUID, NewEvent]] = field(default_factory=list)
    """By resource."""
    field_count: int = 0
    unknown_count: int = 0
    deferred_count: int = 0
    resource_count: int = 0
    """Of those that were compared."""
    muted_count: int = 0
    last: UUID | None = None
    """The last resource of the page, where more follow."""
    frozen_reason: str = ""


def judge_page(
    kind: str,
    page: Sequence[Specified],
    open_drifts: Iterable[OpenDrift],
    in_flight_provider_ids: AbstractSet[str],
) -> PageVerdict:
    """Compares a page, of which these drifts are open; resources in flight keep theirs as is."""
    verdict = PageVerdict()
    known: dict[UUID, dict[str, OpenDrift]] = {}
    for one in open_drifts:
        known.setdefault(one.resource_id, {})[one.field] = one
    for specified in page:
        resource = specified.resource
        busy = specified.provider_id in in_flight_provider_ids and not resource.deleted
        if busy or is_in_flight(kind, resource):
            verdict.deferred_count += 1
        else:
            verdict.resource_count += 1
            _judge(verdict, kind, specified, known.get(resource.id, {}))
    return verdict


def resolved_event(
    field: str, actual: Json, live: Json, status: Status, *, tenant_id: str | None
) -> NewEvent:
    """The entry for the history of a resource whose drift is closed; `actual` was seen of it."""
    changes = (FieldChange(field, actual, live), FieldChange("drift", "open", status.value))
    return NewEvent(EventType.DRIFT_RESOLVED, changes, tenant_id)


def _judge(
    verdict: PageVerdict, kind: str, specified: Specified, open_drifts: Mapping[str, OpenDrift]
) -> None:
    resource = specified.resource
    comparison = compare(kind, specified.spec, resource)
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
    """Whether a drift stays open though its difference is gone.

    A revert that runs decides on it itself. One that failed with the machine off left it off
    for a resize: the drift and its reason stand until the machine runs.
    """
    left_off = known.field == RESIZED and resource.status == OFF and not resource.deleted
    return known.revert is RevertStatus.RUNNING or (
        known.revert is RevertStatus.FAILED and left_off
    )


def _judge_again(
    verdict: PageVerdict, kind: str, specified: Specified, known: OpenDrift, mismatch: Mismatch
) -> None:
    name = specified.resource.name
    live_moved = same(kind, known.field, name, known.actual, mismatch.actual) is False
    wish_moved = same(kind, known.field, name, known.expected, mismatch.expected) is False
    if live_moved or wish_moved:
        verdict.moved.append(Moved(known.id, specified.spec_version, mismatch, live_moved))
    else:
        verdict.seen.append(known.id)


def _now(kind: str, resource: LiveResource, known: OpenDrift) -> Json:
    """The live value of a field whose drift is gone; as it was last seen when nobody sees it."""
    if known.field == PRESENCE:
        return GONE if resource.deleted else "present"
    value = seen_value(kind, resource, known.field)
    return known.actual if value is UNKNOWN or resource.deleted else value


def completed(page: Iterable[Specified], names: Mapping[str, str]) -> list[Specified]:
    """Those of a page whose specs lacked names, with them: of `names`, or of the live resource."""
    found: list[Specified] = []
    for one in page:
        nameless = nameless_ids(one.spec)
        known = {**names, **names_in(one.resource.attrs)} if nameless else {}
        if nameless & known.keys():
            found.append(replace(one, spec=with_names(one.spec, known)))
    return found
