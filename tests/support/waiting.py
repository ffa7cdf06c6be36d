"""Waits for another process or task."""

import time
from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["PATIENCE", "tries", "until"]

PATIENCE: Final = 240.0
"""Seconds. Only what never comes takes so long, on a machine that is slow or busy as well."""


def until(condition: Callable[[], object], *, within: float = PATIENCE) -> None:
    """Waits for a condition; raises AssertionError when it does not come."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("what was waited for did not come")
        time.sleep(0.05)


def tries(*, within: float = PATIENCE) -> Iterator[int]:
    """Counts the looks at what should come, until patience ends; who looks pauses in between."""
    deadline = time.monotonic() + within
    count = 0
    while time.monotonic() < deadline:
        yield count
        count += 1
