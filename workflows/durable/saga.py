"""Helpers of sagas: uninterruptible steps, retries in rounds, and cancellation."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.durable.reasons import reason_of

__all__ = ["each", "on_failure", "retried_in_rounds", "unless_cancelled", "whole"]

PATCH_CANCELLATION: Final = "heed-a-cancellation-after-a-step"
"""Patch: older runs continued if they were cancelled during a step."""


async def each(steps: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Runs all steps in order, also after a failure. Raises the last failure."""
    failure: FailureError | None = None
    for step in steps:
        try:
            await step
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            failure = error
    if failure is not None:
        raise failure


@contextmanager
def on_failure(tell: Callable[[str], None]) -> Iterator[None]:
    """Reports a failure in the block and continues. Raises cancellations."""
    try:
        yield
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        tell(reason_of(error))


async def whole(doing: Coroutine[Any, Any, None]) -> None:
    """Runs a step to completion even if the run is cancelled, so that it can be compensated."""
    task = asyncio.create_task(doing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await workflow.wait([task])
        raise


async def retried_in_rounds(
    steps: Sequence[Callable[[], Awaitable[None]]],
    *,
    time_limit: timedelta,
    pause: timedelta,
    tell: Callable[[FailureError], None],
) -> FailureError | None:
    """Runs all steps; retries the failed ones in rounds, a pause apart, until the time limit.

    Returns the last round's failure; None if every step succeeded.
    """
    ends = workflow.now() + time_limit
    left = list(steps)
    while True:
        failure: FailureError | None = None
        failed = []
        for step in left:
            try:
                await step()
            except FailureError as error:
                failure = error
                failed.append(step)
        if failure is None or workflow.now() + pause > ends:
            return failure
        left = failed
        tell(failure)
        await workflow.sleep(pause)


def unless_cancelled() -> None:
    """Raises CancelledError if the run was cancelled during a step that completed.

    An activity that succeeds despite a cancellation request counts as done. Without this check the
    cancellation would be lost.
    """
    if workflow.cancellation_reason() is not None and workflow.patched(PATCH_CANCELLATION):
        raise asyncio.CancelledError
