"""The flows about trials that end and invoices that nobody pays."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from contracts.flows import TENANT, Flow, Start, TaskQueue

__all__ = [
    "DUNNING",
    "DUNNING_SWEEP",
    "LOOK",
    "TRIAL_END",
    "DunningInput",
    "DunningState",
    "DunningSweepInput",
    "DunningTerms",
    "PowerOff",
    "TrialEndInput",
    "dunning",
]

TRIAL_END: Final = Flow(
    name="TrialEnd",
    prefix="trial-end",
    queue=TaskQueue.INVOICING,
    timeout=timedelta(hours=20),
    purpose="makes deployments active whose trial is over",
)
DUNNING_SWEEP: Final = Flow(
    name="DunningSweep",
    prefix="dunning-sweep",
    queue=TaskQueue.INVOICING,
    timeout=timedelta(hours=20),
    purpose="starts a dunning for each tenant with an overdue invoice",
)
DUNNING: Final = Flow(
    name="Dunning",
    prefix="dunning",
    key="<tenant>",
    queue=TaskQueue.INVOICING,
    timeout=None,
    purpose="past due, suspended, and back after payment",
    started_by="the dunning sweep",
)

LOOK: Final = "look"
"""The signal to a dunning that something of its tenant was paid, voided or credited."""


@dataclass(frozen=True, slots=True)
class TrialEndInput:
    """Trials that are over are ended, this many in a transaction."""

    trials_at_once: int = 500


@dataclass(frozen=True, slots=True)
class DunningTerms:
    """How patient we are with who does not pay."""

    grace_seconds: int
    """From past due to suspended."""
    look_seconds: int = 6 * 3600
    """How often an unpaid tenant is looked at, though nobody says that something changed."""
    notice_seconds: int = 0
    """So long before a suspension its tenant is told of it; at most the grace."""


@dataclass(frozen=True, slots=True)
class DunningSweepInput:
    """Every tenant with an overdue invoice is dunned on these terms."""

    terms: DunningTerms
    today: str = ""
    """Due before this day, an ISO date; empty for the day for which it was planned."""
    past_due_notice_days: int = 0
    """So many days before an invoice is past due its tenant is told of it."""


@dataclass(frozen=True, slots=True)
class PowerOff:
    """The droplets of a deployment that are powered off, and on again after payment."""

    deployment_id: str
    step: str = "asked"
    """`asked`, `known` (which droplets ran) or `off`."""
    droplet_ids: tuple[str, ...] = ()
    """The provider's ids of those that ran: no others are powered on again."""


@dataclass(frozen=True, slots=True)
class DunningState:
    """What was done to a tenant's deployments, so that just this is undone."""

    began_at: str = ""
    """When the grace began, RFC 3339."""
    look_count: int = 0
    past_due: tuple[str, ...] = ()
    suspended: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()
    """Of the suspended: those that were paused, and are so again after payment."""
    power_off: tuple[PowerOff, ...] = ()
    told_at: str = ""
    """When the tenant was first to be told of its suspension, RFC 3339."""
    is_told: bool = False
    untold_reason: str = ""
    """Why the notice was not taken, in words."""


@dataclass(frozen=True, slots=True)
class DunningInput:
    """A tenant to dun; what an earlier run did is passed on."""

    tenant_id: str
    terms: DunningTerms
    state: DunningState = DunningState()


def dunning(tenant_id: str, terms: DunningTerms) -> Start[DunningInput]:
    """The dunning of a tenant: one run, however many invoices are overdue."""
    return DUNNING.start(
        DunningInput(tenant_id, terms),
        tenant_id,
        summary=f"what {tenant_id} has not paid",
        attributes={TENANT: tenant_id},
    )
