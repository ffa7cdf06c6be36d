"""Shared by activities: errors, heartbeats and paged work."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

from temporalio import activity

from workflows.durable.errors import as_failures
from workflows.durable.heartbeats import beating, reached_before

__all__ = ["page_by_page", "service_activity"]

Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])


class Place(Protocol):
    """The cursor of paged work; its fields also have the counts so far."""

    @property
    def page_token(self) -> str:
        """The token of the next page; empty after the last one."""


Reached = TypeVar("Reached", bound=Place)


def service_activity(
    service: str = "inventory", *, heartbeat: bool = False
) -> Callable[[Method], Method]:
    """An activity that calls a service or the provider; see `as_failures` for its errors.

    A long activity sends heartbeats; one with a cursor sends the cursor itself.
    """

    def declared(method: Method) -> Method:
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
