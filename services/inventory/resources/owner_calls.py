"""The calls of InventoryService that say whose things are."""

from typing import Any

from arcadia.inventory.v1 import inventory_service_pb2 as pb
from grpc.aio import ServicerContext

from services.common.db.database import Database
from services.common.db.idempotency import once
from services.common.rpc.access import current_caller
from services.common.rpc.paging import cut, decode_token, page_size
from services.common.rpc.requests import current_request_id
from services.inventory import requests
from services.inventory.messages import assignment_message, project_message, resource_message
from services.inventory.resources.deployments import Deployments
from services.inventory.resources.owner_requests import check_one_owner, new_class, owner_of
from services.inventory.resources.store.assigning import assign, assign_by_rules, classify_project
from services.inventory.resources.store.assignments import assignment_position, list_assignments
from services.inventory.resources.store.history import Cause
from services.inventory.resources.store.reading import read_resource

__all__ = ["OwnerCalls"]

Context = ServicerContext[Any, Any]


class OwnerCalls:
    """Assigning resources and classing projects; part of the inventory's servicer."""

    _database: Database
    _deployments: Deployments

    async def AssignResource(  # noqa: N802
        self, request: pb.AssignResourceRequest, context: Context
    ) -> pb.AssignResourceResponse:
        """Gives a resource to an owner, to nobody, or back to the rules."""
        caller = current_caller()
        resource_id = requests.uuid_of("id", request.id)
        reason = requests.text("reason", request.reason)
        check_one_owner(request)
        cause = Cause(caller.subject, current_request_id())

        async with self._database.write(caller.scope) as session:

            async def do() -> pb.AssignResourceResponse:
                if request.by_rules:
                    await assign_by_rules(session, [resource_id], cause=cause, reason=reason)
                else:
                    owner = await owner_of(request, self._deployments, context)
                    await assign(session, [resource_id], owner, cause=cause, reason=reason)
                row = await read_resource(session, caller.scope, resource_id)
                return pb.AssignResourceResponse(resource=resource_message(row))

            return await once(session, request, pb.AssignResourceResponse, do)

    async def ListAssignments(  # noqa: N802
        self, request: pb.ListAssignmentsRequest, context: Context
    ) -> pb.ListAssignmentsResponse:
        """The assignments that a resource has had, newest first."""
        scope = current_caller().scope
        resource_id = requests.uuid_of("resource_id", request.resource_id)
        size = page_size(request.page_size)
        filters = ("assignments", str(resource_id))
        position = decode_token(request.page_token, filters, (int,))
        before = requests.event_position((position[0], 0)) if position else None
        async with self._database.read(scope) as session:
            await read_resource(session, scope, resource_id)
            rows = await list_assignments(
                session, resource_id, before=before[0] if before else None, limit=size + 1
            )
        page, following = cut(rows, size, filters, lambda row: (assignment_position(row),))
        return pb.ListAssignmentsResponse(
            assignments=map(assignment_message, page),
            next_page_token=following,
        )

    async def ClassifyProject(  # noqa: N802
        self, request: pb.ClassifyProjectRequest, context: Context
    ) -> pb.ClassifyProjectResponse:
        """Classes a project, and owns anew what lives in it."""
        caller = current_caller()
        project_id = requests.uuid_of("id", request.id)
        wanted = new_class(request)
        cause = Cause(caller.subject, current_request_id())

        async with self._database.write(caller.scope) as session:

            async def do() -> pb.ClassifyProjectResponse:
                row = await classify_project(
                    session, project_id, wanted.classification, wanted.tenant_id, cause=cause
                )
                return pb.ClassifyProjectResponse(project=project_message(row))

            return await once(session, request, pb.ClassifyProjectResponse, do)
