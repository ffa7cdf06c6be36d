"""The last API requests that were served, for a bench that replays them and tests that count."""

from collections import deque
from dataclasses import asdict, dataclass

__all__ = ["RequestLog", "Served"]


@dataclass(frozen=True)
class Served:
    """One API request and the status of its answer; 0 when the connection was dropped."""

    method: str
    path: str
    """With the query string, as it came."""
    status: int
    token_suffix: str
    """The last four characters, so that a test can tell tokens apart."""


class RequestLog:
    """A bounded memory of requests, oldest first."""

    def __init__(self, capacity: int = 20_000) -> None:
        self._served: deque[Served] = deque(maxlen=capacity)

    def add(self, served: Served) -> None:
        """Remember one; the oldest is forgotten when it is full."""
        self._served.append(served)

    def clear(self) -> None:
        """Forget all."""
        self._served.clear()

    def entries(self) -> list[dict[str, str | int]]:
        """What is remembered, as JSON objects."""
        return [asdict(served) for served in self._served]
