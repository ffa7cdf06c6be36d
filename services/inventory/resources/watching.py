"""Those who watch the history: woken together, each reading its own pages in its own scope.

One listening connection a process, however many watch, and none when nobody does. What the
database announces, and a clock besides it, moves the horizon; a watcher reads what lies
between its own position and the horizon, a bounded page at a time, in a transaction of its
own, and none while it waits.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

import structlog

from services.common.db.database import Database
from services.common.errors import InvalidArgument, ResourceExhausted, Unavailable
from services.common.identity.callers import ALL, Scope
from services.inventory.resources.rules.recording import ResourceEvent
from services.inventory.resources.store.history import (
    CHANNEL,
    Horizon,
    list_settled_events,
    read_horizon,
)

__all__ = ["EventFeed"]

PAGE: Final = 100
"""Events in one answer."""

WINDOW: Final = 20_000
"""Ids that one statement looks through at most: a watcher whose events are few among many
catches up in short steps, not in one long statement."""

POLL_SECONDS: Final = 1.0
"""Announcements may be lost with the connection, and a transaction that gives up makes none."""

READERS: Final = 2
"""Watchers that read at the same time: they never take the whole pool from the other calls."""

MAX_WATCHERS: Final = 1_000

log = structlog.get_logger("watching")


class EventFeed:
    """Up to where the history is settled, and who waits for more."""

    def __init__(self, database: Database, stopping: asyncio.Event) -> None:
        self._database = database
        self._stopping = stopping
        self._readers = asyncio.Semaphore(READERS)
        self._settled = 0
        self._moved = asyncio.Event()
        self._watchers = 0
        self._follower: asyncio.Task[None] | None = None

    async def pages(
        self, scope: Scope, *, after: int, kind: str
    ) -> AsyncGenerator[list[ResourceEvent]]:
        """The events of `scope` after an id, oldest first, and then each as it is settled.

        Never ends by itself. Raises InvalidArgument for a cursor that we never gave,
        ResourceExhausted when too many watch, Unavailable when this process stops.
        """
        async with self._joined():
            if after > (await self._look()).newest:
                raise InvalidArgument(
                    "after_event_id", "is after the newest event", reason="CURSOR_AHEAD"
                )
            position = after
            while True:
                until = min(await self._settled_past(position), position + WINDOW)
                async with self._readers:
                    page = await list_settled_events(
                        self._database.single_read(scope),
                        scope,
                        after=position,
                        until=until,
                        kind=kind,
                        limit=PAGE,
                    )
                position = page[-1].id if len(page) == PAGE else until
                if page:
                    yield page

    @asynccontextmanager
    async def _joined(self) -> AsyncIterator[None]:
        if self._watchers >= MAX_WATCHERS:
            raise ResourceExhausted("too many watch already", reason="TOO_MANY_WATCHERS")
        self._watchers += 1
        if self._follower is None:
            self._moved = asyncio.Event()  # the old one may be set: its watchers have ended
            self._follower = asyncio.create_task(self._follow())
            self._follower.add_done_callback(self._ended)
        try:
            yield
        finally:
            self._watchers -= 1

    async def _settled_past(self, position: int) -> int:
        """The horizon, once it lies behind `position`."""
        while self._follower is not None and not self._stopping.is_set():
            if self._settled > position:
                return self._settled
            await self._moved.wait()
        raise Unavailable("this server stops: watch again", reason="SERVER_STOPPING")

    async def _follow(self) -> None:
        """Moves the horizon with what the database announces, until nobody watches any more.

        It is not cancelled but leaves at the next tick of its clock: a connection that is
        given up while it is made stays half open at the server.
        """
        stopping = asyncio.create_task(self._wake_at_the_end())
        try:
            async with aclosing(self._database.notices(CHANNEL, every=POLL_SECONDS)) as notices:
                async for _ in notices:
                    if not self._watchers:
                        self._follower = None
                        return
                    try:
                        await self._look()
                    except Unavailable as error:
                        log.warning("the horizon was not read", error=str(error))
        finally:
            stopping.cancel()

    async def _wake_at_the_end(self) -> None:
        await self._stopping.wait()
        self._moved.set()

    def _ended(self, follower: asyncio.Task[None]) -> None:
        """Wakes all who watch when nobody follows for them any more: they end too."""
        if not follower.cancelled() and (failure := follower.exception()):
            log.error("following the history failed", exc_info=failure)
        if follower is self._follower:
            self._follower = None
            self._moved.set()

    async def _look(self) -> Horizon:
        """Reads the horizon, and wakes all when it has moved."""
        async with self._readers:
            horizon = await read_horizon(self._database.single_read(ALL))
        if horizon.settled > self._settled:
            self._settled = horizon.settled
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()
        return horizon
