"""What a resource was at any time of its life: its names, its owners, its state.

A row says what is now, and the history what was before each change: so the past is read
backwards from the present. Nothing that happens later changes it.
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
    """To whom a resource belongs; empty for none."""

    tenant_id: str
    deployment_id: str


@dataclass(frozen=True, slots=True)
class OwnerSpan:
    """An owner, and the half-open span in which it held; the end is None while it holds."""

    owner: Owner
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A name, and the half-open span in which it held; the end is None while it holds."""

    name: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a field was until a change of it; None for a value that was not there."""

    field: str
    at: datetime
    old: str | None


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A resource as it is now, or last was, and what its past can be read from."""

    id: UUID
    kind: str
    provider_id: str
    name: str
    status: str
    size: str
    fields: Mapping[str, str | None]
    """The attributes by which its kind is metered, as texts by our names: `attrs.size_bytes`."""
    unmeasured: str
    """Why it could not be measured the last time; empty where it could, or nobody says."""
    project_id: str
    project_name: str
    lived_from: datetime
    """Its making at the provider, else its first sighting; the earlier of both."""
    lived_to: datetime | None
    """Its last sighting, when it was found gone."""
    changes: tuple[Change, ...] = ()
    """Oldest first; at least those since the begin of what is asked about."""
    owners: tuple[OwnerSpan, ...] = ()
    """As they were kept, oldest first: since the first sighting, with a gap where it was gone."""
    region: str = ""
    """The slug of its region; empty where it has none."""
    begin_unknown: bool = False
    """Whether the provider does not tell when it was made: it may have lived before."""


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open span that is asked about."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ExistenceInterval:
    """A span, to the second, in which a resource existed and nothing that is metered changed."""

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
    """Why the size is unknown, where the kind has one; empty where it is known."""
    fields: Mapping[str, str]
    """Those by which the kind is metered, as texts; without those that were unset."""


NOT_YET: Final = "it had not been measured yet"
NO_SIZE: Final = "the provider tells no size"


@dataclass(frozen=True, slots=True)
class Mark:
    """The place of an interval in the order by resource and time."""

    resource_id: UUID
    start: datetime


@dataclass(frozen=True, slots=True)
class ExistencePage:
    """Intervals by resource, then by time, and after which one the next page goes on."""

    intervals: list[ExistenceInterval]
    next: Mark | None
    """None on the last page."""


NO_FIELDS: Final[frozenset[str]] = frozenset()
CUTTING: Final = ("status", "size")
"""The columns whose changes end an interval; the fields by which its kind is metered do too."""


def ownership(life: Lifetime) -> list[OwnerSpan]:
    """To whom it belonged from the begin of its life to its end, oldest first.

    The first owner that was seen had it since it was made: nobody saw another. What was
    seen but once lived for no time, and yet was somebody's.
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
    """Every name that it had, oldest first. One that it had for no time is among them."""
    spans: list[NameSpan] = []
    start = life.lived_from
    for change in life.changes:
        if change.field == "name":
            spans.append(NameSpan(change.old or "", start, change.at))
            start = change.at
    spans.append(NameSpan(life.name, start, life.lived_to))
    return spans


def existence(life: Lifetime, window: Window) -> Iterator[ExistenceInterval]:
    """How it existed within a window, oldest first: cut wherever what is metered changed."""
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
    """At most `size` intervals of these lives, which go on after `size` of them.

    Only those of a deployment, when one is named; after a mark, when there is one.
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
    """What a field was at an instant: what the next change of it replaced."""
    for change in changes:
        if change.field == field and change.at > at:
            return change.old
    return now


def _field(life: Lifetime, changes: Sequence[Change], field: str, at: datetime) -> str | None:
    """What a field by which a kind is metered was at an instant."""
    now = life.region or None if field == "region" else life.fields.get(field)
    return _was(changes, field, at, now)


def _why(life: Lifetime, measure: Measure) -> str:
    """Why the size of a part of a life is unknown."""
    if life.fields.get(measure.field) is not None:
        return NOT_YET
    return life.unmeasured or NO_SIZE


def _goes_on(last: ExistenceInterval, piece: ExistenceInterval) -> bool:
    """Whether nothing metered changed between two: a name alone ends no interval."""
    return last.end == piece.start and last == replace(
        piece, name=last.name, start=last.start, end=last.end
    )


def _second(instant: datetime) -> datetime:
    """The second that an instant is in: cuts fall on whole seconds, so that they add up."""
    return instant.replace(microsecond=0)
