"""The flows of ending trials and of dunning."""

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
    purpose="activates deployments whose trial is over",
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
"""Signals a dunning that an invoice of its tenant was paid, voided or credited."""


@dataclass(frozen=True, slots=True)
class TrialEndInput:
    """The number of trials to end per transaction."""

    trials_at_once: int = 500


@dataclass(frozen=True, slots=True)
class DunningTerms:
    """The terms of dunning."""

    grace_seconds: int
    """The grace period from past due to suspended."""
    look_seconds: int = 6 * 3600
    """Polling interval of a tenant's invoices without a signal."""
    notice_seconds: int = 0
    """How long before a suspension its tenant is notified; at most the grace period."""


@dataclass(frozen=True, slots=True)
class DunningSweepInput:
    """Starts a dunning with these terms for every tenant with an overdue invoice."""

    terms: DunningTerms
    today: str = ""
    """Overdue if due before this ISO date; empty for the scheduled day."""
    past_due_notice_days: int = 0
    """How many days before an invoice is past due its tenant is notified."""


@dataclass(frozen=True, slots=True)
class PowerOff:
    """The droplets of a deployment to power off, and on again after payment."""

    deployment_id: str
    step: str = "asked"
    """`asked`, `known` (the running droplets are known) or `off`."""
    droplet_ids: tuple[str, ...] = ()
    """The provider's ids of those that were running; only these are powered on again."""


@dataclass(frozen=True, slots=True)
class DunningState:
    """What was done to a tenant's deployments, which compensation undoes."""

    began_at: str = ""
    """Start of the grace period, RFC 3339."""
    look_count: int = 0
    past_due: tuple[str, ...] = ()
    suspended: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()
    """The suspended deployments that were paused, and are paused again after payment."""
    power_off: tuple[PowerOff, ...] = ()
    told_at: str = ""
    """When the notice of suspension was first due, RFC 3339."""
    is_told: bool = False
    untold_reason: str = ""
    """Why the notice was not delivered."""


@dataclass(frozen=True, slots=True)
class DunningInput:
    """A tenant to dun, with the state of earlier runs (continue-as-new)."""

    tenant_id: str
    terms: DunningTerms
    state: DunningState = DunningState()


def dunning(tenant_id: str, terms: DunningTerms) -> Start[DunningInput]:
    """The dunning of a tenant: one run for all its overdue invoices."""
    return DUNNING.start(
        DunningInput(tenant_id, terms),
        tenant_id,
        summary=f"what {tenant_id} has not paid",
        attributes={TENANT: tenant_id},
    )
