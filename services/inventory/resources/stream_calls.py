"""The calls of InventoryService that answer with a stream."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from arcadia.inventory.v1 import inventory_service_pb2 as pb
from grpc.aio import ServicerContext

from services.common.db.database import Database
from services.common.errors import InvalidArgument
from services.common.rpc.access import current_caller
from services.common.rpc.deployment_slugs import DeploymentSlugs
from services.inventory import requests
from services.inventory.messages import event_message
from services.inventory.resources.resource_requests import resource_filter
from services.inventory.resources.rules.exporting import header, lines_of
from services.inventory.resources.store.reading import ResourceFilter, list_resources
from services.inventory.resources.watching import EventFeed

__all__ = ["StreamCalls"]

Context = ServicerContext[Any, Any]

EXPORTED_ROWS: Final = 500
"""In one chunk: what an export holds in memory, however much it writes."""


class StreamCalls:
    """Watching the history and exporting the resources; part of the inventory's servicer."""

    _database: Database
    _feed: EventFeed
    _slugs: DeploymentSlugs

    async def _with_slug(self, wanted: ResourceFilter, context: Context) -> ResourceFilter:
        """The filter that also finds what was kept under the slug of the deployment."""
        slug = await self._slugs.of(wanted.deployment_id, remaining=context.time_remaining())
        return replace(wanted, slug=slug)

    async def WatchResourceEvents(  # noqa: N802
        self, request: pb.WatchResourceEventsRequest, context: Context
    ) -> AsyncIterator[pb.WatchResourceEventsResponse]:
        """Every event after a cursor, and then each new one."""
        scope = current_caller().scope
        kind = requests.known_kind(request.kind) if request.kind else ""
        if request.after_event_id < 0:
            raise InvalidArgument("after_event_id", "must not be negative")
        # At once, so that a caller knows that it is heard, also where nothing happens.
        await context.send_initial_metadata(())
        async with aclosing(
            self._feed.pages(scope, after=request.after_event_id, kind=kind)
        ) as pages:
            async for page in pages:
                yield pb.WatchResourceEventsResponse(
                    events=[event_message(event, show_owners=scope.everything) for event in page]
                )

    async def ExportResources(  # noqa: N802
        self, request: pb.ExportResourcesRequest, context: Context
    ) -> AsyncIterator[pb.ExportResourcesResponse]:
        """The filtered inventory as CSV.

        Page by page in the order of discovery, each in a transaction of its own: a slow
        reader holds none open. What changes meanwhile is exported as it was when its page
        was read, and once.
        """
        scope = current_caller().scope
        wanted = await self._with_slug(resource_filter(request.filter), context)
        full = request.filter.view == pb.RESOURCE_VIEW_FULL
        chunk, after = header(full=full), None
        while True:
            rows = await list_resources(
                self._database.single_read(scope),
                scope,
                wanted,
                full=full,
                after=after,
                limit=EXPORTED_ROWS,
            )
            yield pb.ExportResourcesResponse(chunk=chunk + lines_of(rows))
            if len(rows) < EXPORTED_ROWS:
                return
            chunk, after = b"", requests.uuid_of("id", rows[-1][0])
