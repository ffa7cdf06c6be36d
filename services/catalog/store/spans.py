"""The days of a subscription and of all that belongs to it: begun, and cut at their end."""

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.plans import Addon
from services.catalog.subscriptions import Subscription
from services.common.database import WriteSession

__all__ = [
    "add_addon",
    "add_pause",
    "add_term",
    "change_terms",
    "cut_trial",
    "detach",
    "end_pause",
    "end_running",
    "end_subscription",
]

ADD_TERM: Final = text("""
INSERT INTO subscription_terms
    (subscription_id, tenant_id, plan_version_id, effective_from, effective_to)
VALUES (:id, :tenant_id, :plan_version_id, :day, :until)
""")

# Terms from that day on are replaced; the one before them is cut there, or goes on when it is
# the same again.
FORGET_TERMS: Final = text("""
DELETE FROM subscription_terms WHERE subscription_id = :id AND effective_from >= :day
""")

CUT_TERM: Final = text("""
UPDATE subscription_terms SET effective_to = :until
WHERE subscription_id = :id AND (effective_to IS NULL OR effective_to >= :day)
""")

ADD_ADDON: Final = text("""
INSERT INTO subscription_addons
    (subscription_id, tenant_id, code, resource_kind, qty, price_cents, currency, attached_on,
     detached_on)
VALUES (:id, :tenant_id, :code, :resource_kind, :qty, :price_cents, :currency, :day, :until)
RETURNING id
""")

DETACH: Final = text("UPDATE subscription_addons SET detached_on = :day WHERE id = :id")

ADD_PAUSE: Final = text("""
INSERT INTO subscription_pauses (subscription_id, tenant_id, paused_on)
VALUES (:id, :tenant_id, :day)
""")

END_PAUSE: Final = text("""
UPDATE subscription_pauses SET resumed_on = :day
WHERE subscription_id = :id AND paused_on = :paused_on AND resumed_on IS NULL
""")

RUNNING: Final = text("""
SELECT id, starts_on FROM subscriptions
WHERE deployment_id = :deployment_id AND (ends_on IS NULL OR ends_on > :day)
ORDER BY id
FOR UPDATE
""")

END: Final = text("UPDATE subscriptions SET ends_on = :day WHERE id = :id")

# The first term stays, also without a day: it says what was subscribed to.
DROP_TERMS: Final = text("""
DELETE FROM subscription_terms
WHERE subscription_id = :id AND effective_from >= :day
  AND effective_from > (SELECT starts_on FROM subscriptions WHERE id = :id)
""")

END_TERMS: Final = text("""
UPDATE subscription_terms SET effective_to = greatest(effective_from, :day)
WHERE subscription_id = :id AND (effective_to IS NULL OR effective_to > :day)
""")

END_PAUSES: Final = text("""
UPDATE subscription_pauses SET resumed_on = greatest(paused_on, :day)
WHERE subscription_id = :id AND (resumed_on IS NULL OR resumed_on > :day)
""")

END_ADDONS: Final = text("""
UPDATE subscription_addons SET detached_on = greatest(attached_on, :day)
WHERE subscription_id = :id AND (detached_on IS NULL OR detached_on > :day)
""")

# Also of those that ended in it: a trial without an end would else never have been.
CUT_TRIAL: Final = text("""
UPDATE subscriptions SET trial_end = greatest(starts_on, least(ends_on, CAST(:day AS date)))
WHERE deployment_id = :deployment_id AND (trial_end IS NULL OR trial_end > :day)
""")


async def add_term(
    session: WriteSession, subscription: Subscription, plan_version_id: UUID, day: date
) -> None:
    """Binds a subscription to a version from a day on, in which no other holds."""
    values = {**_of(subscription, day), "plan_version_id": plan_version_id}
    await session.execute(ADD_TERM, values)


async def change_terms(
    session: WriteSession, subscription: Subscription, plan_version_id: UUID, day: date
) -> None:
    """Binds a locked subscription to a version from a day on, instead of what was to hold."""
    kept = [term for term in subscription.terms if term.effective_from < day]
    same = bool(kept) and kept[-1].plan_version_id == plan_version_id
    values = {"id": subscription.id, "day": day}
    await session.execute(FORGET_TERMS, values)
    await session.execute(CUT_TERM, {**values, "until": subscription.ends_on if same else day})
    if not same:
        await add_term(session, subscription, plan_version_id, day)


async def add_addon(
    session: WriteSession, subscription: Subscription, addon: Addon, day: date
) -> UUID:
    """Attaches an addon as it is sold now; answers what it is called from now on."""
    terms = addon.terms
    values = {
        **_of(subscription, day),
        "code": addon.code,
        "resource_kind": terms.resource_kind,
        "qty": terms.qty,
        "price_cents": terms.price_cents,
        "currency": terms.currency,
    }
    identifier: UUID = (await session.execute(ADD_ADDON, values)).scalar_one()
    return identifier


async def detach(session: WriteSession, attached_id: UUID, day: date) -> None:
    """Detaches an addon: `day` is the first without it."""
    await session.execute(DETACH, {"id": attached_id, "day": day})


async def add_pause(session: WriteSession, subscription: Subscription, day: date) -> None:
    """Pauses a subscription from a day on."""
    await session.execute(ADD_PAUSE, _of(subscription, day))


async def end_pause(
    session: WriteSession, subscription: Subscription, paused_on: date, day: date
) -> None:
    """Ends the open pause: `day` is the first after it."""
    values = {"id": subscription.id, "paused_on": paused_on, "day": day}
    await session.execute(END_PAUSE, values)


async def end_subscription(session: WriteSession, identifier: UUID, day: date) -> None:
    """Ends a locked subscription, which has begun by then: `day` is the first without it."""
    values = {"id": identifier, "day": day}
    for statement in (END, DROP_TERMS, END_TERMS, END_PAUSES, END_ADDONS):
        await session.execute(statement, values)


async def end_running(session: WriteSession, deployment_id: UUID, day: date) -> bool:
    """Ends what a deployment is subscribed to; one that has yet to begin never does.

    Answers whether there was anything to end.
    """
    values = {"deployment_id": deployment_id, "day": day}
    rows = (await session.execute(RUNNING, values)).all()
    for row in rows:  # one, but for a later one that was agreed already
        await end_subscription(session, row.id, max(day, row.starts_on))
    return bool(rows)


async def cut_trial(session: WriteSession, deployment_id: UUID, day: date) -> None:
    """Ends the trial of what a deployment is subscribed to, unless it is over already."""
    await session.execute(CUT_TRIAL, {"deployment_id": deployment_id, "day": day})


def _of(subscription: Subscription, day: date) -> dict[str, object]:
    """What every span of a subscription is kept with: whose it is, and its days."""
    return {
        "id": subscription.id,
        "tenant_id": subscription.tenant_id,
        "day": day,
        "until": subscription.ends_on,
    }
