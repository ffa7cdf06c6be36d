"""`arcadia provision`: cloud resources for a deployment."""

from pathlib import Path
from typing import Annotated

import typer
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployments_pb2

from cli.caller import call
from cli.deployments import deployment_id
from cli.options import command_group, text_of
from cli.output import instant, say

__all__ = ["commands", "order_lines", "status_text"]

commands = command_group("Create cloud resources for deployments, all or nothing.")

Deployment = Annotated[str, typer.Argument(help="The deployment, by its id or slug.")]
Of = Annotated[str, typer.Option("--tenant", help="The tenant, if several have the slug.")]


@commands.command("start")
def start(
    deployment: Deployment,
    size: Annotated[str, typer.Option(help="The droplet's size, such as s-1vcpu-1gb.")],
    image: Annotated[str, typer.Option(help="Its image, such as ubuntu-24-04-x64.")],
    region: Annotated[str, typer.Option(help="Its region; the deployment's when empty.")] = "",
    name: Annotated[str, typer.Option(help="Its name; made of the slug when empty.")] = "",
    ssh_key: Annotated[
        list[str] | None, typer.Option(help="The id or fingerprint of an SSH key; repeatable.")
    ] = None,
    user_data: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file of cloud-init data."),
    ] = None,
    vpc: Annotated[str, typer.Option(help="The VPC's id; the region's default when empty.")] = "",
    force: Annotated[
        str, typer.Option(help="The reason to create it although no subscription prices it.")
    ] = "",
    tenant: Of = "",
) -> None:
    """Start creating a droplet for a deployment; `status` shows the progress."""
    droplet = deployments_pb2.DropletOrder(
        name=name,
        region=region,
        size=size,
        image=image,
        ssh_keys=ssh_key,
        user_data=text_of(user_data) if user_data else "",
        vpc_uuid=vpc,
    )
    request = pb.ProvisionDeploymentRequest(
        id=deployment_id(deployment, tenant), droplet=droplet, force_reason=force
    )
    _show(call(request).provision)


@commands.command("status")
def status(
    deployment: Deployment,
    provision_id: Annotated[str, typer.Argument(help="The provision's id.")],
    tenant: Of = "",
) -> None:
    """Show the progress of a provision."""
    request = pb.GetProvisionRequest(
        deployment_id=deployment_id(deployment, tenant), id=provision_id
    )
    _show(call(request).provision)


def _show(provision: deployments_pb2.Provision) -> None:
    say(status_text(provision))
    for line in order_lines(provision):
        say(f"    {line}")


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


def order_lines(provision: deployments_pb2.Provision) -> list[str]:
    """Who ordered it and when, with which options, and the reason given if no price applied."""
    droplet = provision.droplet
    ordered = (
        droplet.size,
        droplet.image,
        droplet.region and f"in {droplet.region}",
        f"VPC {droplet.vpc_uuid}" if droplet.vpc_uuid else "default VPC",
        f"SSH keys {', '.join(droplet.ssh_keys)}" if droplet.ssh_keys else "no SSH keys",
    )
    lines = [", ".join(filter(None, ordered))]
    if provision.requested_by:
        lines.append(f"requested {instant(provision.requested_at)} by {provision.requested_by}")
    if provision.force_reason:
        lines.append(f"forced: {provision.force_reason}")
    return lines
