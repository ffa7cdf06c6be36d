"""`arcadia assign`: whose a resource is."""

import asyncio
import uuid
from typing import Annotated

import grpc
import typer
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from rich.console import Console

from cli.caller import called_as_operator, refused
from services.common.settings import Service, Settings

__all__ = ["assign_resource"]


def assign_resource(
    resource_id: Annotated[str, typer.Argument(help="The resource's id.")],
    deployment: Annotated[str, typer.Option(help="To this deployment, and so to its tenant.")] = "",
    tenant: Annotated[str, typer.Option(help="To this tenant.")] = "",
    nobody: Annotated[bool, typer.Option("--nobody", help="To nobody, whatever its tags.")] = False,
    by_rules: Annotated[
        bool, typer.Option("--by-rules", help="To whom its tags and its project say.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")] = "",
) -> None:
    """Give a resource to a deployment, to a tenant, to nobody, or back to the rules."""
    if sum((bool(deployment or tenant), nobody, by_rules)) != 1:
        raise typer.BadParameter("name a --deployment or a --tenant, or --nobody, or --by-rules")
    request = pb.AssignResourceRequest(
        id=resource_id,
        deployment_id=deployment,
        tenant_id=tenant,
        by_rules=by_rules,
        nobody=nobody,
        reason=reason,
        request_id=str(uuid.uuid4()),
    )
    try:
        resource = asyncio.run(_assign(request)).resource
    except grpc.aio.AioRpcError as error:
        raise refused(error) from None
    owner = " of ".join(word for word in (resource.deployment_id, resource.tenant_id) if word)
    Console().print(
        f"{resource.kind} {resource.name or resource.provider_id} belongs to {owner or 'nobody'}",
        markup=False,
    )


async def _assign(request: pb.AssignResourceRequest) -> pb.AssignResourceResponse:
    async with called_as_operator(Settings(), Service.INVENTORY) as (channel, metadata):
        return await InventoryServiceStub(channel).AssignResource(request, metadata=metadata)
