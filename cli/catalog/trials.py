"""`arcadia trial`: how long a trial lasts, and who may have another one."""

import uuid
from datetime import UTC
from typing import Annotated, Any, Final

import typer
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployments_pb2
from arcadia.catalog.v1.deployment_service_pb2_grpc import DeploymentServiceStub
from rich.console import Console

from cli.caller import ask_as_operator
from services.common.settings import Service

__all__ = ["commands"]

commands = typer.Typer(help="Trials: extended, and granted.", no_args_is_help=True)

SHOWN: Final = 100

Reason = Annotated[str, typer.Option(help="Why; kept with it.")]


@commands.command("extend")
def extend(
    deployment_id: Annotated[str, typer.Argument(help="The deployment's id.")],
    day: Annotated[str, typer.Argument(help="The day on which it is over, an ISO date.")],
    reason: Reason = "",
) -> None:
    """Have a trial end on a later day, also one that is over: its days are free again."""
    request = pb.ExtendTrialRequest(
        id=deployment_id, trial_ends_on=day, reason=reason, request_id=str(uuid.uuid4())
    )
    deployment = _asked("ExtendTrial", request).deployment
    _print(f"{deployment.tenant_id} {deployment.slug}: trial until {deployment.trial_ends_on}")


@commands.command("grant")
def grant(
    tenant_id: Annotated[str, typer.Argument(help="The tenant.")],
    trials: Annotated[int, typer.Option(min=1, help="How many more.")] = 1,
    reason: Reason = "",
) -> None:
    """Let a tenant have more trials than its first."""
    request = pb.GrantTrialsRequest(
        tenant_id=tenant_id, trials=trials, reason=reason, request_id=str(uuid.uuid4())
    )
    _show(_asked("GrantTrials", request).trial_grant)


@commands.command("grants")
def list_grants(
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
) -> None:
    """List what trials were granted, newest first."""
    request = pb.ListTrialGrantsRequest(page_size=SHOWN, tenant_id=tenant)
    grants = _asked("ListTrialGrants", request).trial_grants
    for one in grants:
        _show(one)
    if not grants:
        _print("No trial was granted.")


def _asked(method: str, request: Any) -> Any:  # noqa: ANN401
    """What the catalog answers to an operator; ends the program when it refuses."""
    return ask_as_operator(
        Service.CATALOG,
        lambda channel, metadata: getattr(DeploymentServiceStub(channel), method)(
            request, metadata=metadata
        ),
    )


def _show(one: deployments_pb2.TrialGrant) -> None:
    when = one.granted_at.ToDatetime(UTC)
    why = f": {one.reason}" if one.reason else ""
    _print(f"{one.tenant_id}  {one.trials} more  {when:%Y-%m-%d} by {one.granted_by}{why}")


def _print(words: str) -> None:
    Console().print(words, markup=False, highlight=False, soft_wrap=True)
