"""InventoryService: resources, projects, sweeps and assignments."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Final
from uuid import UUID

from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import inventory_service_pb2_grpc, resources_pb2

from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.deployment_slugs import DeploymentSlugs
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import first_page, page_request
from services.common.rpc.wire import Context
from services.inventory import requests
from services.inventory.messages import (
    event_writer,
    resource_message,
    sweep_message,
)
from services.inventory.resources.assign import assign, assign_by_rules, classify_project
from services.inventory.resources.deployments import Deployments
from services.inventory.resources.requests import (
    check_one_owner,
    filters_of,
    new_class,
    owner_of,
    resource_filter,
)
from services.inventory.resources.rules.resources import header, lines_of
from services.inventory.resources.store import reading
from services.inventory.resources.store.assignments import list_assignments
from services.inventory.resources.store.history import list_events
from services.inventory.resources.store.reading import ResourceFilter
from services.inventory.resources.watching import EventFeed
from services.inventory.sync.complete import decide
from services.inventory.sync.store.projects import list_projects
from services.inventory.sync.store.sweeps import list_sweeps, read_sweep
from services.inventory.sync.store.unreadable import list_unreadable
from services.inventory.vocabulary import Outcome

__all__ = ["InventoryServicer"]

NEWEST_EVENTS: Final = first_page(100)
"""The history entries returned with a resource."""

EXPORTED_ROWS: Final = 500
"""Rows per chunk, which bounds the memory of an export."""


class InventoryServicer(inventory_service_pb2_grpc.InventoryServiceServicer):
    """Reads the mirror of the provider's account, and changes assignments."""

    def __init__(
        self, database: Database, deployments: Deployments, feed: EventFeed, slugs: DeploymentSlugs
    ) -> None:
        self._database = database
        self._feed = feed
        self._slugs = slugs
        self._deployments = deployments

    async def ListResources(
        self, request: pb.ListResourcesRequest, context: Context
    ) -> pb.ListResourcesResponse:
        """Lists resources in the order of discovery."""
        scope = current_caller().scope
        wanted = await self._with_slug(resource_filter(request), context)
        asked = page_request(request, filters_of(request), UUID)
        rows = await reading.list_resources(
            self._database.single_read(scope),
            scope,
            wanted,
            full=request.view == pb.RESOURCE_VIEW_FULL,
            after=asked.after,
            limit=asked.limit,
        )
        page = asked.page(rows, attrgetter("id"))
        response = pb.ListResourcesResponse(next_page_token=page.next_page_token)
        add = response.resources.add
        for row in page.rows:
            resource_message(row, add)
        return response

    async def GetResource(
        self, request: pb.GetResourceRequest, context: Context
    ) -> pb.GetResourceResponse:
        """Returns a resource with its latest history."""
        caller = current_caller()
        resource_id = requests.uuid_of("id", request.id)
        async with self._database.read(caller.scope) as session:
            row = await reading.read_resource(session, caller.scope, resource_id)
            newest = await list_events(
                session, caller.scope, resource_id, NEWEST_EVENTS, since=row.first_seen_at
            )
        return pb.GetResourceResponse(
            resource=resource_message(row), events=map(event_writer(caller.scope), newest.rows)
        )

    async def ListResourceEvents(
        self, request: pb.ListResourceEventsRequest, context: Context
    ) -> pb.ListResourceEventsResponse:
        """Lists the history of a resource, newest first."""
        caller = current_caller()
        resource_id = requests.uuid_of("resource_id", request.resource_id)
        asked = page_request(request, ("events", str(resource_id)), datetime, int)
        async with self._database.read(caller.scope) as session:
            row = await reading.read_resource(session, caller.scope, resource_id)
            found = await list_events(
                session, caller.scope, resource_id, asked, since=row.first_seen_at
            )
        return page_message(pb.ListResourceEventsResponse, found, event_writer(caller.scope))

    async def CountResources(
        self, request: pb.CountResourcesRequest, context: Context
    ) -> pb.CountResourcesResponse:
        """Counts existing resources."""
        scope = current_caller().scope
        kind = requests.known_kind(request.kind) if request.kind else ""
        async with self._database.read(scope) as session:
            rows = await reading.count_resources(session, scope, kind)
        counts = [message_of(pb.ResourceCount, row) for row in rows]
        return pb.CountResourcesResponse(counts=counts, total=sum(row.count for row in rows))

    async def ListProjects(
        self, request: pb.ListProjectsRequest, context: Context
    ) -> pb.ListProjectsResponse:
        """Lists the provider's existing projects in the order of discovery."""
        scope = current_caller().scope
        tenant_id = requests.text("tenant_id", request.tenant_id)
        asked = page_request(request, ("projects", tenant_id), UUID)
        async with self._database.read(scope) as session:
            found = await list_projects(session, scope, asked, tenant_id=tenant_id)
        return page_message(pb.ListProjectsResponse, found)

    async def ListSweeps(
        self, request: pb.ListSweepsRequest, context: Context
    ) -> pb.ListSweepsResponse:
        """Lists sweeps, newest first."""
        kind = requests.known_swept_kind(request.kind) if request.kind else ""
        if request.outcome and request.outcome not in set(Outcome):
            raise InvalidArgument(
                "outcome", f"{request.outcome!r} is not one of {', '.join(Outcome)}"
            )
        asked = page_request(request, ("sweeps", kind, request.outcome), UUID)
        async with self._database.read(current_caller().scope) as session:
            found = await list_sweeps(session, asked, kind=kind, outcome=request.outcome)
        return page_message(pb.ListSweepsResponse, found, sweep_message)

    @once
    async def ConfirmSweep(
        self, session: WriteSession, request: pb.ConfirmSweepRequest, context: Context
    ) -> pb.ConfirmSweepResponse:
        """Confirms a sweep that the breaker halted, so that the next one proceeds."""
        return pb.ConfirmSweepResponse(sweep=await _decided(session, request, Outcome.HALTED))

    @once
    async def AcceptScope(
        self, session: WriteSession, request: pb.AcceptScopeRequest, context: Context
    ) -> pb.AcceptScopeResponse:
        """Accepts the scope of a frozen sweep as complete."""
        return pb.AcceptScopeResponse(sweep=await _decided(session, request, Outcome.FROZEN))

    @once
    async def AcceptTotal(
        self, session: WriteSession, request: pb.AcceptTotalRequest, context: Context
    ) -> pb.AcceptTotalResponse:
        """Accepts the difference between the provider's total and the rows of this sweep."""
        return pb.AcceptTotalResponse(sweep=await _decided(session, request, Outcome.INCOMPLETE))

    async def ListUnreadableRows(
        self, request: pb.ListUnreadableRowsRequest, context: Context
    ) -> pb.ListUnreadableRowsResponse:
        """Lists the rows that a sweep could not read, by position."""
        sweep_id = requests.uuid_of("sweep_id", request.sweep_id)
        asked = page_request(request, ("unreadable", str(sweep_id)), str)
        async with self._database.read(current_caller().scope) as session:
            await read_sweep(session, sweep_id)
            found = await list_unreadable(session, sweep_id, asked)
        return page_message(pb.ListUnreadableRowsResponse, found)

    @once
    async def AssignResource(
        self, session: WriteSession, request: pb.AssignResourceRequest, context: Context
    ) -> pb.AssignResourceResponse:
        """Assigns a resource to an owner or to nobody, or removes the assignment."""
        caller = current_caller()
        resource_id = requests.uuid_of("id", request.id)
        reason = requests.text("reason", request.reason)
        check_one_owner(request)
        cause = requests.current_cause()
        if request.by_rules:
            await assign_by_rules(session, [resource_id], cause=cause, reason=reason)
        else:
            owner = await owner_of(request, self._deployments, context)
            await assign(session, [resource_id], owner, cause=cause, reason=reason)
        row = await reading.read_resource(session, caller.scope, resource_id)
        return pb.AssignResourceResponse(resource=resource_message(row))

    async def ListAssignments(
        self, request: pb.ListAssignmentsRequest, context: Context
    ) -> pb.ListAssignmentsResponse:
        """Lists the assignments of a resource, newest first."""
        scope = current_caller().scope
        resource_id = requests.uuid_of("resource_id", request.resource_id)
        asked = page_request(request, ("assignments", str(resource_id)), datetime)
        async with self._database.read(scope) as session:
            await reading.read_resource(session, scope, resource_id)
            found = await list_assignments(session, resource_id, asked)
        return page_message(pb.ListAssignmentsResponse, found)

    @once
    async def ClassifyProject(
        self, session: WriteSession, request: pb.ClassifyProjectRequest, context: Context
    ) -> pb.ClassifyProjectResponse:
        """Classifies a project and updates the owners of its resources."""
        project_id = requests.uuid_of("id", request.id)
        wanted = new_class(request)
        cause = requests.current_cause()
        project = await classify_project(session, project_id, *wanted, cause=cause)
        return message_of(pb.ClassifyProjectResponse, project=project)

    async def WatchResourceEvents(
        self, request: pb.WatchResourceEventsRequest, context: Context
    ) -> AsyncIterator[pb.WatchResourceEventsResponse]:
        """Streams the events after a cursor, then new ones."""
        scope = current_caller().scope
        kind = requests.known_kind(request.kind) if request.kind else ""
        if request.after_event_id < 0:
            raise InvalidArgument("after_event_id", "must not be negative")
        # Sent immediately, so that the caller knows that the stream is open.
        await context.send_initial_metadata(())
        write = event_writer(scope)
        async with aclosing(
            self._feed.pages(scope, after=request.after_event_id, kind=kind)
        ) as pages:
            async for page in pages:
                yield pb.WatchResourceEventsResponse(events=map(write, page))

    async def ExportResources(
        self, request: pb.ExportResourcesRequest, context: Context
    ) -> AsyncIterator[pb.ExportResourcesResponse]:
        """Streams the filtered inventory as CSV.

        Each page, in the order of discovery, has its own transaction, so a slow reader keeps none
        open. A resource that changes during the export is exported once, as of its page's read.
        """
        scope = current_caller().scope
        wanted = await self._with_slug(resource_filter(request.filter), context)
        full = request.filter.view == pb.RESOURCE_VIEW_FULL
        chunk, after = header(full=full), None
        while True:
            rows = await reading.list_resources(
                self._database.single_read(scope),
                scope,
                wanted,
                full=full,
                after=after,
                limit=EXPORTED_ROWS,
            )
            yield pb.ExportResourcesResponse(chunk=chunk + lines_of(rows, full=full))
            if len(rows) < EXPORTED_ROWS:
                return
            chunk, after = b"", requests.uuid_of("id", rows[-1].id)

    async def _with_slug(self, wanted: ResourceFilter, context: Context) -> ResourceFilter:
        """The filter, extended to resources stored under the deployment's slug."""
        slug = await self._slugs.of(wanted.deployment_id, remaining=context.time_remaining())
        return replace(wanted, slug=slug)


async def _decided(
    session: WriteSession,
    request: pb.ConfirmSweepRequest | pb.AcceptScopeRequest | pb.AcceptTotalRequest,
    stopped: Outcome,
) -> resources_pb2.Sweep:
    """Records the caller's approval of a stopped sweep."""
    sweep_id = requests.uuid_of("id", request.id)
    sweep = await decide(session, sweep_id, stopped, operator=current_caller().subject)
    return sweep_message(sweep)
