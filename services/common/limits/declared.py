"""Declares the limits of tenants, by name, with defaults.

Limits are declared only here. An operator may override a value for a tenant in the catalog; code
that enforces a limit reads its value by name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = [
    "ADDONS_A_SUBSCRIPTION",
    "API_KEYS",
    "CALLS_A_SECOND",
    "CONCURRENT_CALLS",
    "DEPLOYMENTS",
    "LIMITS",
    "QUOTES_A_DAY",
    "TRIALS",
    "WATCH_STREAMS",
    "Limit",
    "limits_table",
]


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of tenants."""

    name: str
    meaning: str
    """What is counted, as text."""
    default: int
    """The value for tenants without an override."""
    highest: int
    """The highest value that an operator may set."""
    lowest: int = 0
    """The lowest value that an operator may set."""
    by_grants: bool = False
    """Whether it is raised by grants (trials) instead of a value."""


DEPLOYMENTS: Final = Limit(
    "deployments", "Deployments that are neither cancelled nor archived.", 100, 100_000
)
TRIALS: Final = Limit(
    "trials", "Deployments that ever began on trial.", 1, 1_000_000, by_grants=True
)
ADDONS_A_SUBSCRIPTION: Final = Limit(
    "addons_per_subscription",
    "Addons of one subscription, attached now or agreed for a later day.",
    100,
    10_000,
)
QUOTES_A_DAY: Final = Limit("quotes_per_day", "Quotes made in a day (UTC).", 10_000, 100_000_000)
API_KEYS: Final = Limit("api_keys", "API keys that are neither revoked nor ended.", 50, 10_000)
WATCH_STREAMS: Final = Limit(
    "watch_streams", "Open streams of one method, in each process of a service.", 50, 1_000
)
CONCURRENT_CALLS: Final = Limit(
    "concurrent_calls",
    "Calls answered at the same time, in each process of a service; more wait their turn.",
    5,
    1_000,
    lowest=1,
)
CALLS_A_SECOND: Final = Limit(
    "calls_per_second",
    "Calls a second, in each process of a service; more wait their turn.",
    200,
    100_000,
    lowest=1,
)

LIMITS: Final[Mapping[str, Limit]] = {
    limit.name: limit
    for limit in (
        DEPLOYMENTS,
        TRIALS,
        ADDONS_A_SUBSCRIPTION,
        QUOTES_A_DAY,
        API_KEYS,
        WATCH_STREAMS,
        CONCURRENT_CALLS,
        CALLS_A_SECOND,
    )
}
"""All limits by name, in listing order."""


def limits_table(limits: Iterable[Limit] = LIMITS.values()) -> str:
    """The table of limits in the documentation, which a test compares with this."""
    rows = [
        f"| `{one.name}` | {one.meaning} | {one.default:,} | "
        + ("by a grant" if one.by_grants else f"{one.highest:,}")
        + " |"
        for one in limits
    ]
    return "\n".join(["| limit | counts | default | at most |", "| --- | --- | --- | --- |", *rows])
