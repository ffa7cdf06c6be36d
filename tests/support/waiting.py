"""Waits for another process or task."""

import time
from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["PATIENCE", "tries", "until"]

PATIENCE: Final = 240.0
"""Timeout in seconds; only reached if the event never happens."""


def until(condition: Callable[[], object], *, within: float = PATIENCE) -> None:
    """Waits for a condition; raises AssertionError on timeout."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("what was waited for did not come")
        time.sleep(0.05)


def tries(*, within: float = PATIENCE) -> Iterator[int]:
    """Yields attempts until the timeout; the caller pauses in between."""
    deadline = time.monotonic() + within
    count = 0
    while time.monotonic() < deadline:
        yield count
        count += 1
