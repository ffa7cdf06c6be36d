"""What travels through Temporal about unpaid invoices and trials: ids and counts."""

from dataclasses import dataclass

__all__ = [
    "ActionOutcome",
    "BillingAction",
    "DunningInput",
    "DunningState",
    "DunningSweepInput",
    "DunningSweepResult",
    "DunningTerms",
    "Overdue",
    "OverdueInput",
    "PowerOff",
    "SweepPlace",
    "TrialEndInput",
]


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
class SweepPlace:
    """How far a sweep is."""

    page_token: str = ""
    tenant_count: int = 0


@dataclass(frozen=True, slots=True)
class DunningSweepResult:
    """How many tenants are overdue, each of which is dunned."""

    tenant_count: int
    notices: str = ""
    """What was told before invoices are past due, in words."""

    def in_words(self) -> str:
        """In a line."""
        words = f"{self.tenant_count:,} tenants with overdue invoices, each with its dunning"
        return f"{words}; {self.notices}" if self.notices else words


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


@dataclass(frozen=True, slots=True)
class OverdueInput:
    """Whose invoices that were due before a day, an ISO date."""

    tenant_id: str
    today: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """What a tenant has not paid; the number and due day are of the longest overdue invoice."""

    invoice_count: int = 0
    number: str = ""
    due_on: str = ""

    def in_words(self) -> str:
        """In a line."""
        more = f" and {self.invoice_count - 1} more" if self.invoice_count > 1 else ""
        return f"invoice {self.number}{more} was due on {self.due_on}"


@dataclass(frozen=True, slots=True)
class BillingAction:
    """A move of a tenant's deployments on behalf of durable work."""

    tenant_id: str
    to_state: str
    from_states: tuple[str, ...]
    reason: str
    actor: str
    key: str
    """Names this move of all these deployments among all moves."""
    only: tuple[str, ...] = ()
    """Only these deployments; all of the tenant when empty."""
    but: tuple[str, ...] = ()
    """Not these."""


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """What became of the deployments that were in a state to move."""

    moved: tuple[str, ...] = ()
    already_there: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()
    """Moved by somebody else meanwhile, or their billing actions are suspended."""
    power_off: tuple[str, ...] = ()
    """Of those that were moved: whose droplets a suspension powers off."""
