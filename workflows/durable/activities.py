"""What the activities share: their errors, their heartbeats, and work that goes page by page."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

from temporalio import activity

from workflows.durable.errors import as_failures
from workflows.durable.heartbeats import beating, reached_before

__all__ = ["page_by_page", "service_activity"]

Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])


class Place(Protocol):
    """How far paged work is; its fields also count what was done so far."""

    @property
    def page_token(self) -> str:
        """Of the next page; empty after the last one."""


Reached = TypeVar("Reached", bound=Place)


def service_activity(
    service: str = "inventory", *, heartbeat: bool = False
) -> Callable[[Method], Method]:
    """An activity that asks a service or the provider: see `as_failures` for how it fails.

    One that may take long sends heartbeats; one that goes on from a cursor sends that itself.
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
    """Does page after page, from `first` or where an earlier attempt stood; the place at the end.

    A step does the page at a place, and returns the place after it.
    """
    place = reached_before(type(first)) or first
    async with beating(lambda: place):
        while True:
            place = await step(place)
            if not place.page_token:
                return place
