"""How long a workflow waits for an activity, and how often it is tried again."""

from datetime import timedelta
from typing import Final, TypedDict

from temporalio.common import RetryPolicy

__all__ = ["FEW", "HEARTBEAT", "PROMPT", "RETRIES", "SHORT", "short", "with_heartbeat"]

HEARTBEAT: Final = timedelta(seconds=10)
"""A worker silent for so long is taken for dead, and another goes on with what it did.

Whatever may take longer than `SHORT` beats: without a heartbeat a dead worker is noticed only
when the whole time of the activity is over.
"""

SHORT: Final = timedelta(seconds=20)
"""For an activity that reads or changes a few rows, and so never beats."""

RETRIES: Final = RetryPolicy(maximum_interval=timedelta(minutes=5))
"""After 1 s, 2 s, 4 s and so on, until the timeout."""

PROMPT: Final = RetryPolicy(maximum_interval=timedelta(minutes=1))
"""As `RETRIES`, where somebody waits for the run."""

FEW: Final = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(minutes=2),
    maximum_attempts=6,
)
"""For about a minute: the next scheduled run does what this one could not."""


class Attempts(TypedDict):
    """Options of an activity, as `workflow.execute_activity` takes them."""

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
