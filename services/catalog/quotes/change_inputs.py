"""The inputs of a change quote: the subscription and its plan versions."""

from dataclasses import dataclass, replace
from uuid import UUID

from services.catalog.plans.store.versions import read_versions
from services.catalog.quotes.rules.snapshots import Known, version_snapshot
from services.catalog.quotes.store.billable import on_trial
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.catalog.subscriptions.store.subscriptions import read_subscription
from services.common.db.database import ReadSession
from services.common.identity.callers import Scope

__all__ = ["Changing", "read_changing"]


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
