"""`arcadia trial`: how long a trial lasts, and who may have another one."""

from typing import Annotated

import typer
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployments_pb2

from cli.caller import call, pages
from cli.options import Reason, Tenant
from cli.output import instant, say

__all__ = ["commands"]

commands = typer.Typer(help="Trials: extended, and granted.", no_args_is_help=True)


@commands.command("extend")
def extend(
    deployment_id: Annotated[str, typer.Argument(help="The deployment's id.")],
    day: Annotated[str, typer.Argument(help="The day on which it is over, an ISO date.")],
    reason: Reason = "",
) -> None:
    """Have a trial end on a later day, also one that is over: its days are free again."""
    request = pb.ExtendTrialRequest(id=deployment_id, trial_ends_on=day, reason=reason)
    deployment = call(request).deployment
    say(f"{deployment.tenant_id} {deployment.slug}: trial until {deployment.trial_ends_on}")


@commands.command("grant")
def grant(
    tenant_id: Annotated[str, typer.Argument(help="The tenant.")],
    trials: Annotated[int, typer.Option(min=1, help="How many more.")] = 1,
    reason: Reason = "",
) -> None:
    """Let a tenant have more trials than its first."""
    request = pb.GrantTrialsRequest(tenant_id=tenant_id, trials=trials, reason=reason)
    _show(call(request).trial_grant)


@commands.command("grants")
def list_grants(tenant: Tenant = "") -> None:
    """List what trials were granted, newest first."""
    grants = pages(pb.ListTrialGrantsRequest(tenant_id=tenant), "trial_grants")
    for one in grants:
        _show(one)
    if not grants:
        say("No trial was granted.")


def _show(one: deployments_pb2.TrialGrant) -> None:
    why = f": {one.reason}" if one.reason else ""
    when = instant(one.granted_at, "%Y-%m-%d")
    say(f"{one.tenant_id}  {one.trials} more  {when} by {one.granted_by}{why}")
