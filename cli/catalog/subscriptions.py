"""`arcadia subscription`, `arcadia trial`: subscriptions with their changes, and trials."""

from typing import Annotated

import typer
from arcadia.catalog.v1 import deployment_service_pb2 as trials_pb
from arcadia.catalog.v1 import deployments_pb2, subscriptions_pb2
from arcadia.catalog.v1 import subscription_service_pb2 as pb

from cli.caller import call, pages
from cli.options import Reason, Tenant, command_group
from cli.output import instant, say, say_all

__all__ = ["commands", "trial_commands"]

commands = command_group("Show and end subscriptions; move or cancel scheduled changes.")

Subscription = Annotated[str, typer.Argument(help="The subscription's id.")]
Change = Annotated[str, typer.Argument(help="The change's id, from `subscription show`.")]
Day = Annotated[str, typer.Argument(help="An ISO date.")]


@commands.command("show")
def show(subscription_id: Subscription) -> None:
    """Show a subscription and its scheduled changes."""
    _show(call(pb.GetSubscriptionRequest(id=subscription_id)).subscription)


@commands.command("cancel")
def cancel(subscription_id: Subscription, day: Day, reason: Reason = "") -> None:
    """End a subscription from a day on, which is the first without it, or move its end."""
    request = pb.CancelSubscriptionRequest(id=subscription_id, effective_on=day, reason=reason)
    _show(call(request).subscription)


@commands.command("move")
def move(subscription_id: Subscription, change_id: Change, day: Day, reason: Reason = "") -> None:
    """Move a scheduled change to another day."""
    request = pb.MoveChangeRequest(
        id=subscription_id, change_id=change_id, effective_on=day, reason=reason
    )
    _show(call(request).subscription)


@commands.command("take-back")
def take_back(subscription_id: Subscription, change_id: Change, reason: Reason = "") -> None:
    """Cancel a scheduled change; the terms before it apply again."""
    request = pb.TakeBackChangeRequest(id=subscription_id, change_id=change_id, reason=reason)
    _show(call(request).subscription)


def _show(subscription: subscriptions_pb2.Subscription) -> None:
    until = f" until {subscription.ends_on}" if subscription.ends_on else ""
    say(
        f"{subscription.id}  {subscription.tenant_id}  {subscription.plan_code} version"
        f" {subscription.plan_version}  {subscription.status}  from {subscription.starts_on}{until}"
    )
    say_all(map(_change, subscription.upcoming_changes), "  There are no scheduled changes.")


def _change(change: subscriptions_pb2.UpcomingChange) -> str:
    plan = f"{change.plan_code} version {change.plan_version}" if change.plan_code else ""
    what = f"{change.kind.replace('_', ' ')} {change.addon_code or plan}".rstrip()
    by = "the tenant" if change.by_tenant else "an operator"
    return f"  {change.effective_on}  {what}  (by {by})  {change.id}"


trial_commands = command_group("Extend and grant trials.")


@trial_commands.command("extend")
def extend(
    deployment_id: Annotated[str, typer.Argument(help="The deployment's id.")],
    day: Annotated[str, typer.Argument(help="The day on which it is over, an ISO date.")],
    reason: Reason = "",
) -> None:
    """Extend a trial, even if it is over; the added days are free."""
    request = trials_pb.ExtendTrialRequest(id=deployment_id, trial_ends_on=day, reason=reason)
    deployment = call(request).deployment
    say(f"{deployment.tenant_id} {deployment.slug}: trial until {deployment.trial_ends_on}")


@trial_commands.command("grant")
def grant(
    tenant_id: Annotated[str, typer.Argument(help="The tenant.")],
    trials: Annotated[int, typer.Option(min=1, help="The number of additional trials.")] = 1,
    reason: Reason = "",
) -> None:
    """Grant a tenant more trials."""
    request = trials_pb.GrantTrialsRequest(tenant_id=tenant_id, trials=trials, reason=reason)
    say(_grant(call(request).trial_grant))


@trial_commands.command("grants")
def list_grants(tenant: Tenant = "") -> None:
    """List trial grants, newest first."""
    grants = pages(trials_pb.ListTrialGrantsRequest(tenant_id=tenant), "trial_grants")
    say_all(map(_grant, grants), "No trials were granted.")


def _grant(one: deployments_pb2.TrialGrant) -> str:
    why = f": {one.reason}" if one.reason else ""
    when = instant(one.granted_at, "%Y-%m-%d")
    return f"{one.tenant_id}  {one.trials} more  {when} by {one.granted_by}{why}"
