"""Previews what a migration would change for each subscription."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.catalog.deployments.rules.lifecycle import State
from services.catalog.migrating.rules.migrations import Migration, Outcome, verdict
from services.catalog.plans.store.versions import read_versions
from services.catalog.quotes.rules.snapshots import Known, change_inputs, version_snapshot
from services.catalog.quotes.store.billable import read_deployments
from services.catalog.quoting.engine import price
from services.catalog.quoting.lines import total
from services.catalog.subscriptions.store.subscriptions import read_subscriptions
from services.common.db.database import ReadSession
from services.common.identity.callers import ALL

__all__ = ["Preview", "previews_of"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a migration would change for a subscription, in whole cents of its currency."""

    subscription_id: UUID
    deployment_id: UUID
    tenant_id: str
    from_plan_code: str
    from_version: int
    outcome: Outcome
    reason: str
    currency: str
    monthly_before_cents: int
    monthly_after_cents: int
    first_month_change_cents: int

    @property
    def monthly_change_cents(self) -> int:
        """After less before."""
        return self.monthly_after_cents - self.monthly_before_cents


async def previews_of(
    session: ReadSession, ids: Sequence[UUID], migration: Migration, today: date
) -> list[Preview]:
    """The previews of subscriptions, read in a constant number of statements."""
    subscriptions = await read_subscriptions(session, ALL, ids)
    deployment_ids = {one.deployment_id for one in subscriptions.values()}
    deployments = await read_deployments(session, deployment_ids)
    versions = await read_versions(
        session,
        {
            migration.plan_version_id,
            *(term.plan_version_id for one in subscriptions.values() for term in one.terms),
        },
    )
    known = Known({key: version_snapshot(one) for key, one in versions.items()}, ())
    wanted, day = known.versions[migration.plan_version_id], migration.effective_on
    previews = []
    for one in (subscriptions[key] for key in ids):
        held, state = one.term_on(day), deployments[one.deployment_id].state
        on_trial = state is State.TRIAL
        before, after = (
            price(change_inputs(one, version, (), (), day, known, on_trial=on_trial))
            for version in (known.versions[held.plan_version_id], wanted)
        )
        found = verdict(one, state, migration, versions, today)
        previews.append(
            Preview(
                subscription_id=one.id,
                deployment_id=one.deployment_id,
                tenant_id=one.tenant_id,
                from_plan_code=held.plan_code,
                from_version=held.plan_version,
                outcome=found.outcome,
                reason=found.reason,
                currency=migration.currency,
                monthly_before_cents=total(before.recurring),
                monthly_after_cents=total(after.recurring),
                first_month_change_cents=after.change.net_cents if after.change else 0,
            )
        )
    return previews
