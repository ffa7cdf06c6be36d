"""How steps are taken to their end though some of them fail, or the run is cancelled meanwhile."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

__all__ = ["each", "whole"]


async def each(steps: Iterable[Coroutine[Any, Any, None]]) -> None:
    """All of them, one after the other: one that is stuck spares no other.

    Raises the last failure when there were some.
    """
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


async def whole(doing: Coroutine[Any, Any, None]) -> None:
    """To its end, also when the run is cancelled meanwhile: only what is known can be undone."""
    task = asyncio.create_task(doing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await workflow.wait([task])
        raise
