"""Reads subscriptions with their spans, in batches with four statements.

Spans are grouped by the subscription id as text, because hashing a UUID object takes longer than
building a span.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from services.catalog.deployments.rules.deployments import Deployment
from services.catalog.plans.rules.plans import AddonTerms
from services.catalog.subscriptions.rules.subscriptions import (
    AttachedAddon,
    PauseSpan,
    PlanTerm,
    Subscription,
    SubscriptionFilter,
    cut_to_end,
)
from services.common.db.database import ReadSession, WriteSession, uuid_array
from services.common.errors import NotFound
from services.common.identity.callers import Scope
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "create_subscription",
    "deployment_subscriptions",
    "list_subscriptions",
    "read_subscription",
    "read_subscriptions",
    "subscription_of_deployment",
    "subscriptions_of",
]

SELECT: Final = """
SELECT CAST(s.id AS text), s.id, s.deployment_id, s.tenant_id, s.starts_on, s.ends_on,
       s.trial_end, s.created_at, s.ended_by_tenant
FROM subscriptions AS s
"""

OF_SCOPE: Final = "(CAST(:tenant AS text) IS NULL OR s.tenant_id = CAST(:tenant AS text))"

BY_ID: Final = text(f"{SELECT} WHERE s.id = ANY(CAST(:ids AS uuid[])) AND {OF_SCOPE}")

# A subscription cancelled before it began sorts after all others.
OF_DEPLOYMENT: Final = text(f"""
{SELECT} WHERE s.deployment_id = :deployment_id
ORDER BY s.ends_on IS NOT DISTINCT FROM s.starts_on, s.starts_on DESC, s.id DESC
LIMIT 1
""")

ALL_OF_DEPLOYMENT: Final = text(f"""
{SELECT} WHERE s.deployment_id = :deployment_id ORDER BY s.starts_on, s.id
""")

# Status and plan as of a day, like Subscription.status_on and term_on.
LIST: Final = text(f"""
{SELECT}
WHERE {OF_SCOPE}
  AND (CAST(:tenant_id AS text) = '' OR s.tenant_id = CAST(:tenant_id AS text))
  AND (CAST(:deployment_id AS uuid) IS NULL OR s.deployment_id = CAST(:deployment_id AS uuid))
  AND (CAST(:after AS uuid) IS NULL OR s.id > CAST(:after AS uuid))
  AND (CAST(:status AS text) = '' OR CAST(:status AS text) = CASE
      WHEN s.ends_on <= greatest(s.starts_on, :today) THEN 'cancelled'
      WHEN EXISTS (SELECT FROM subscription_pauses AS u WHERE u.subscription_id = s.id
                   AND daterange(u.paused_on, u.resumed_on) @> CAST(:today AS date))
      THEN 'paused' ELSE 'active' END)
  AND (CAST(:plan_code AS text) = '' OR CAST(:plan_code AS text) = (
      SELECT p.code FROM subscription_terms AS t
      JOIN plan_versions AS v ON v.id = t.plan_version_id JOIN plans AS p ON p.id = v.plan_id
      WHERE t.subscription_id = s.id AND t.effective_from <= greatest(s.starts_on, :today)
        AND (s.ends_on IS NULL OR t.effective_from < greatest(s.ends_on, s.starts_on + 1))
      ORDER BY t.effective_from DESC, t.id DESC LIMIT 1))
ORDER BY s.id
LIMIT :limit
""")

TERMS: Final = text("""
SELECT CAST(t.subscription_id AS text), t.id, p.code, v.version, v.id, t.effective_from,
       t.effective_to, t.by_tenant, t.migration_id, t.noticed_on
FROM subscription_terms AS t
JOIN plan_versions AS v ON v.id = t.plan_version_id
JOIN plans AS p ON p.id = v.plan_id
WHERE t.subscription_id = ANY(CAST(:ids AS uuid[]))
ORDER BY t.subscription_id, t.effective_from, t.id
""")

PAUSES: Final = text("""
SELECT CAST(subscription_id AS text), paused_on, resumed_on FROM subscription_pauses
WHERE subscription_id = ANY(CAST(:ids AS uuid[]))
ORDER BY subscription_id, paused_on, id
""")

ADDONS: Final = text("""
SELECT CAST(subscription_id AS text), id, code, resource_kind, qty, price_cents, currency,
       attached_on, detached_on, attached_by_tenant, detached_by_tenant
FROM subscription_addons
WHERE subscription_id = ANY(CAST(:ids AS uuid[]))
ORDER BY subscription_id, attached_on, id
""")


CREATE: Final = text("""
INSERT INTO subscriptions (deployment_id, tenant_id, starts_on, trial_end, created_at)
VALUES (:deployment_id, :tenant_id, :starts_on, :trial_end, :at)
RETURNING id
""")


async def create_subscription(
    session: WriteSession,
    deployment: Deployment,
    *,
    starts_on: date,
    trial_end: date | None,
    at: datetime,
) -> UUID:
    """Inserts a subscription without terms; returns its id."""
    values = {"deployment_id": deployment.id, "tenant_id": deployment.tenant_id, "at": at}
    values |= {"starts_on": starts_on, "trial_end": trial_end}
    identifier: UUID = (await session.execute(CREATE, values)).scalar_one()
    return identifier


async def read_subscriptions(
    session: ReadSession, scope: Scope, ids: Iterable[UUID]
) -> dict[UUID, Subscription]:
    """The subscriptions with these ids within the scope."""
    found = await subscriptions_of(session, BY_ID, ids=uuid_array(ids), tenant=scope.tenant_id)
    return {subscription.id: subscription for subscription in found}


async def read_subscription(session: ReadSession, scope: Scope, identifier: UUID) -> Subscription:
    """A subscription. Raises NotFound, also for another tenant's."""
    found = await read_subscriptions(session, scope, [identifier])
    if identifier not in found:
        raise NotFound("subscription", str(identifier))
    return found[identifier]


async def list_subscriptions(
    session: ReadSession,
    scope: Scope,
    wanted: SubscriptionFilter,
    asked: PageRequest,
    *,
    today: date,
) -> Page[Subscription]:
    """Subscriptions in the order of creation."""
    values = asdict(wanted) | {"tenant": scope.tenant_id, "today": today}
    found = await subscriptions_of(session, LIST, **values, after=asked.after, limit=asked.limit)
    return asked.page(found, attrgetter("id"))


async def subscription_of_deployment(
    session: ReadSession, deployment_id: UUID
) -> Subscription | None:
    """The newest visible subscription of a deployment; None without one."""
    found = await subscriptions_of(session, OF_DEPLOYMENT, deployment_id=deployment_id)
    return found[0] if found else None


async def deployment_subscriptions(session: ReadSession, deployment_id: UUID) -> list[Subscription]:
    """All visible subscriptions of a deployment, including ended ones, oldest first."""
    return await subscriptions_of(session, ALL_OF_DEPLOYMENT, deployment_id=deployment_id)


async def subscriptions_of(
    session: ReadSession, statement: TextClause, **values: object
) -> list[Subscription]:
    """The subscriptions of a statement with the columns of SELECT, in its order.

    Their spans are cut to their end; see `cut_to_end`.
    """
    rows: Sequence[Any] = (await session.execute(statement, values)).all()
    if not rows:
        return []
    ids = {"ids": f"{{{','.join([row[0] for row in rows])}}}"}
    terms = _by_subscription((await session.execute(TERMS, ids)).all(), PlanTerm)
    pauses = _by_subscription((await session.execute(PAUSES, ids)).all(), PauseSpan)
    addons = _by_subscription((await session.execute(ADDONS, ids)).all(), _addon)
    found = []
    for key, identifier, deployment_id, tenant_id, *of_itself, by_tenant in rows:
        starts_on, ends_on, trial_end, created_at = of_itself
        spans = cut_to_end(ends_on, terms[key], pauses.get(key, ()), addons.get(key, ()))
        found.append(
            Subscription(
                identifier, deployment_id, tenant_id, starts_on, ends_on, trial_end, created_at,
                *spans, by_tenant,
            )
        )  # fmt: skip  # a table
    return found


def _by_subscription(rows: Sequence[Any], make: Callable[..., Any]) -> dict[str, list[Any]]:
    spans: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        spans[row[0]].append(make(*row[1:]))
    return spans


def _addon(
    identifier: UUID,
    code: str,
    kind: str,
    qty: Any,
    price_cents: int,
    currency: str,
    *held: Any,
) -> AttachedAddon:
    return AttachedAddon(identifier, code, AddonTerms(kind, qty, price_cents, currency), *held)
