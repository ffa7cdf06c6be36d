"""Background work that a process repeats as long as it runs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

__all__ = ["repeated"]

log = structlog.get_logger("background")


async def repeated(work: Callable[[], Awaitable[None]], *, every: float) -> NoReturn:
    """Runs `work` periodically until it is cancelled.

    Failures are logged and the work is repeated: otherwise a service that awaits this task would
    stop at the first failure.
    """
    while True:
        try:
            await work()
        except Exception:
            log.exception("background work failed", work=getattr(work, "__qualname__", repr(work)))
        await asyncio.sleep(every)
