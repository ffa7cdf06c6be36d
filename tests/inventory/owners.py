"""Assigns resources, and reads their owners."""

from typing import Any

import grpc
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import reconcile_service_pb2 as worker_pb
from arcadia.inventory.v1 import resources_pb2, sync_service_pb2

from tests.inventory.account import PROVIDER, Inventory, Token

SHOP = "11111111-1111-7111-8111-111111111111"
Refused = grpc.aio.AioRpcError


async def assign(
    inventory: Inventory, provider_id: str, *, key: str = "", token: Token = (), **owner: Any
) -> resources_pb2.Resource:
    request = pb.AssignResourceRequest(id=(await inventory.one(provider_id)).id, **owner)
    metadata = (*(token or inventory.operator), *((("idempotency-key", key),) if key else ()))
    return (await inventory.reading.AssignResource(request, metadata=metadata)).resource


async def assign_all(inventory: Inventory, *provider_ids: str, **request: Any) -> int:
    ids = [(await inventory.one(provider_id)).id for provider_id in provider_ids]
    answer = await inventory.reconcile.AssignResources(
        worker_pb.AssignResourcesRequest(resource_ids=ids, **request), metadata=inventory.worker
    )
    return answer.assigned_count


async def spans(inventory: Inventory, provider_id: str) -> list[pb.Assignment]:
    """Oldest first, read in pages of two."""
    resource_id = (await inventory.one(provider_id)).id
    found: list[pb.Assignment] = []
    token = ""
    while True:
        request = pb.ListAssignmentsRequest(resource_id=resource_id, page_size=2, page_token=token)
        answer = await inventory.reading.ListAssignments(request, metadata=inventory.operator)
        found += answer.assignments
        token = answer.next_page_token
        if not token:
            return found[::-1]


async def owners(inventory: Inventory, provider_id: str) -> list[tuple[str, str, str]]:
    return [
        (span.tenant_id, span.deployment_id, span.source)
        for span in await spans(inventory, provider_id)
    ]


async def project(inventory: Inventory, name: str, *members: str) -> str:
    """A project in which these droplets live; answers our id of it."""
    await inventory.sync.RecordProjects(
        sync_service_pb2.RecordProjectsRequest(
            provider=PROVIDER,
            projects=[sync_service_pb2.ProjectSighting(provider_id=name, name=name)],
        ),
        metadata=inventory.worker,
    )
    await inventory.sync.RecordProjectMembers(
        sync_service_pb2.RecordProjectMembersRequest(
            provider=PROVIDER,
            project_provider_id=name,
            members=[
                sync_service_pb2.ProjectMember(kind="droplet", provider_id=one) for one in members
            ],
        ),
        metadata=inventory.worker,
    )
    listed = await inventory.reading.ListProjects(
        pb.ListProjectsRequest(page_size=500), metadata=inventory.operator
    )
    return next(one.id for one in listed.projects if one.provider_id == name)


async def classify(
    inventory: Inventory, project_id: str, classification: str, tenant_id: str = "", **more: Any
) -> resources_pb2.Project:
    request = pb.ClassifyProjectRequest(
        id=project_id, classification=classification, tenant_id=tenant_id, **more
    )
    answer = await inventory.reading.ClassifyProject(request, metadata=inventory.operator)
    return answer.project
