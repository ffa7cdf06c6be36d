"""Effective-dated rows: a newer row replaces older ones on its days. Pure.

One rule for prices, exchange rates and tax: the newest row is in force on every day that it
covers, and older rows on the others. So a price of three months can lie within an open one, which
continues after it.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, TypeVar

__all__ = ["Overlay", "Span", "lay_over"]

Key = TypeVar("Key", bound=Hashable)

_NEVER: Final = date.max


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open days from `start` to `end`; open-ended if it is None."""

    start: date
    end: date | None = None

    def __contains__(self, day: date) -> bool:
        """Whether it contains a day."""
        return self.start <= day < (self.end or _NEVER)

    def overlaps(self, other: "Span") -> bool:
        """Whether two spans overlap."""
        return self.start < (other.end or _NEVER) and other.start < (self.end or _NEVER)

    def ends_within(self, other: "Span") -> bool:
        """Whether it begins before the other span and ends within it."""
        return self.start < other.start and self.overlaps(other) and _is_before(self.end, other.end)

    def until(self, day: date) -> "Span":
        """Its days before another span; must not be empty."""
        return Span(self.start, min(self.end or _NEVER, day))

    def without(self, others: Iterable["Span"]) -> list["Span"]:
        """Its days outside the other spans, in order."""
        left, begins = [], self.start
        for other in sorted(others, key=lambda one: one.start):
            if not Span(begins, self.end).overlaps(other):
                continue
            if begins < other.start:
                left.append(Span(begins, other.start))
            if other.end is None or not _is_before(other.end, self.end):
                return left
            begins = other.end
        return [*left, Span(begins, self.end)]


@dataclass(frozen=True, slots=True)
class Overlay(Generic[Key]):
    """The changes of spans that a new span overlaps; other spans are unchanged."""

    cut: Sequence[tuple[Key, date]]
    """Spans that begin earlier and now end where the new one begins."""
    superseded: Sequence[Key]
    """Spans that do not begin earlier: only their remainder, if any, is left."""
    going_on: Sequence[tuple[Key, Span]]
    """The remainders after the new span."""


def lay_over(kept: Iterable[tuple[Key, Span]], new: Span) -> Overlay[Key]:
    """Applies a new span to the existing ones, which do not overlap."""
    cut: list[tuple[Key, date]] = []
    superseded: list[Key] = []
    going_on: list[tuple[Key, Span]] = []
    for key, span in kept:
        if not span.overlaps(new):
            continue
        if span.start < new.start:
            cut.append((key, new.start))
        else:
            superseded.append(key)
        if new.end is not None and _is_before(new.end, span.end):
            going_on.append((key, Span(new.end, span.end)))
    return Overlay(cut, superseded, going_on)


def _is_before(end: date | None, other: date | None) -> bool:
    return end is not None and end < (other or _NEVER)
