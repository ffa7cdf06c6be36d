"""Tells Temporal how far an activity has come, and where the one before it was."""

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
    """The place that an earlier attempt told last; None when there is none."""
    details = activity.info().heartbeat_details
    return TypeAdapter(kind).validate_python(details[0]) if details else None


@asynccontextmanager
async def beating(place: Callable[[], Any]) -> AsyncIterator[None]:
    """Tells the place once at the start and then every second, however long a page takes."""

    async def beat() -> None:
        while True:
            activity.heartbeat(place())
            await asyncio.sleep(HEARTBEAT_SECONDS)

    beats = asyncio.create_task(beat())
    try:
        yield
    except BaseException:
        # Whoever goes on after this goes on from here, not from a second ago.
        activity.heartbeat(place())
        raise
    finally:
        beats.cancel()
        with suppress(asyncio.CancelledError):
            await beats
