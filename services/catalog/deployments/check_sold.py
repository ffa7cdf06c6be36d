"""Checks that a subscription prices what a provision would create."""

from datetime import date, timedelta
from typing import Final

from kinds import RESOURCE_KINDS
from services.catalog.deployments.rules.deployments import Deployment, DropletOrder
from services.catalog.plans.rules.matches import winner
from services.catalog.plans.rules.plans import PlanItem, UnitPrice
from services.catalog.plans.store.prices import prices_in
from services.catalog.plans.store.versions import read_versions
from services.catalog.subscriptions.rules.subscriptions import Subscription, covers
from services.catalog.subscriptions.store.subscriptions import subscription_of_deployment
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import FailedPrecondition
from services.common.values.periods import Period

__all__ = ["check_sold"]

DROPLET: Final = RESOURCE_KINDS["droplet"]


async def check_sold(
    session: WriteSession, deployment: Deployment, order: DropletOrder, today: date
) -> None:
    """Raises FailedPrecondition if no price applies today to the usage of a droplet."""
    subscription = await subscription_of_deployment(session, deployment.id)
    if subscription is None or not covers(subscription.starts_on, subscription.ends_on, today):
        raise FailedPrecondition(
            f"deployment {deployment.slug} has no subscription today, so nobody would be billed for"
            " the droplet: subscribe it, or give force_reason",
            reason="NOT_SUBSCRIBED",
            metadata={"deployment_id": str(deployment.id)},
        )
    priced = await _rows_in_force(session, subscription, today)
    added = {
        addon.terms.resource_kind
        for addon in subscription.addons
        if covers(addon.attached_on, addon.detached_on, today)
    }
    known = {"size": order.size, "region": order.region}
    for rule in DROPLET.meters:
        dimensions = {
            name: known[field] for name, field in rule.dimensions.items() if field in known
        }
        rows = [row for row in priced if row.resource_kind == rule.code]
        if winner(rows, dimensions) is None and rule.code not in added:
            raise FailedPrecondition(
                f"neither the plan of deployment {deployment.slug} nor a resource price applies to"
                f" {rule.code} of {order.size} in {order.region}: add a price, or give"
                " force_reason",
                reason="NOT_PRICED",
                metadata={"deployment_id": str(deployment.id), "resource_kind": rule.code},
            )


async def _rows_in_force(
    session: ReadSession, subscription: Subscription, today: date
) -> list[PlanItem | UnitPrice]:
    """The items of the subscription's plan, and the resource prices in its currency."""
    version_id = subscription.term_on(today).plan_version_id
    terms = (await read_versions(session, [version_id]))[version_id].terms
    prices = await prices_in(session, Period(today, today + timedelta(days=1)))
    return [
        *terms.items,
        *(one.price for one in prices if one.price.currency == terms.currency),
    ]
