"""`arcadia subscription`: a deployment's subscription, and the changes agreed for later days."""

from typing import Annotated

import typer
from arcadia.catalog.v1 import subscription_service_pb2 as pb
from arcadia.catalog.v1 import subscriptions_pb2

from cli.caller import call
from cli.options import Reason
from cli.output import say

__all__ = ["commands"]

commands = typer.Typer(
    help="Subscriptions: shown, ended, and what is agreed moved or taken back.",
    no_args_is_help=True,
)

Subscription = Annotated[str, typer.Argument(help="The subscription's id.")]
Change = Annotated[str, typer.Argument(help="The change's id, from `subscription show`.")]
Day = Annotated[str, typer.Argument(help="An ISO date.")]


@commands.command("show")
def show(subscription_id: Subscription) -> None:
    """Show a subscription, and the changes that are to come."""
    _show(call(pb.GetSubscriptionRequest(id=subscription_id)).subscription)


@commands.command("cancel")
def cancel(subscription_id: Subscription, day: Day, reason: Reason = "") -> None:
    """End a subscription: the day is the first without it. An end that is set is moved."""
    request = pb.CancelSubscriptionRequest(id=subscription_id, effective_on=day, reason=reason)
    _show(call(request).subscription)


@commands.command("move")
def move(subscription_id: Subscription, change_id: Change, day: Day, reason: Reason = "") -> None:
    """Have a change that is to come take effect on another day."""
    request = pb.MoveChangeRequest(
        id=subscription_id, change_id=change_id, effective_on=day, reason=reason
    )
    _show(call(request).subscription)


@commands.command("take-back")
def take_back(subscription_id: Subscription, change_id: Change, reason: Reason = "") -> None:
    """Take back a change that is not in effect yet; the terms agreed before it hold again."""
    request = pb.TakeBackChangeRequest(id=subscription_id, change_id=change_id, reason=reason)
    _show(call(request).subscription)


def _show(subscription: subscriptions_pb2.Subscription) -> None:
    until = f" until {subscription.ends_on}" if subscription.ends_on else ""
    say(
        f"{subscription.id}  {subscription.tenant_id}  {subscription.plan_code} version"
        f" {subscription.plan_version}  {subscription.status}  from {subscription.starts_on}{until}"
    )
    for change in subscription.upcoming_changes:
        what = change.addon_code or (
            f"{change.plan_code} version {change.plan_version}" if change.plan_code else ""
        )
        by = "the tenant" if change.by_tenant else "an operator"
        say(
            f"  {change.effective_on}  {change.kind.replace('_', ' ')} {what}".rstrip()
            + f"  (by {by})  {change.id}"
        )
    if not subscription.upcoming_changes:
        say("  Nothing is to come.")
