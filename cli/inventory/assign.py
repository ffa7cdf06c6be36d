"""`arcadia assign`: whose a resource is."""

from typing import Annotated

import typer
from arcadia.inventory.v1 import inventory_service_pb2 as pb

from cli.caller import call
from cli.output import say

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
    )
    resource = call(request).resource
    owner = " of ".join(part for part in (resource.deployment_id, resource.tenant_id) if part)
    name = resource.name or resource.provider_id
    say(f"{resource.kind} {name} belongs to {owner or 'nobody'}")
