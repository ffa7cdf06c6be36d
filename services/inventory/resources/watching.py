"""Watch streams of the history: woken together, each reads its own pages in its own scope.

A process has one LISTEN connection for all watchers, and none without watchers. Notifications and a
timer move the horizon. A watcher reads the events between its position and the horizon in bounded
pages, each in its own transaction, and holds no connection while it waits.
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
"""Maximum events per response."""

WINDOW: Final = 20_000
"""Maximum ids scanned per statement, so that a watcher with few events among many catches up in
short steps."""

POLL_SECONDS: Final = 1.0
"""Polling interval: notifications may be lost with the connection, and a rollback sends none."""

READERS: Final = 2
"""Maximum concurrent reads of watchers, so that they never use the whole connection pool."""

MAX_WATCHERS: Final = 1_000

log = structlog.get_logger("watching")


class EventFeed:
    """The settled horizon, and the watchers that wait for it."""

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
        """Yields the events of `scope` after an id, oldest first, then new ones when settled.

        It never ends by itself. Raises InvalidArgument for an unknown cursor, ResourceExhausted if
        there are too many watchers, Unavailable if this process stops.
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
            raise ResourceExhausted("too many watch streams are open", reason="TOO_MANY_WATCHERS")
        self._watchers += 1
        if self._follower is None:
            self._moved = asyncio.Event()  # the old event may be set, because its watchers have
            # ended
            self._follower = asyncio.create_task(self._follow())
            self._follower.add_done_callback(self._ended)
        try:
            yield
        finally:
            self._watchers -= 1

    async def _settled_past(self, position: int) -> int:
        """Waits until the horizon is after `position`, and returns it."""
        while self._follower is not None and not self._stopping.is_set():
            if self._settled > position:
                return self._settled
            await self._moved.wait()
        raise Unavailable(
            "the server is stopping: watch again from the last cursor", reason="SERVER_STOPPING"
        )

    async def _follow(self) -> None:
        """Moves the horizon on notifications until there are no watchers.

        It is not cancelled, but ends at the next tick of its timer, because a connection cancelled
        while it is being opened stays half open at the server.
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
        """Wakes all watchers when the follower has ended, so that they end too."""
        if not follower.cancelled() and (failure := follower.exception()):
            log.error("following the history failed", exc_info=failure)
        if follower is self._follower:
            self._follower = None
            self._moved.set()

    async def _look(self) -> Horizon:
        """Reads the horizon and wakes all watchers if it moved."""
        async with self._readers:
            horizon = await read_horizon(self._database.single_read(ALL))
        if horizon.settled > self._settled:
            self._settled = horizon.settled
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()
        return horizon
