"""Waiting for what another process does."""

import time
from collections.abc import Callable

__all__ = ["until"]


def until(condition: Callable[[], object], *, within: float = 60.0) -> None:
    """Waits for a condition; raises AssertionError when it does not come."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("what was waited for did not come")
        time.sleep(0.05)
