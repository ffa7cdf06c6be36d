"""The flows of usage and margin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts.flows import BY_HAND, PERIOD, Flow, Start, TaskQueue

__all__ = [
    "MARGIN_REFRESH",
    "METERING",
    "MarginInput",
    "MeteringInput",
    "margin_refresh",
    "metering_by_hand",
]

METERING: Final = Flow(
    name="Metering",
    prefix="metering",
    queue=TaskQueue.METERING,
    timeout=timedelta(hours=3),
    purpose="meters today and, twice a day, yesterday; until the 10th, once a day, the last month"
    " again; then prices what the running month comes to",
)
MARGIN_REFRESH: Final = Flow(
    name="MarginRefresh",
    prefix="margin-refresh",
    queue=TaskQueue.METERING,
    timeout=timedelta(hours=12),
    purpose="attributes costs to owners, and computes the margin of months that are not final",
)


@dataclass(frozen=True, slots=True)
class MeteringInput:
    """The days to meter; by default the scheduled day and the previous one."""

    days: tuple[date, ...] = ()
    with_costs: bool | None = None
    """Whether to attribute daily costs too; by default depends on the hour of the run."""
    last_month_too: bool | None = None
    """Whether to meter the last month again; by default depends on the day and hour."""


@dataclass(frozen=True, slots=True)
class MarginInput:
    """The month whose margin to compute; by default the one before the scheduled day's."""

    period: date | None = None


def metering_by_hand(days: Sequence[date] = ()) -> Start[MeteringInput]:
    """Metering of some days now; by default today and yesterday."""
    named = [day.isoformat() for day in days]
    key, told = "+".join(named), " and ".join(named) or "yesterday and today"
    if len(days) > 2:
        told = f"{len(days)} days from {min(named)} to {max(named)}"
        if list(days) == [days[0] + timedelta(place) for place in range(len(days))]:
            key, told = f"{named[0]}..{named[-1]}", f"{named[0]} to {named[-1]}"
    return METERING.start(
        MeteringInput(tuple(days), with_costs=True, last_month_too=False),
        *((BY_HAND, key) if key else (BY_HAND,)),
        summary=f"meter {told}",
    )


def margin_refresh(period: date) -> Start[MarginInput]:
    """The margin of one month, by its first day."""
    code = f"{period:%Y-%m}"
    return MARGIN_REFRESH.start(
        MarginInput(period),
        code,
        summary=f"compute the margin of {code}",
        attributes={PERIOD: code},
    )
