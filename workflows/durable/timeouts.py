"""Timeouts and retry policies of activities."""

from datetime import timedelta
from typing import Final, TypedDict

from temporalio.common import RetryPolicy

__all__ = ["FEW", "HEARTBEAT", "PROMPT", "RETRIES", "SHORT", "short", "with_heartbeat"]

HEARTBEAT: Final = timedelta(seconds=10)
"""Heartbeat timeout: after it, the activity is retried on another worker.

Activities that may exceed `SHORT` send heartbeats; otherwise a dead worker is detected only at the
end of the timeout.
"""

SHORT: Final = timedelta(seconds=20)
"""Timeout of an activity on a few rows, which sends no heartbeats."""

RETRIES: Final = RetryPolicy(maximum_interval=timedelta(minutes=5))
"""After 1 s, 2 s, 4 s and so on, until the timeout."""

PROMPT: Final = RetryPolicy(maximum_interval=timedelta(minutes=1))
"""As `RETRIES`, for runs that a person waits for."""

FEW: Final = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(minutes=2),
    maximum_attempts=6,
)
"""Retries for about a minute; the next scheduled run does the rest."""


class Attempts(TypedDict):
    """Options of `workflow.execute_activity`."""

    schedule_to_close_timeout: timedelta | None
    start_to_close_timeout: timedelta | None
    heartbeat_timeout: timedelta | None
    retry_policy: RetryPolicy


def with_heartbeat(
    timeout: timedelta, retries: RetryPolicy = RETRIES, *, each: timedelta | None = None
) -> Attempts:
    """An activity that beats; the timeout is for all its attempts, `each` for one."""
    return {
        "schedule_to_close_timeout": timeout,
        "start_to_close_timeout": each,
        "heartbeat_timeout": HEARTBEAT,
        "retry_policy": retries,
    }


def short(
    timeout: timedelta | None = None, retries: RetryPolicy = RETRIES, *, each: timedelta = SHORT
) -> Attempts:
    """An activity whose attempts are short; without a timeout, it is retried without end."""
    return {
        "schedule_to_close_timeout": timeout,
        "start_to_close_timeout": each,
        "heartbeat_timeout": None,
        "retry_policy": retries,
    }
