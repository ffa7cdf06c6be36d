"""The simulator's clock: the machine's time plus an offset that only increases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

__all__ = ["Clock", "ClockWentBackError", "parse_instant", "render_instant", "wall_time"]


class ClockWentBackError(ValueError):
    """The clock cannot be set back, because the world's history cannot be undone."""


def wall_time() -> datetime:
    """The machine's time, UTC."""
    return datetime.now(UTC)


def render_instant(instant: datetime) -> str:
    """An instant in the API's usual format: whole seconds and a `Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> datetime:
    """Parses an ISO 8601 instant, by default in UTC. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


class Clock:
    """Runs with the machine's time, with a settable offset."""

    def __init__(self, offset: timedelta, wall: Callable[[], datetime] = wall_time) -> None:
        self._wall = wall
        self._offset = offset

    @property
    def offset(self) -> timedelta:
        """The offset from the machine's time."""
        return self._offset

    def now(self) -> datetime:
        """The simulated instant, UTC."""
        return self._wall() + self._offset

    def advance(self, by: timedelta) -> None:
        """Moves forward. ClockWentBackError for a negative step."""
        if by < timedelta(0):
            raise ClockWentBackError("the simulator's clock only goes forward; use reset")
        self._offset += by

    def set(self, instant: datetime) -> None:
        """Moves to an instant. ClockWentBackError if it is in the past."""
        self.advance(instant - self.now())
