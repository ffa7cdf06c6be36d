"""Calls side by side, none of which is left running when another one fails."""

import asyncio
from collections.abc import Collection, Coroutine, Iterable
from typing import Any, TypeVar

__all__ = ["all_of", "call_off"]

Answer = TypeVar("Answer")


async def all_of(calls: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """What the calls answer, in their order. Raises what the first one raises.

    `asyncio.gather` alone would let the others go on: on a client that is closed by then.
    """
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await call_off(tasks)


async def call_off(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancels what still runs, and waits until it has ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
