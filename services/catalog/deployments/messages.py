"""Renders deployments with their history, and subscriptions with their spans."""

from datetime import date

from arcadia.catalog.v1 import deployments_pb2, subscriptions_pb2
from arcadia.common.v1 import runs_pb2

from services.catalog.deployments.rules.deployments import Provision
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.catalog.subscriptions.rules.upcoming import UpcomingChange, upcoming_changes
from services.common.rpc.messages import message_of

__all__ = ["provision_message", "subscription_message"]


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
            ssh_keys=provision.droplet_ssh_keys,
            vpc_uuid=provision.droplet_vpc_uuid,
        ),
        run=message_of(
            runs_pb2.Run, provision, details="", url="", started_at=provision.requested_at
        ),
    )


def subscription_message(subscription: Subscription, today: date) -> subscriptions_pb2.Subscription:
    """The message of a subscription as of a day.

    It has every term and pause, and the addons attached on that day or later.
    """
    term, period = subscription.term_on(today), subscription.period_on(today)
    return message_of(
        subscriptions_pb2.Subscription,
        subscription,
        plan_code=term.plan_code,
        plan_version=term.plan_version,
        plan_version_id=term.plan_version_id,
        status=subscription.status_on(today),
        current_period_start=period.start,
        current_period_end=period.end,
        addons=subscription.addons_from(today),
        upcoming_changes=map(_upcoming_message, upcoming_changes(subscription, today)),
    )


def _upcoming_message(change: UpcomingChange) -> subscriptions_pb2.UpcomingChange:
    return message_of(
        subscriptions_pb2.UpcomingChange,
        change,
        plan_code=change.term.plan_code if change.term else "",
        plan_version=change.term.plan_version if change.term else 0,
        attached_addon_id=change.addon.id if change.addon else "",
        addon_code=change.addon.code if change.addon else "",
        migration_id=(change.term and change.term.migration_id) or "",
        noticed_on=(change.term and change.term.noticed_on) or "",
    )
