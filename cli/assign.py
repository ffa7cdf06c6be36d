"""`arcadia assign`: whose a resource is."""

import asyncio
import uuid
from typing import Annotated, Final

import grpc
import typer
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from rich.console import Console

from services.common.access import OPERATOR_ROLE, mint_user_token
from services.common.settings import Service, Settings

__all__ = ["assign_resource"]

TOKEN_SECONDS: Final = 300


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
    settings = Settings()
    if settings.env == "production":
        raise typer.BadParameter("tokens are issued elsewhere in production; use the HTTP API")
    request = pb.AssignResourceRequest(
        id=resource_id,
        deployment_id=deployment,
        tenant_id=tenant,
        by_rules=by_rules,
        reason=reason,
        request_id=str(uuid.uuid4()),
    )
    try:
        resource = asyncio.run(_assign(settings, request)).resource
    except grpc.aio.AioRpcError as error:
        Console(stderr=True).print(f"{error.code().name}: {error.details()}", markup=False)
        raise typer.Exit(1) from None
    owner = " of ".join(word for word in (resource.deployment_id, resource.tenant_id) if word)
    Console().print(
        f"{resource.kind} {resource.name or resource.provider_id} belongs to {owner or 'nobody'}",
        markup=False,
    )


async def _assign(
    settings: Settings, request: pb.AssignResourceRequest
) -> pb.AssignResourceResponse:
    token = mint_user_token(
        settings, subject="developer", roles=[OPERATOR_ROLE], lifetime_seconds=TOKEN_SECONDS
    )
    async with grpc.aio.insecure_channel(settings.address(Service.INVENTORY)) as channel:
        return await InventoryServiceStub(channel).AssignResource(
            request, metadata=(("authorization", f"Bearer {token}"),)
        )
