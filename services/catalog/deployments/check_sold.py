"""Checks that a subscription prices what a provision would create."""

from datetime import date, timedelta
from typing import Final

from kinds import RESOURCE_KINDS
from services.catalog.deployments.rules.deployments import Deployment, DropletOrder
from services.catalog.plans.rules.matches import rank
from services.catalog.plans.rules.plans import PlanItem, UnitPrice
from services.catalog.plans.store.prices import prices_in
from services.catalog.plans.store.versions import read_versions
from services.catalog.quotes.rules.from_cost import is_sold_from_cost
from services.catalog.quotes.rules.snapshots import version_snapshot
from services.catalog.quotes.store.billable import costs_in
from services.catalog.quoting.inputs import Term, UsageSeries
from services.catalog.subscriptions.rules.subscriptions import covers
from services.catalog.subscriptions.store.subscriptions import subscription_of_deployment
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition
from services.common.values.periods import Period

__all__ = ["check_sold"]

DROPLET: Final = RESOURCE_KINDS["droplet"]


async def check_sold(
    session: WriteSession, deployment: Deployment, order: DropletOrder, today: date
) -> None:
    """Raises FailedPrecondition if no price applies today to the usage of a droplet.

    A size without a price of its own is sold at the price without a match: whether somebody is
    billed is checked, not whether the price covers the cost, which the margin guard of quotes and
    the coverage of a month say. The seed's flat price is below cost at most rates by decision.
    """
    subscription = await subscription_of_deployment(session, deployment.id)
    if subscription is None or not covers(subscription.starts_on, subscription.ends_on, today):
        raise FailedPrecondition(
            f"deployment {deployment.slug} has no subscription today, so nobody would be billed for"
            " the droplet: subscribe it, or give force_reason",
            reason="NOT_SUBSCRIBED",
            metadata={"deployment_id": str(deployment.id)},
        )
    day = Period(today, today + timedelta(days=1))
    version_id = subscription.term_on(today).plan_version_id
    version = version_snapshot((await read_versions(session, [version_id]))[version_id])
    priced: list[PlanItem | UnitPrice] = [
        *version.items,
        *(
            one.price
            for one in await prices_in(session, day)
            if one.price.currency == version.currency
        ),
    ]
    costs = await costs_in(session, day)
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
        series = UsageSeries(rule.code, dimensions=tuple(sorted(dimensions.items())))
        if (
            rule.code not in added
            and not any(_may_price(row, series) for row in priced)
            and not is_sold_from_cost(series, Term(version, (day,)), costs, deployment.tenant_id)
        ):
            raise FailedPrecondition(
                f"no plan item of deployment {deployment.slug}, resource price or rebilling rule"
                f" applies to {rule.code} of {order.size} in {order.region}: add a price, or give"
                " force_reason",
                reason="NOT_PRICED",
                metadata={"deployment_id": str(deployment.id), "resource_kind": rule.code},
            )


def _may_price(row: PlanItem | UnitPrice, series: UsageSeries) -> bool:
    """Whether a row may price usage, of which an order does not know every dimension."""
    known = dict(series.dimensions)
    match = tuple((key, values) for key, values in row.match if key in known)
    return row.resource_kind == series.resource_kind and rank(match, known) is not None
