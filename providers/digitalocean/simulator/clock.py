"""The simulator's own clock: the machine's time plus an offset that only grows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

__all__ = ["Clock", "ClockWentBackError", "parse_instant", "render_instant", "wall_time"]


class ClockWentBackError(ValueError):
    """The clock was asked to show an earlier instant: the world's history cannot be undone."""


def wall_time() -> datetime:
    """The machine's time, UTC."""
    return datetime.now(UTC)


def render_instant(instant: datetime) -> str:
    """An instant as the API mostly writes it: whole seconds and a `Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant; one without a zone is UTC. ValueError when it is none."""
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


class Clock:
    """Runs with the machine's time, ahead of it (or behind) by a settable offset."""

    def __init__(self, offset: timedelta, wall: Callable[[], datetime] = wall_time) -> None:
        self._wall = wall
        self._offset = offset

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of the machine's."""
        return self._offset

    def now(self) -> datetime:
        """The simulated instant, UTC."""
        return self._wall() + self._offset

    def advance(self, by: timedelta) -> None:
        """Jump forward. ClockWentBackError for a negative step."""
        if by < timedelta(0):
            raise ClockWentBackError("the simulator's clock only goes forward; use reset")
        self._offset += by

    def set(self, instant: datetime) -> None:
        """Jump to an instant and run on from there. ClockWentBackError when it is past."""
        self.advance(instant - self.now())
