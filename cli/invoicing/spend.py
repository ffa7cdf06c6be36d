"""`arcadia spend`: caps on what tenants come to, and what is decided when they are reached."""

import uuid
from datetime import UTC
from typing import Annotated, Any, Final

import typer
from arcadia.analytics.v1 import spend_service_pb2 as pb
from arcadia.analytics.v1.spend_service_pb2_grpc import SpendServiceStub
from rich.console import Console
from rich.text import Text

from cli.caller import ask_as_operator
from services.common.settings import Service
from services.common.values.money import money_text

__all__ = ["commands"]

commands = typer.Typer(
    help="Caps on spending: set, and decided upon when they are reached.", no_args_is_help=True
)

SHOWN: Final = 100
STYLES: Final = {"awaiting_approval": "yellow", "open": "yellow", "refused": "red", "paused": "red"}

Breach = Annotated[str, typer.Argument(help="The breach's id, from `spend breaches`.")]
Reason = Annotated[str, typer.Option(help="Why; kept with it.")]
Tenant = Annotated[str, typer.Option(help="Only of this tenant.")]


@commands.command("policies")
def list_policies(tenant: Tenant = "") -> None:
    """List caps, newest first."""
    request = pb.ListSpendPoliciesRequest(page_size=SHOWN, tenant_id=tenant)
    policies = _asked("ListSpendPolicies", request).spend_policies
    for policy in policies:
        Console().print(f"{policy.id}  {_words(policy)}", markup=False, soft_wrap=True)
    if not policies:
        Console().print("Nothing is capped.")


@commands.command("cap")
def set_cap(
    cap_cents: Annotated[int, typer.Argument(help="Of a month without tax, in whole cents.")],
    tenant: Annotated[str, typer.Option(help="Whom it caps.")] = "",
    deployment: Annotated[str, typer.Option(help="Or only this deployment, by its id.")] = "",
    action: Annotated[str, typer.Option(help="notify, ask_approval or pause.")] = "notify",
    currency: Annotated[str, typer.Option(help="Of the cap.")] = "AUD",
) -> None:
    """Cap what a tenant or a deployment may come to in a month."""
    request = pb.CreateSpendPolicyRequest(
        tenant_id=tenant,
        deployment_id=deployment,
        cap_cents=cap_cents,
        currency=currency,
        action=action,
        request_id=str(uuid.uuid4()),
    )
    policy = _asked("CreateSpendPolicy", request).spend_policy
    Console().print(f"{policy.id}  {_words(policy)}", markup=False, soft_wrap=True)


@commands.command("uncap")
def end_cap(
    policy_id: Annotated[str, typer.Argument(help="The policy's id, from `spend policies`.")],
) -> None:
    """End a cap; what was reached of it stays."""
    _asked("DeleteSpendPolicy", pb.DeleteSpendPolicyRequest(id=policy_id))


@commands.command("breaches")
def list_breaches(
    tenant: Tenant = "",
    status: Annotated[str, typer.Option(help="Such as awaiting_approval.")] = "",
) -> None:
    """List the times a cap was reached, newest first."""
    request = pb.ListSpendBreachesRequest(page_size=SHOWN, tenant_id=tenant, status=status)
    breaches = _asked("ListSpendBreaches", request).spend_breaches
    for breach in breaches:
        _show(breach)
    if not breaches:
        Console().print("No cap was reached." if not status else "There is no such breach.")


@commands.command("approve")
def approve(breach_id: Breach, reason: Reason = "") -> None:
    """Let a tenant spend on this month."""
    _decide(breach_id, "approve", reason)


@commands.command("refuse")
def refuse(breach_id: Breach, reason: Reason = "") -> None:
    """Pause the deployments that the policy caps."""
    _decide(breach_id, "refuse", reason)


def _decide(breach_id: str, decision: str, reason: str) -> None:
    request = pb.DecideSpendBreachRequest(
        id=breach_id, decision=decision, reason=reason, request_id=str(uuid.uuid4())
    )
    _show(_asked("DecideSpendBreach", request).spend_breach)


def _asked(method: str, request: Any) -> Any:  # noqa: ANN401
    """What the analytics answer to an operator; ends the program when they refuse."""
    return ask_as_operator(
        Service.ANALYTICS,
        lambda channel, metadata: getattr(SpendServiceStub(channel), method)(
            request, metadata=metadata
        ),
    )


def _words(policy: pb.SpendPolicy) -> str:
    whose = f"{policy.tenant_id} {policy.deployment_id}".rstrip()
    return f"{whose}: {money_text(policy.cap_cents, policy.currency)} a month, {policy.action}"


def _show(breach: pb.SpendBreach) -> None:
    spent = money_text(breach.accrued_cents, breach.policy.currency)
    when = breach.occurred_at.ToDatetime(UTC)
    by = f" by {breach.decided_by}" if breach.decided_by else ""
    Console().print(
        Text.assemble(
            f"{breach.id}  {breach.period[:7]}  {when:%Y-%m-%d %H:%M}  ",
            (breach.status.replace("_", " ") + by, STYLES.get(breach.status, "green")),
            f"  {spent} of {_words(breach.policy)}",
            f": {breach.reason}" if breach.reason else "",
        ),
        soft_wrap=True,
    )
