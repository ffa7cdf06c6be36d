"""Writes the spans of subscriptions: terms, addons, pauses and ends."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.plans.rules.plans import Addon
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.common.db.database import WriteSession

__all__ = [
    "add_addon",
    "add_pause",
    "add_term",
    "change_terms",
    "cut_trial",
    "detach",
    "drop_pause",
    "drop_term",
    "end_pause",
    "end_running",
    "end_subscription",
    "move_attachment",
    "move_pause",
    "move_term",
]

ADD_TERM: Final = text("""
INSERT INTO subscription_terms
    (subscription_id, tenant_id, plan_version_id, effective_from, by_tenant)
VALUES (:id, :tenant_id, :plan_version_id, :day, :by_tenant)
""")

# Replaces terms from that day on; the previous term is cut there, or extended if it is the same
# version.
FORGET_TERMS: Final = text("""
DELETE FROM subscription_terms WHERE subscription_id = :id AND effective_from >= :day
""")

CUT_TERM: Final = text("""
UPDATE subscription_terms SET effective_to = :until
WHERE subscription_id = :id AND (effective_to IS NULL OR effective_to >= :day)
""")

FORGET_TERM: Final = text("""
DELETE FROM subscription_terms WHERE subscription_id = :id AND effective_from = :day
RETURNING effective_to
""")

# The same version again: it merges with the previous term.
FORGET_SAME: Final = text("""
DELETE FROM subscription_terms
WHERE subscription_id = :id AND effective_from = :day AND plan_version_id = :plan_version_id
RETURNING effective_to
""")

LENGTHEN_TERM: Final = text("""
UPDATE subscription_terms SET effective_to = :until
WHERE subscription_id = :id AND effective_from = :day
""")

START_TERM: Final = text("""
UPDATE subscription_terms SET effective_from = :to_day
WHERE subscription_id = :id AND effective_from = :day
""")

END_TERM: Final = text("""
UPDATE subscription_terms SET effective_to = :to_day
WHERE subscription_id = :id AND effective_to = :day AND effective_from < :day
""")

ADD_ADDON: Final = text("""
INSERT INTO subscription_addons
    (subscription_id, tenant_id, code, resource_kind, qty, price_cents, currency, attached_on,
     attached_by_tenant)
VALUES (:id, :tenant_id, :code, :resource_kind, :qty, :price_cents, :currency, :day, :by_tenant)
RETURNING id
""")

DETACH: Final = text("""
UPDATE subscription_addons SET detached_on = :day, detached_by_tenant = :by_tenant WHERE id = :id
""")

MOVE_ATTACHMENT: Final = text("UPDATE subscription_addons SET attached_on = :day WHERE id = :id")

ADD_PAUSE: Final = text("""
INSERT INTO subscription_pauses (subscription_id, tenant_id, paused_on)
VALUES (:id, :tenant_id, :day)
""")

# A pause without a day is deleted.
OF_PAUSE: Final = """
subscription_id = :id AND paused_on = :paused_on AND (resumed_on IS NULL OR resumed_on > paused_on)
"""

END_PAUSE: Final = text(f"UPDATE subscription_pauses SET resumed_on = :day WHERE {OF_PAUSE}")
MOVE_PAUSE: Final = text(f"UPDATE subscription_pauses SET paused_on = :day WHERE {OF_PAUSE}")
# One that is hidden by a cancellation and would begin within an open-ended pause.
FORGET_PAUSES: Final = text("""
DELETE FROM subscription_pauses
WHERE subscription_id = :id AND paused_on >= :day AND (resumed_on IS NULL OR resumed_on > paused_on)
""")
FORGET_PAUSE: Final = text(f"DELETE FROM subscription_pauses WHERE {OF_PAUSE}")

RUNNING: Final = text("""
SELECT id, starts_on FROM subscriptions
WHERE deployment_id = :deployment_id AND (ends_on IS NULL OR ends_on > :day)
ORDER BY id
FOR UPDATE
""")

# Spans are stored uncut, and cut to the end on read.
END: Final = text("""
UPDATE subscriptions SET ends_on = :day, ended_by_tenant = :by_tenant WHERE id = :id
""")

# Also for ended ones: otherwise a trial without an end would be lost.
CUT_TRIAL: Final = text("""
UPDATE subscriptions SET trial_end = greatest(starts_on, least(ends_on, CAST(:day AS date)))
WHERE deployment_id = :deployment_id AND (trial_end IS NULL OR trial_end > :day)
""")


async def add_term(
    session: WriteSession,
    subscription: Subscription,
    plan_version_id: UUID,
    day: date,
    *,
    by_tenant: bool,
) -> None:
    """Inserts a term from a day on without an existing term."""
    values = {**_of(subscription, day), "plan_version_id": plan_version_id, "by_tenant": by_tenant}
    await session.execute(ADD_TERM, values)


async def change_terms(
    session: WriteSession,
    subscription: Subscription,
    plan_version_id: UUID,
    day: date,
    *,
    by_tenant: bool,
) -> None:
    """Replaces the terms of a locked subscription from a day on."""
    kept = [term for term in subscription.terms if term.effective_from < day]
    same = bool(kept) and kept[-1].plan_version_id == plan_version_id
    values = {"id": subscription.id, "day": day}
    await session.execute(FORGET_TERMS, values)
    await session.execute(CUT_TERM, {**values, "until": None if same else day})
    if not same:
        await add_term(session, subscription, plan_version_id, day, by_tenant=by_tenant)


async def drop_term(session: WriteSession, subscription: Subscription, day: date) -> None:
    """Deletes the terms that begin on a day; the previous term extends to the next one."""
    before = next(term for term in reversed(subscription.terms) if term.effective_from < day)
    values: dict[str, object] = {"id": subscription.id, "plan_version_id": before.plan_version_id}
    until = (await session.execute(FORGET_TERM, {**values, "day": day})).scalar_one()
    if until is not None:
        same = (await session.execute(FORGET_SAME, {**values, "day": until})).all()
        until = same[0].effective_to if same else until
    values |= {"day": before.effective_from, "until": until}
    await session.execute(LENGTHEN_TERM, values)


async def move_term(
    session: WriteSession, subscription: Subscription, day: date, to_day: date
) -> None:
    """Moves the beginning of a term; adjacent terms are adjusted."""
    values: dict[str, object] = {"id": subscription.id, "day": day, "to_day": to_day}
    steps = (START_TERM, END_TERM) if to_day > day else (END_TERM, START_TERM)
    for step in steps:
        await session.execute(step, values)


async def add_addon(
    session: WriteSession, subscription: Subscription, addon: Addon, day: date, *, by_tenant: bool
) -> UUID:
    """Attaches an addon with its current terms; returns its id."""
    values = _of(subscription, day) | asdict(addon.terms)
    values |= {"code": addon.code, "by_tenant": by_tenant}
    identifier: UUID = (await session.execute(ADD_ADDON, values)).scalar_one()
    return identifier


async def detach(
    session: WriteSession, attached_id: UUID, day: date | None, *, by_tenant: bool
) -> None:
    """Sets the exclusive end of an addon; None makes it open-ended."""
    await session.execute(DETACH, {"id": attached_id, "day": day, "by_tenant": by_tenant})


async def move_attachment(session: WriteSession, attached_id: UUID, day: date) -> None:
    """Moves the first day of an addon."""
    await session.execute(MOVE_ATTACHMENT, {"id": attached_id, "day": day})


async def add_pause(session: WriteSession, subscription: Subscription, day: date) -> None:
    """Pauses a locked subscription from a day on, replacing scheduled pauses."""
    await session.execute(FORGET_PAUSES, {"id": subscription.id, "day": day})
    await session.execute(ADD_PAUSE, _of(subscription, day))


async def end_pause(
    session: WriteSession, subscription: Subscription, paused_on: date, day: date | None
) -> None:
    """Sets the exclusive end of a pause; None makes it open-ended and removes later pauses."""
    values = {"id": subscription.id, "paused_on": paused_on, "day": day}
    if day is None:
        later = {"id": subscription.id, "day": paused_on + timedelta(days=1)}
        await session.execute(FORGET_PAUSES, later)
    await session.execute(END_PAUSE, values)


async def move_pause(
    session: WriteSession, subscription: Subscription, paused_on: date, day: date
) -> None:
    """Moves the first day of a pause."""
    values = {"id": subscription.id, "paused_on": paused_on, "day": day}
    await session.execute(MOVE_PAUSE, values)


async def drop_pause(session: WriteSession, subscription: Subscription, paused_on: date) -> None:
    """Deletes a pause."""
    values = {"id": subscription.id, "paused_on": paused_on}
    await session.execute(FORGET_PAUSE, values)


async def end_subscription(
    session: WriteSession, identifier: UUID, day: date | None, *, by_tenant: bool
) -> None:
    """Sets the end of a locked subscription that has begun by then; None makes it open-ended.

    `day` is exclusive. Spans are not cut; see `cut_to_end`.
    """
    await session.execute(END, {"id": identifier, "day": day, "by_tenant": by_tenant})


async def end_running(
    session: WriteSession, deployment_id: UUID, day: date, *, by_tenant: bool
) -> bool:
    """Ends the subscription of a deployment; one that has not begun will never begin.

    Returns whether there was one.
    """
    values = {"deployment_id": deployment_id, "day": day}
    rows = (await session.execute(RUNNING, values)).all()
    for row in rows:  # at most one, plus a later one that is scheduled
        await end_subscription(session, row.id, max(day, row.starts_on), by_tenant=by_tenant)
    return bool(rows)


async def cut_trial(session: WriteSession, deployment_id: UUID, day: date) -> None:
    """Ends the trial of a deployment's subscription, unless it is over."""
    await session.execute(CUT_TRIAL, {"deployment_id": deployment_id, "day": day})


def _of(subscription: Subscription, day: date) -> dict[str, object]:
    """The common columns of a span: its subscription and its days."""
    return {"id": subscription.id, "tenant_id": subscription.tenant_id, "day": day}
