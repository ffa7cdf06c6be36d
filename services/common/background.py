"""Work that a process repeats in the background for as long as it runs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

__all__ = ["repeated"]

log = structlog.get_logger("background")


async def repeated(work: Callable[[], Awaitable[None]], *, every: float) -> NoReturn:
    """Does `work` every so many seconds until it is cancelled.

    Any failure is logged and the work is done again: a service that waits for this task would
    otherwise stop for one failure.
    """
    while True:
        try:
            await work()
        except Exception:
            log.exception("background work failed", work=getattr(work, "__qualname__", repr(work)))
        await asyncio.sleep(every)
