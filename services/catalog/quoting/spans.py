"""Half-open ranges of days: intersections, and billed and free days of a subscription."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.common.values.periods import Period

__all__ = ["BilledDays", "billed_days", "days_in", "intersection", "shared_days"]


@dataclass(frozen=True, slots=True)
class BilledDays:
    """The billed days of a period, in order; its trial days; its last day."""

    days: tuple[Period, ...]
    trial: tuple[Period, ...]
    last: date

    def since(self, day: date) -> tuple[Period, ...]:
        """The billed days from a day on."""
        return intersection(self.days, day, None)


def billed_days(subscription: Subscription, period: Period, *, on_trial: bool) -> BilledDays:
    """The days of a period on which a subscription is billed: not paused and not on trial.

    A trial without an end lasts as long as its deployment is on trial.
    """
    running = intersection((period,), subscription.starts_on, subscription.ends_on)
    for pause in subscription.pauses:
        running = _without(running, pause.paused_on, pause.resumed_on)
    last = period.end - timedelta(days=1)
    if subscription.trial_end is not None:
        billed = intersection(running, subscription.trial_end, None)
        trial = intersection(running, date.min, subscription.trial_end)
    else:
        billed, trial = ((), running) if on_trial else (running, ())
    return BilledDays(billed, trial, last)


def intersection(spans: Sequence[Period], start: date, end: date | None) -> tuple[Period, ...]:
    """The intersection of ranges with another range, which may be open-ended."""
    if len(spans) == 1 and start <= spans[0].start and (end is None or spans[0].end <= end):
        return tuple(spans)
    kept = (
        (max(span.start, start), span.end if end is None else min(span.end, end)) for span in spans
    )
    return tuple(Period(first, until) for first, until in kept if first < until)


def days_in(spans: Iterable[Period]) -> int:
    """The number of days of some ranges."""
    return sum([span.days for span in spans])


def shared_days(one: Sequence[Period], other: Sequence[Period]) -> int:
    """The number of common days of two sets of ranges."""
    days = 0
    for left in one:
        for right in other:
            if left is right:  # the usual case: both are the whole month
                days += left.days
            elif (shared := left.overlap(right)) is not None:
                days += shared.days
    return days


def _without(spans: Sequence[Period], start: date, end: date | None) -> tuple[Period, ...]:
    """The difference of ranges and another range, which may be open-ended."""
    if end is not None and end <= start:
        return tuple(spans)
    before = intersection(spans, date.min, start)
    return before if end is None else (*before, *intersection(spans, end, None))
