"""Timeouts and retry policies of activities."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

__all__ = ["FEW", "HEARTBEAT", "PROMPT", "RETRIES", "SHORT", "Attempts", "short", "with_heartbeat"]

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


Argument = TypeVar("Argument")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Attempts:
    """How an activity is attempted: timeouts and retries."""

    timeout: timedelta | None
    """Timeout of all attempts together; None to retry without end."""
    each: timedelta | None
    """Timeout of one attempt."""
    heartbeat: timedelta | None
    retries: RetryPolicy

    async def run(
        self,
        activity: Callable[[Any, Argument], Awaitable[Result]],
        argument: Argument,
        summary: str,
        *,
        task_queue: str | None = None,
        awaits_end: bool = False,
    ) -> Result:
        """Runs an activity of a workflow; the summary is for the Temporal UI.

        With `awaits_end`, a cancelled run waits until the activity has ended, so that nothing is
        compensated while it may still be running.
        """
        cancellation = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
        return await workflow.execute_activity_method(
            activity,
            argument,
            task_queue=task_queue,
            schedule_to_close_timeout=self.timeout,
            start_to_close_timeout=self.each,
            heartbeat_timeout=self.heartbeat,
            retry_policy=self.retries,
            cancellation_type=cancellation if awaits_end else ActivityCancellationType.TRY_CANCEL,
            summary=summary,
        )


def with_heartbeat(
    timeout: timedelta, retries: RetryPolicy = RETRIES, *, each: timedelta | None = None
) -> Attempts:
    """An activity that beats; the timeout is for all its attempts, `each` for one."""
    return Attempts(timeout, each, HEARTBEAT, retries)


def short(
    timeout: timedelta | None = None, retries: RetryPolicy = RETRIES, *, each: timedelta = SHORT
) -> Attempts:
    """An activity whose attempts are short; without a timeout, it is retried without end."""
    return Attempts(timeout, each, None, retries)
