"""Reads the inputs of many subscriptions in a constant number of statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.deployments.rules.deployments import Deployment
from services.catalog.deployments.store.deployments import COLUMNS
from services.catalog.list_prices.store.list_prices import list_prices_in
from services.catalog.meters.store.meters import read_meters
from services.catalog.plans.store.prices import priced_kinds, prices_in
from services.catalog.plans.store.versions import read_versions
from services.catalog.quotes.rules.from_cost import KnownCosts, known_costs
from services.catalog.quotes.rules.snapshots import Known, price_snapshots, version_snapshot
from services.catalog.rebilling.rules.rebilling import Basis
from services.catalog.rebilling.store import rules_in
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.catalog.subscriptions.store.subscriptions import (
    SELECT,
    read_subscription,
    subscriptions_of,
)
from services.common.db.database import ReadSession, uuid_array
from services.common.db.records import records_of
from services.common.identity.callers import Scope
from services.common.values.periods import Period

__all__ = [
    "Begun",
    "Changing",
    "begun_in",
    "billable_page",
    "costs_in",
    "on_trial",
    "read_changing",
    "read_deployments",
    "read_known",
]

ON_TRIAL: Final = text("""
SELECT s.id FROM subscriptions AS s JOIN deployments AS d ON d.id = s.deployment_id
WHERE s.id = ANY(CAST(:ids AS uuid[])) AND d.state = 'trial'
""")

BILLABLE: Final = (
    "s.starts_on < :end AND (s.ends_on IS NULL OR s.ends_on > greatest(s.starts_on, :start))"
)
"""Selects subscriptions with a day in a range."""

TENANTS: Final = f"""
SELECT DISTINCT s.tenant_id FROM subscriptions AS s
WHERE s.tenant_id > :after{{among}} AND {BILLABLE}
ORDER BY s.tenant_id
LIMIT :limit
"""
ALL_TENANTS: Final = text(TENANTS.format(among=""))
# A separate statement: with an OR for "no tenants given", every page would read all tenants.
THESE_TENANTS: Final = text(TENANTS.format(among=" AND s.tenant_id = ANY(:tenants)"))

OF_TENANTS: Final = text(f"""
{SELECT}
WHERE s.tenant_id = ANY(:tenants) AND {BILLABLE}
ORDER BY s.tenant_id, s.deployment_id, s.starts_on, s.id
""")

DEPLOYMENTS: Final = text(f"SELECT {COLUMNS} FROM deployments AS d WHERE d.id = ANY(:ids)")


Begun = tuple[date, UUID]
"""The first day and the id of a subscription."""

BEGUN: Final = text(f"""
SELECT s.deployment_id, s.starts_on, s.id FROM subscriptions AS s
WHERE s.deployment_id = ANY(:deployments) AND {BILLABLE}
ORDER BY s.deployment_id, s.starts_on, s.id
""")


async def begun_in(
    session: ReadSession, deployments: Iterable[UUID], period: Period
) -> dict[UUID, list[Begun]]:
    """The subscriptions of each deployment with a day in a period, oldest first."""
    found: dict[UUID, list[Begun]] = {}
    values = {"deployments": list(deployments), "start": period.start, "end": period.end}
    for row in await session.execute(BEGUN, values):
        found.setdefault(row.deployment_id, []).append((row.starts_on, row.id))
    return found


async def read_deployments(session: ReadSession, ids: Iterable[UUID]) -> dict[UUID, Deployment]:
    """Deployments by their ids."""
    rows = await session.execute(DEPLOYMENTS, {"ids": list(ids)})
    return {deployment.id: deployment for deployment in records_of(Deployment, rows)}


async def on_trial(session: ReadSession, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the given subscriptions whose deployment is on trial."""
    rows = await session.execute(ON_TRIAL, {"ids": uuid_array(ids)})
    return set(rows.scalars())


async def read_known(session: ReadSession, version_ids: Iterable[UUID], period: Period) -> Known:
    """Versions, and the unit prices in force on a day of a period."""
    versions = await read_versions(session, version_ids)
    prices = await prices_in(session, period)
    priced, matched = await priced_kinds(session)
    return Known(
        {key: version_snapshot(version) for key, version in versions.items()},
        price_snapshots(prices),
        priced,
        await costs_in(session, period),
        await read_meters(session),
        matched,
    )


async def costs_in(session: ReadSession, period: Period) -> KnownCosts | None:
    """What prices from cost in a period, without exchange rates; None without rules."""
    rules = await rules_in(session, period)
    on_list = any(one.rule.basis is Basis.LIST for one in rules)
    return known_costs(rules, await list_prices_in(session, period) if on_list else ())


async def billable_page(
    session: ReadSession, period: Period, tenants: Sequence[str], *, after: str, limit: int
) -> tuple[list[str], list[tuple[Subscription, Deployment]]]:
    """The next tenants with a subscription in a period, with these subscriptions.

    Sorted by tenant, then deployment.
    """
    span = {"start": period.start, "end": period.end}
    page: dict[str, Any] = {**span, "after": after, "limit": limit}
    if tenants:
        rows = await session.execute(THESE_TENANTS, page | {"tenants": list(tenants)})
    else:
        rows = await session.execute(ALL_TENANTS, page)
    found = list(rows.scalars())
    subscriptions = await subscriptions_of(session, OF_TENANTS, **span, tenants=found)
    ids = {subscription.deployment_id for subscription in subscriptions}
    deployments = await read_deployments(session, ids)
    return found, [
        (subscription, deployments[subscription.deployment_id]) for subscription in subscriptions
    ]


@dataclass(frozen=True, slots=True)
class Changing:
    """The subscription to change, and its versions."""

    subscription: Subscription
    on_trial: bool
    known: Known


async def read_changing(
    session: ReadSession, scope: Scope, identifier: UUID, known: Known
) -> Changing:
    """Reads a subscription with its versions. Raises NotFound, also for another tenant's."""
    subscription = await read_subscription(session, scope, identifier)
    trial = subscription.id in await on_trial(session, [subscription.id])
    ids = {term.plan_version_id for term in subscription.terms}
    versions = await read_versions(session, ids)
    snapshots = {key: version_snapshot(version) for key, version in versions.items()}
    return Changing(subscription, trial, replace(known, versions=snapshots))
