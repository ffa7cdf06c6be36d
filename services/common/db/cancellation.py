"""Completes work on a connection even if the caller disconnects.

A cancellation during a statement would leave an unread result or an orphaned session. The driver
and the pool discard such a connection, and the next caller pays for a new one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["carried_through"]

Result = TypeVar("Result")


async def carried_through(
    work: Coroutine[Any, Any, Result], *, hasten: Callable[[], Awaitable[object]] | None = None
) -> Result:
    """Runs `work` to completion, and only then raises the cancellation of its caller.

    If the caller is cancelled, `hasten` is awaited, which makes the work end soon.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled():
            raise
        hastening = None
        if hasten is not None and not task.done():
            hastening = asyncio.ensure_future(hasten())
        both = {task} if hastening is None else {task, hastening}
        while not all(one.done() for one in both):
            try:
                await asyncio.wait(both)
            except asyncio.CancelledError:  # a second cancellation: the work is already being
                # ended
                continue
        for one in both:
            if not one.cancelled():
                one.exception()  # retrieved: the caller gets only the cancellation
        raise
