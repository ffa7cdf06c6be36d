"""What travels through Temporal about unpaid invoices and trials: ids and counts."""

from dataclasses import dataclass

__all__ = [
    "ActionOutcome",
    "BillingAction",
    "DunningSweepResult",
    "Noticed",
    "Overdue",
    "OverdueInput",
    "PastDueNotices",
    "PastDueResult",
    "SweepPlace",
    "TenantNotice",
]


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


@dataclass(frozen=True, slots=True)
class TenantNotice:
    """An action that is about to be taken: what, when, why, and what to do about it."""

    key: str
    """Names the action among all: a notice that is posted again is known as the same."""
    action: str
    """`past_due`, `suspension`, or `left_off`, which tells what already is."""
    tenant_id: str
    """Empty for what the operator alone is told."""
    at: str
    """When it is taken, RFC 3339."""
    what: str
    why: str
    what_to_do: str
    deployment_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Noticed:
    """Whether somebody was told; why not, in words."""

    is_delivered: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PastDueNotices:
    """The invoices about which to tell: due from a day until, and without, another, ISO dates."""

    today: str
    until: str


@dataclass(frozen=True, slots=True)
class PastDueResult:
    """How many invoices were told of, and how many could not be."""

    page_token: str = ""
    told_count: int = 0
    untold_count: int = 0
    reason: str = ""
    """Why the last one could not be told."""

    def in_words(self) -> str:
        """In a line; empty where there was nothing to tell."""
        if not self.told_count and not self.untold_count:
            return ""
        words = f"{self.told_count:,} invoices told of before they are past due"
        return f"{words}, {self.untold_count:,} not: {self.reason}" if self.untold_count else words
