"""Renders deployments with their history, and subscriptions with their spans."""

from datetime import date

from arcadia.catalog.v1 import deployments_pb2, subscriptions_pb2
from arcadia.common.v1 import runs_pb2

from services.catalog.deployments.rules.deployments import (
    Deployment,
    DeploymentEvent,
    Provision,
    TrialGrant,
)
from services.catalog.subscriptions.rules.subscriptions import AttachedAddon, Subscription
from services.catalog.subscriptions.rules.upcoming import UpcomingChange, upcoming_changes
from services.common.rpc.messages import message_of
from services.common.rpc.wire import timestamp
from services.common.values.money import plain

__all__ = [
    "attached_addon_message",
    "day_text",
    "deployment_message",
    "event_message",
    "provision_message",
    "subscription_message",
    "trial_grant_message",
]


def day_text(day: date | None) -> str:
    """An ISO date; empty for none."""
    return day.isoformat() if day else ""


def deployment_message(deployment: Deployment) -> deployments_pb2.Deployment:
    """The message of a deployment."""
    return deployments_pb2.Deployment(
        id=str(deployment.id),
        tenant_id=deployment.tenant_id,
        slug=deployment.slug,
        display_name=deployment.display_name,
        region=deployment.region,
        state=deployment.state,
        llm_mode=deployment.llm_mode,
        billing_action_suspended=deployment.billing_action_suspended,
        template_code=deployment.template_code,
        template_version=deployment.template_version,
        created_at=timestamp(deployment.created_at),
        state_changed_at=timestamp(deployment.state_changed_at),
        power_off_when_suspended=deployment.power_off_when_suspended,
        trial_ends_on=day_text(deployment.trial_ends_on),
    )


def trial_grant_message(grant: TrialGrant) -> deployments_pb2.TrialGrant:
    """The message of a trial grant."""
    return message_of(deployments_pb2.TrialGrant, grant)


def event_message(event: DeploymentEvent) -> deployments_pb2.DeploymentEvent:
    """The message of a history entry."""
    return message_of(deployments_pb2.DeploymentEvent, event)


def provision_message(provision: Provision) -> deployments_pb2.Provision:
    """The message of a provision."""
    return message_of(
        deployments_pb2.Provision,
        provision,
        droplet=deployments_pb2.DropletOrder(
            name=provision.droplet_name,
            region=provision.droplet_region,
            size=provision.droplet_size,
            image=provision.droplet_image,
            tags=provision.droplet_tags,
            project_id=provision.project_id,
        ),
        run=message_of(
            runs_pb2.Run, provision, details="", url="", started_at=provision.requested_at
        ),
    )


def attached_addon_message(addon: AttachedAddon) -> subscriptions_pb2.AttachedAddon:
    """The message of an attached addon."""
    return subscriptions_pb2.AttachedAddon(
        id=str(addon.id),
        code=addon.code,
        resource_kind=addon.terms.resource_kind,
        qty=plain(addon.terms.qty),
        price_cents=addon.terms.price_cents,
        currency=addon.terms.currency,
        attached_on=day_text(addon.attached_on),
        detached_on=day_text(addon.detached_on),
    )


def subscription_message(subscription: Subscription, today: date) -> subscriptions_pb2.Subscription:
    """The message of a subscription as of a day.

    It has every term and pause, and the addons attached on that day or later.
    """
    term, period = subscription.term_on(today), subscription.period_on(today)
    return subscriptions_pb2.Subscription(
        id=str(subscription.id),
        deployment_id=str(subscription.deployment_id),
        tenant_id=subscription.tenant_id,
        plan_code=term.plan_code,
        plan_version=term.plan_version,
        plan_version_id=str(term.plan_version_id),
        status=subscription.status_on(today),
        current_period_start=day_text(period.start),
        current_period_end=day_text(period.end),
        trial_end=day_text(subscription.trial_end),
        addons=[attached_addon_message(addon) for addon in subscription.addons_from(today)],
        terms=[
            subscriptions_pb2.PlanTerm(
                plan_code=term.plan_code,
                plan_version=term.plan_version,
                plan_version_id=str(term.plan_version_id),
                effective_from=day_text(term.effective_from),
                effective_to=day_text(term.effective_to),
            )
            for term in subscription.terms
        ],
        starts_on=day_text(subscription.starts_on),
        ends_on=day_text(subscription.ends_on),
        created_at=timestamp(subscription.created_at),
        pauses=[
            subscriptions_pb2.PauseSpan(
                paused_on=day_text(pause.paused_on), resumed_on=day_text(pause.resumed_on)
            )
            for pause in subscription.pauses
        ],
        upcoming_changes=map(_upcoming_message, upcoming_changes(subscription, today)),
    )


def _upcoming_message(change: UpcomingChange) -> subscriptions_pb2.UpcomingChange:
    return subscriptions_pb2.UpcomingChange(
        id=change.id,
        kind=change.kind,
        effective_on=day_text(change.effective_on),
        plan_code=change.term.plan_code if change.term else "",
        plan_version=change.term.plan_version if change.term else 0,
        attached_addon_id=str(change.addon.id) if change.addon else "",
        addon_code=change.addon.code if change.addon else "",
        by_tenant=change.by_tenant,
    )
