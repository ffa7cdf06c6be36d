"""`arcadia spend`: spending caps, and decisions when they are reached."""

from typing import Annotated, Final

import typer
from arcadia.analytics.v1 import spend_service_pb2 as pb
from rich.text import Text

from cli.caller import call, pages
from cli.options import Reason, Tenant, command_group
from cli.output import instant, say, say_all
from services.common.values.money import money_text

__all__ = ["commands"]

commands = command_group("Set spending caps, and decide when they are reached.")

STYLES: Final = {"awaiting_approval": "yellow", "open": "yellow", "refused": "red", "paused": "red"}

Breach = Annotated[str, typer.Argument(help="The breach's id, from `spend breaches`.")]


@commands.command("policies")
def list_policies(tenant: Tenant = "") -> None:
    """List caps, newest first."""
    policies = pages(pb.ListSpendPoliciesRequest(tenant_id=tenant), "spend_policies")
    say_all((f"{policy.id}  {_text(policy)}" for policy in policies), "There are no caps.")


@commands.command("cap")
def set_cap(
    cap_cents: Annotated[
        int, typer.Argument(help="The cap per month without tax, in whole cents.")
    ],
    tenant: Annotated[str, typer.Option(help="The capped tenant.")] = "",
    deployment: Annotated[str, typer.Option(help="Cap only this deployment, by id.")] = "",
    action: Annotated[str, typer.Option(help="notify, ask_approval or pause.")] = "notify",
    currency: Annotated[str, typer.Option(help="The currency of the cap.")] = "AUD",
) -> None:
    """Set a monthly cap for a tenant or a deployment."""
    request = pb.CreateSpendPolicyRequest(
        tenant_id=tenant,
        deployment_id=deployment,
        cap_cents=cap_cents,
        currency=currency,
        action=action,
    )
    policy = call(request).spend_policy
    say(f"{policy.id}  {_text(policy)}")


@commands.command("uncap")
def end_cap(
    policy_id: Annotated[str, typer.Argument(help="The policy's id, from `spend policies`.")],
) -> None:
    """End a cap; its breaches are kept."""
    call(pb.DeleteSpendPolicyRequest(id=policy_id))


@commands.command("breaches")
def list_breaches(
    tenant: Tenant = "",
    status: Annotated[str, typer.Option(help="Such as awaiting_approval.")] = "",
) -> None:
    """List breaches of caps, newest first."""
    request = pb.ListSpendBreachesRequest(tenant_id=tenant, status=status)
    empty = "No cap was reached." if not status else "There is no such breach."
    say_all(map(_line, pages(request, "spend_breaches")), empty)


@commands.command("approve")
def approve(breach_id: Breach, reason: Reason = "") -> None:
    """Approve further spending this month."""
    _decide(breach_id, "approve", reason)


@commands.command("refuse")
def refuse(breach_id: Breach, reason: Reason = "") -> None:
    """Refuse further spending: pause the capped deployments."""
    _decide(breach_id, "refuse", reason)


def _decide(breach_id: str, decision: str, reason: str) -> None:
    request = pb.DecideSpendBreachRequest(id=breach_id, decision=decision, reason=reason)
    say(_line(call(request).spend_breach))


def _text(policy: pb.SpendPolicy) -> str:
    whose = f"{policy.tenant_id} {policy.deployment_id}".rstrip()
    return f"{whose}: {money_text(policy.cap_cents, policy.currency)} a month, {policy.action}"


def _line(breach: pb.SpendBreach) -> Text:
    spent = money_text(breach.accrued_cents, breach.policy.currency)
    by = f" by {breach.decided_by}" if breach.decided_by else ""
    return Text.assemble(
        f"{breach.id}  {breach.period[:7]}  {instant(breach.occurred_at)}  ",
        (breach.status.replace("_", " ") + by, STYLES.get(breach.status, "green")),
        f"  {spent} of {_text(breach.policy)}",
        f": {breach.reason}" if breach.reason else "",
    )
