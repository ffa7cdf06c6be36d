"""Finds the first day on which a change alters a subscription's billing."""

from collections.abc import Iterator
from datetime import date

from services.catalog.subscriptions.rules.subscriptions import Subscription, covers

__all__ = ["first_changed_day"]


def first_changed_day(
    before: Subscription | None, after: Subscription | None, *, was_trial: bool, is_trial: bool
) -> date | None:
    """The first day with different billing; None if there is none.

    `was_trial` and `is_trial` say whether the deployment was and is on trial, for trials without an
    end. Billing can only change on a day on which a span begins or ends.
    """
    days = sorted({day for one in (before, after) if one is not None for day in _bounds(one)})
    for day in days:
        if _held(before, day, on_trial=was_trial) != _held(after, day, on_trial=is_trial):
            return day
    return None


def _bounds(subscription: Subscription) -> Iterator[date]:
    """The days on which a subscription's billing may change."""
    spans: list[tuple[date | None, date | None]] = [
        (subscription.starts_on, subscription.ends_on),
        (subscription.trial_end, None),
        *((term.effective_from, term.effective_to) for term in subscription.terms),
        *((pause.paused_on, pause.resumed_on) for pause in subscription.pauses),
        *((addon.attached_on, addon.detached_on) for addon in subscription.addons),
    ]
    return (day for span in spans for day in span if day is not None)


def _held(subscription: Subscription | None, day: date, *, on_trial: bool) -> object:
    """Everything that determines a day's billing; None on a day that is not billed."""
    if subscription is None or not covers(subscription.starts_on, subscription.ends_on, day):
        return None
    end = subscription.trial_end
    return (
        on_trial if end is None else day < end,
        any(covers(pause.paused_on, pause.resumed_on, day) for pause in subscription.pauses),
        subscription.term_on(day).plan_version_id,
        sorted(
            addon.id
            for addon in subscription.addons
            if covers(addon.attached_on, addon.detached_on, day)
        ),
    )
