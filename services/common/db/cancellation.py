"""What is done with a connection is done to its end, also for a caller who hangs up.

A cancellation in the middle of it would leave a session that nobody owns, or an answer that
nobody read: the driver and the pool throw such a connection away, and the next caller pays for
a new one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["carried_through"]

Result = TypeVar("Result")


async def carried_through(
    work: Coroutine[Any, Any, Result], *, hasten: Callable[[], Awaitable[object]] | None = None
) -> Result:
    """Runs `work` to its end, and only then raises the cancellation of its caller.

    `hasten` is awaited when the caller is cancelled: it makes the work end soon.
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
            except asyncio.CancelledError:  # once more: it is being ended already
                continue
        for one in both:
            if not one.cancelled():
                one.exception()  # seen: what matters to the caller is that they hung up
        raise
