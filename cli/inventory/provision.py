"""`arcadia provision`: cloud resources for a deployment."""

import asyncio
import uuid
from collections.abc import Coroutine
from typing import Annotated, Any

import grpc
import typer
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployments_pb2
from arcadia.catalog.v1.deployment_service_pb2_grpc import DeploymentServiceStub
from rich.console import Console

from cli.caller import called_as_operator, refused
from services.common.settings import Service, Settings

__all__ = ["commands"]

commands = typer.Typer(
    help="Make cloud resources for deployments, all or nothing.", no_args_is_help=True
)


@commands.command("start")
def start(
    deployment_id: Annotated[str, typer.Argument(help="The deployment's id.")],
    size: Annotated[str, typer.Option(help="The droplet's size, such as s-1vcpu-1gb.")],
    image: Annotated[str, typer.Option(help="Its image, such as ubuntu-24-04-x64.")],
    region: Annotated[str, typer.Option(help="Its region; the deployment's when empty.")] = "",
    name: Annotated[str, typer.Option(help="Its name; made of the slug when empty.")] = "",
) -> None:
    """Start making a droplet for a deployment; `status` follows it."""
    request = pb.ProvisionDeploymentRequest(
        id=deployment_id,
        droplet=deployments_pb2.DropletOrder(name=name, region=region, size=size, image=image),
        request_id=str(uuid.uuid4()),
    )

    async def ask() -> deployments_pb2.Provision:
        async with called_as_operator(Settings(), Service.CATALOG) as (channel, metadata):
            stub = DeploymentServiceStub(channel)
            return (await stub.ProvisionDeployment(request, metadata=metadata)).provision

    _show(_asked(ask()))


@commands.command("status")
def status(
    deployment_id: Annotated[str, typer.Argument(help="The deployment's id.")],
    provision_id: Annotated[str, typer.Argument(help="The provision's id.")],
) -> None:
    """Show how far a provision is."""
    request = pb.GetProvisionRequest(deployment_id=deployment_id, id=provision_id)

    async def ask() -> deployments_pb2.Provision:
        async with called_as_operator(Settings(), Service.CATALOG) as (channel, metadata):
            stub = DeploymentServiceStub(channel)
            return (await stub.GetProvision(request, metadata=metadata)).provision

    _show(_asked(ask()))


def _asked(asking: Coroutine[Any, Any, deployments_pb2.Provision]) -> deployments_pb2.Provision:
    try:
        provision: deployments_pb2.Provision = asyncio.run(asking)
    except grpc.aio.AioRpcError as error:
        raise refused(error) from None
    return provision


def _show(provision: deployments_pb2.Provision) -> None:
    words = [provision.id, provision.droplet.name, provision.status, provision.step]
    words += [word for word in (provision.resource_id, provision.reason) if word]
    Console().print(" · ".join(words), markup=False)
