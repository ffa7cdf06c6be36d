"""Shared by activities: errors, heartbeats and paged work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import wraps
from typing import Any, Final, Protocol, TypeVar

from temporalio import activity

from contracts.flows import Start, start_flow
from workflows.durable.errors import as_failures
from workflows.durable.heartbeats import beating, reached_before

__all__ = ["described", "page_by_page", "pages_of", "service_activity", "start_all"]

STARTS_AT_ONCE: Final = 8

Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])


class Place(Protocol):
    """The cursor of paged work; its fields also have the counts so far."""

    @property
    def page_token(self) -> str:
        """The token of the next page; empty after the last one."""


Reached = TypeVar("Reached", bound=Place)


class Cursor(Protocol):
    """A cursor that says how far an activity is."""

    def in_words(self) -> str:
        """In one line."""


DESCRIBED: Final[dict[str, tuple[str, type[Cursor] | None]]] = {}


def described(name: str) -> tuple[str, type[Cursor] | None]:
    """What an activity does, until its first heartbeat, and the type of its cursor if it has one.

    Of an activity that is not described, the name.
    """
    return DESCRIBED.get(name, (name, None))


def service_activity(
    service: str = "inventory",
    *,
    heartbeat: bool = False,
    doing: str = "",
    cursor: type[Cursor] | None = None,
) -> Callable[[Method], Method]:
    """An activity that calls a service or the provider; see `as_failures` for its errors.

    A long activity sends heartbeats; one with a cursor sends the cursor itself. `doing` and
    `cursor` describe it to callers that wait for its run.
    """

    def declared(method: Method) -> Method:
        if doing:
            DESCRIBED[method.__name__] = (doing, cursor)

        @wraps(method)
        async def run(*arguments: Any) -> Any:
            with as_failures(service):
                if not heartbeat:
                    return await method(*arguments)
                async with beating(lambda: None):
                    return await method(*arguments)

        return activity.defn(run)  # type: ignore[return-value]

    return declared


async def page_by_page(first: Reached, step: Callable[[Reached], Awaitable[Reached]]) -> Reached:
    """Processes pages from `first` or an earlier attempt's cursor; returns the final cursor.

    A step processes the page at a cursor and returns the next cursor.
    """
    place = reached_before(type(first)) or first
    async with beating(lambda: place):
        while True:
            place = await step(place)
            if not place.page_token:
                return place


async def pages_of(rpc: Any, request: Any) -> AsyncIterator[Any]:
    """The pages of a service's list, from the request's page token on."""
    while True:
        page = await rpc(request)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


async def start_all(starts: Iterable[Start[Any]]) -> None:
    """Starts runs, a few at a time; those that already go on under their ids are left alone."""
    turns = asyncio.Semaphore(STARTS_AT_ONCE)

    async def begin(start: Start[Any]) -> None:
        async with turns:
            await start_flow(activity.client(), start)

    await asyncio.gather(*map(begin, starts))
