"""Concurrent calls, all of which are cancelled when one fails."""

import asyncio
from collections.abc import Collection, Coroutine, Iterable
from typing import Any, TypeVar

__all__ = ["cancel_all", "gather_all"]

Answer = TypeVar("Answer")


async def gather_all(calls: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """Runs calls concurrently; returns their results in order, or raises the first error.

    `asyncio.gather` alone would let the others continue, on a client that is already closed.
    """
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await cancel_all(tasks)


async def cancel_all(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancels tasks, and waits until all have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
