"""Heartbeats with the cursor of an activity."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter
from temporalio import activity

__all__ = ["HEARTBEAT_SECONDS", "beating", "reached_before"]

HEARTBEAT_SECONDS: Final = 1.0

Place = TypeVar("Place")


def reached_before(kind: type[Place]) -> Place | None:
    """The last cursor of an earlier attempt; None without one."""
    details = activity.info().heartbeat_details
    return TypeAdapter(kind).validate_python(details[0]) if details else None


@asynccontextmanager
async def beating(place: Callable[[], Any]) -> AsyncIterator[None]:
    """Sends the cursor at the start and then every second."""

    async def beat() -> None:
        while True:
            activity.heartbeat(place())
            await asyncio.sleep(HEARTBEAT_SECONDS)

    beats = asyncio.create_task(beat())
    try:
        yield
    except BaseException:
        # Send the final cursor, so that a retry resumes from here.
        activity.heartbeat(place())
        raise
    finally:
        beats.cancel()
        with suppress(asyncio.CancelledError):
            await beats
