"""`arcadia provision`: cloud resources for a deployment."""

from typing import Annotated

import typer
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployments_pb2

from cli.caller import call
from cli.output import say

__all__ = ["commands", "status_text"]

commands = typer.Typer(
    help="Create cloud resources for deployments, all or nothing.", no_args_is_help=True
)

Deployment = Annotated[str, typer.Argument(help="The deployment's id.")]


@commands.command("start")
def start(
    deployment_id: Deployment,
    size: Annotated[str, typer.Option(help="The droplet's size, such as s-1vcpu-1gb.")],
    image: Annotated[str, typer.Option(help="Its image, such as ubuntu-24-04-x64.")],
    region: Annotated[str, typer.Option(help="Its region; the deployment's when empty.")] = "",
    name: Annotated[str, typer.Option(help="Its name; made of the slug when empty.")] = "",
) -> None:
    """Start creating a droplet for a deployment; `status` shows the progress."""
    droplet = deployments_pb2.DropletOrder(name=name, region=region, size=size, image=image)
    _show(call(pb.ProvisionDeploymentRequest(id=deployment_id, droplet=droplet)).provision)


@commands.command("status")
def status(
    deployment_id: Deployment,
    provision_id: Annotated[str, typer.Argument(help="The provision's id.")],
) -> None:
    """Show the progress of a provision."""
    request = pb.GetProvisionRequest(deployment_id=deployment_id, id=provision_id)
    _show(call(request).provision)


def _show(provision: deployments_pb2.Provision) -> None:
    say(status_text(provision))


def status_text(provision: deployments_pb2.Provision) -> str:
    """The progress of a provision in one line: the result, or why there is none."""
    parts = (
        provision.id,
        provision.droplet.name,
        provision.status,
        provision.step,
        provision.resource_id,
        provision.reason,
    )
    return " · ".join(filter(None, parts))
