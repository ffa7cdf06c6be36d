"""The last served API requests, for replay by a benchmark and counting by tests."""

from collections import deque
from dataclasses import asdict, dataclass

__all__ = ["RequestLog", "Served"]


@dataclass(frozen=True)
class Served:
    """An API request and the status of its response; 0 if the connection was dropped."""

    method: str
    path: str
    """With the query string, as received."""
    status: int
    token_suffix: str
    """The last four characters, to distinguish tokens."""


class RequestLog:
    """A bounded log of requests, oldest first."""

    def __init__(self, capacity: int = 20_000) -> None:
        self._served: deque[Served] = deque(maxlen=capacity)

    def add(self, served: Served) -> None:
        """Adds a request; removes the oldest if full."""
        self._served.append(served)

    def clear(self) -> None:
        """Clears the log."""
        self._served.clear()

    def entries(self) -> list[dict[str, str | int]]:
        """The log as JSON objects."""
        return [asdict(served) for served in self._served]
