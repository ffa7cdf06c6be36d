"""Half-open periods of days in UTC. The billing period is a calendar month."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Self

from services.common.errors import InvalidArgument

__all__ = ["FIRST_YEAR", "LAST_YEAR", "Period", "month_of", "optional_day", "read_day",
           "read_month"]  # fmt: skip  # a table

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2199
"""Years outside this range are rejected as mistakes."""


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """The days from `start` to `end`, exclusive. Raises ValueError if empty."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a period from {self.start} to {self.end} has no day")

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        """A calendar month."""
        first = date(year, month, 1)
        return cls(first, date(year + month // 12, month % 12 + 1, 1))

    @property
    def days(self) -> int:
        """Its number of days."""
        return (self.end - self.start).days

    @property
    def start_at(self) -> datetime:
        """The time at which it begins."""
        return datetime.combine(self.start, time(), UTC)

    @property
    def end_at(self) -> datetime:
        """The exclusive end as a time."""
        return datetime.combine(self.end, time(), UTC)

    @property
    def code(self) -> str:
        """The month in which it begins, such as `2026-04`."""
        return self.start.isoformat()[:7]

    def __contains__(self, moment: date | datetime) -> bool:
        """Whether it contains a day or an aware time."""
        if isinstance(moment, datetime):
            return self.start_at <= moment < self.end_at
        return self.start <= moment < self.end

    def overlap(self, other: "Period") -> "Period | None":
        """The intersection; None if empty."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None

    def following(self) -> "Period":
        """The calendar month after that of its last day."""
        last = month_of(self.end - timedelta(days=1))
        return Period.month(last.end.year, last.end.month)

    def preceding(self) -> "Period":
        """The calendar month before that of its first day."""
        return month_of(self.start.replace(day=1) - timedelta(days=1))


def month_of(moment: date | datetime) -> Period:
    """The calendar month of a day or of an aware time."""
    day = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
    return _month(day.year, day.month)


@lru_cache(maxsize=4096)
def _month(year: int, month: int) -> Period:
    """Cached, because it is called for every billed day."""
    return Period.month(year, month)


def read_day(text: str, field: str) -> date:
    """Parses a day such as `2026-05-20`. Raises InvalidArgument with the field."""
    if not _DAY.fullmatch(text):
        raise InvalidArgument(field, "is not a date as in 2026-05-20", reason="NOT_A_DATE")
    return _sane(text, field)


def optional_day(text: str, field: str) -> date | None:
    """The day of an ISO date; None for an empty text."""
    return read_day(text, field) if text else None


def read_month(text: str, field: str) -> Period:
    """Parses a month, by its first day or bare: `2026-04-01`, `2026-04`.

    Raises InvalidArgument with the field.
    """
    bare = bool(_MONTH.fullmatch(text))
    if not (bare or _DAY.fullmatch(text)):
        raise InvalidArgument(
            field, "is not a month as in 2026-04-01 or 2026-04", reason="NOT_A_PERIOD"
        )
    first = _sane(f"{text}-01" if bare else text, field, "month" if bare else "day")
    if first.day != 1:
        raise InvalidArgument(field, "is not the first day of a month", reason="NOT_A_PERIOD")
    return Period.month(first.year, first.month)


def _sane(text: str, field: str, unit: str = "day") -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidArgument(
            field, f"is not a {unit} of the calendar", reason="NOT_A_DATE"
        ) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidArgument(
            field, f"is not between {FIRST_YEAR} and {LAST_YEAR}", reason="OUT_OF_RANGE"
        )
    return day
