"""Reconstructs a resource at any time of its lifetime: names, owners, state.

The row has the current state and the history the old value of each change, so the past is read
backwards from the present. Later changes do not alter it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from kinds.metering import Measure
from services.inventory.lifetimes.rules.measures import MEASURES, METERED_FIELDS

__all__ = [
    "Change",
    "ExistenceInterval",
    "ExistencePage",
    "Lifetime",
    "Mark",
    "NameSpan",
    "Owner",
    "OwnerSpan",
    "Window",
    "existence",
    "existence_page",
    "names",
    "ownership",
]


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of a resource; empty for none."""

    tenant_id: str
    deployment_id: str


@dataclass(frozen=True, slots=True)
class OwnerSpan:
    """An owner with its half-open span; the end is None if it is current."""

    owner: Owner
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A name with its half-open span; the end is None if it is current."""

    name: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """The value of a field before a change; None if it was absent."""

    field: str
    at: datetime
    old: str | None


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The current or last state of a resource, with its history."""

    id: UUID
    kind: str
    provider_id: str
    name: str
    status: str
    size: str
    fields: Mapping[str, str | None]
    """The metered attributes of its kind, as texts: `attrs.size_bytes`. Empty for null, None for
    unknown."""
    unmeasured: str
    """Why it could not be measured the last time; empty if it was, or if unknown."""
    project_id: str
    project_name: str
    lived_from: datetime
    """The earlier of its creation at the provider and its first sighting."""
    lived_to: datetime | None
    """Its last sighting, if it is gone."""
    changes: tuple[Change, ...] = ()
    """Oldest first; at least those since the start of the window."""
    owners: tuple[OwnerSpan, ...] = ()
    """As stored, oldest first: since the first sighting, with a gap while it was gone."""
    region: str = ""
    """The slug of its region; empty without one."""
    begin_unknown: bool = False
    """Whether its creation time is unknown, so that it may have existed earlier."""


@dataclass(frozen=True, slots=True)
class Window:
    """The requested half-open span."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ExistenceInterval:
    """A span in whole seconds in which a resource existed and no metered property changed."""

    resource_id: UUID
    kind: str
    name: str
    owner: Owner
    start: datetime
    end: datetime
    status: str
    size: str
    gigabytes: Decimal | None
    unmeasured: str
    """Why the size is unknown, if the kind has a size; empty if it is known."""
    fields: Mapping[str, str]
    """The metered attributes as texts, without unknown ones."""


NOT_YET: Final = "it had not been measured yet"
NO_SIZE: Final = "the provider tells no size"


@dataclass(frozen=True, slots=True)
class Mark:
    """The sort key of an interval: resource and time."""

    resource_id: UUID
    start: datetime


@dataclass(frozen=True, slots=True)
class ExistencePage:
    """A page of intervals by resource and time, with the cursor of the next page."""

    intervals: list[ExistenceInterval]
    next: Mark | None
    """None on the last page."""


NO_FIELDS: Final[frozenset[str]] = frozenset()
CUTTING: Final = ("status", "size")
"""The columns whose changes end an interval, besides the metered attributes of the kind."""


def ownership(life: Lifetime) -> list[OwnerSpan]:
    """The owners over the lifetime, oldest first.

    The first owner seen counts since creation. A resource seen once has a zero-length lifetime; it
    still has an owner.
    """
    spans: list[OwnerSpan] = []
    for kept in life.owners:
        span = replace(kept, start=life.lived_from) if not spans else kept
        if life.lived_to is not None:
            end = life.lived_to if span.end is None else min(span.end, life.lived_to)
            span = replace(span, end=end)
        if spans and span.end is not None and span.end <= span.start:
            continue
        if spans and spans[-1].owner == span.owner and spans[-1].end == span.start:
            spans[-1] = replace(spans[-1], end=span.end)
        else:
            spans.append(span)
    return spans


def names(life: Lifetime) -> list[NameSpan]:
    """All its names, oldest first, including those with a zero-length span."""
    spans: list[NameSpan] = []
    start = life.lived_from
    for change in life.changes:
        if change.field == "name":
            spans.append(NameSpan(change.old or "", start, change.at))
            start = change.at
    spans.append(NameSpan(life.name, start, life.lived_to))
    return spans


def existence(life: Lifetime, window: Window) -> Iterator[ExistenceInterval]:
    """Its intervals within a window, oldest first, split at changes of metered properties."""
    measure = MEASURES.get(life.kind)
    changes = [replace(change, at=_second(change.at)) for change in life.changes]
    metered = METERED_FIELDS.get(life.kind, NO_FIELDS)
    cutting = {*CUTTING, *metered, *([measure.field] if measure else ())}
    cuts = sorted({change.at for change in changes if change.field in cutting})
    last: ExistenceInterval | None = None
    for span in ownership(life):
        start = max(_second(span.start), window.start)
        end = window.end if span.end is None else min(_second(span.end), window.end)
        inner = [cut for cut in cuts if start < cut < end]
        for begun, ended in zip([start, *inner], [*inner, end], strict=True):
            if begun >= ended:
                continue
            held = _field(life, changes, measure.field, begun) if measure else None
            gigabytes = measure.gigabytes(held) if measure else None
            piece = ExistenceInterval(
                resource_id=life.id,
                kind=life.kind,
                name=_was(changes, "name", begun, life.name) or "",
                owner=span.owner,
                start=begun,
                end=ended,
                status=_was(changes, "status", begun, life.status) or "",
                size=_was(changes, "size", begun, life.size) or "",
                gigabytes=gigabytes,
                unmeasured=_why(life, measure) if measure and gigabytes is None else "",
                fields={
                    name: value
                    for name in metered
                    if (value := _field(life, changes, name, begun)) is not None
                },
            )
            if last is not None and _goes_on(last, piece):
                last = replace(last, end=ended)
                continue
            if last is not None:
                yield last
            last = piece
    if last is not None:
        yield last


def existence_page(
    lives: Sequence[Lifetime], window: Window, *, deployment_id: str, after: Mark | None, size: int
) -> ExistencePage:
    """At most `size` intervals of these lifetimes, of which there may be more.

    Restricted to a deployment and to those after a mark, if given.
    """
    page: list[ExistenceInterval] = []
    for life in lives:
        for interval in existence(life, window):
            if deployment_id and interval.owner.deployment_id != deployment_id:
                continue
            if after and after.resource_id == life.id and interval.start <= after.start:
                continue
            if len(page) == size:
                return ExistencePage(page, Mark(page[-1].resource_id, page[-1].start))
            page.append(interval)
    if len(lives) <= size:
        return ExistencePage(page, None)
    return ExistencePage(page, Mark(lives[-1].id, window.end))


def _was(changes: Sequence[Change], field: str, at: datetime, now: str | None) -> str | None:
    """The value of a field at a time: the old value of its next change."""
    for change in changes:
        if change.field == field and change.at > at:
            return change.old
    return now


def _field(life: Lifetime, changes: Sequence[Change], field: str, at: datetime) -> str | None:
    """The value of a metered attribute at a time; None for unknown."""
    now = life.region or None if field == "region" else life.fields.get(field)
    was = _was(changes, field, at, now)
    return "" if was is None and now is not None else was


def _why(life: Lifetime, measure: Measure) -> str:
    """Why the size of a part of a lifetime is unknown."""
    if life.fields.get(measure.field):
        return NOT_YET
    return life.unmeasured or NO_SIZE


def _goes_on(last: ExistenceInterval, piece: ExistenceInterval) -> bool:
    """Whether two intervals are equal in metered properties; a new name does not end one."""
    return last.end == piece.start and last == replace(
        piece, name=last.name, start=last.start, end=last.end
    )


def _second(instant: datetime) -> datetime:
    """Rounds down to the second, so that intervals split at whole seconds and add up."""
    return instant.replace(microsecond=0)
