"""The time, passed to those who need it."""

from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "utc_now"]

Clock = Callable[[], datetime]
"""Gives the instant that it is now; aware, in UTC."""


def utc_now() -> datetime:
    """By the machine's clock."""
    return datetime.now(UTC)
