"""What travels through Temporal about unpaid invoices and trials: ids and counts."""

from dataclasses import dataclass

__all__ = [
    "ActionOutcome",
    "BillingAction",
    "DunningSweepResult",
    "Overdue",
    "OverdueInput",
    "SweepPlace",
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
