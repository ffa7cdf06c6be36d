"""Payloads of dunning and trials: ids and counts."""

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
    """The cursor of a sweep."""

    page_token: str = ""
    tenant_count: int = 0


@dataclass(frozen=True, slots=True)
class DunningSweepResult:
    """The number of overdue tenants, each with a dunning."""

    tenant_count: int
    notices: str = ""
    """The notices posted before invoices are past due, in words."""

    def in_words(self) -> str:
        """In one line."""
        words = f"{self.tenant_count:,} tenants with overdue invoices, each with a dunning"
        return f"{words}; {self.notices}" if self.notices else words


@dataclass(frozen=True, slots=True)
class OverdueInput:
    """A tenant, and the ISO date before which its invoices were due."""

    tenant_id: str
    today: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """A tenant's unpaid invoices; number and due date are of the longest overdue one."""

    invoice_count: int = 0
    number: str = ""
    due_on: str = ""

    def in_words(self) -> str:
        """In one line."""
        more = f" and {self.invoice_count - 1} more" if self.invoice_count > 1 else ""
        return f"invoice {self.number}{more} was due on {self.due_on}"


@dataclass(frozen=True, slots=True)
class BillingAction:
    """A state change of a tenant's deployments."""

    tenant_id: str
    to_state: str
    from_states: tuple[str, ...]
    reason: str
    actor: str
    key: str
    """The idempotency key of this change."""
    only: tuple[str, ...] = ()
    """Only these deployments; all of the tenant's if empty."""
    but: tuple[str, ...] = ()
    """Not these."""


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """The outcome for the deployments with an allowed transition."""

    moved: tuple[str, ...] = ()
    already_there: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()
    """Changed by another actor in the meantime, or with suspended billing actions."""
    power_off: tuple[str, ...] = ()
    """The changed deployments whose droplets a suspension powers off."""

    @property
    def in_state(self) -> tuple[str, ...]:
        """The deployments that are in the state now, changed or already there."""
        return (*self.moved, *self.already_there)


@dataclass(frozen=True, slots=True)
class TenantNotice:
    """A notice of a planned action: what, when, why, and how to prevent it."""

    key: str
    """The idempotency key of the notice."""
    action: str
    """`past_due`, `suspension`, or `left_off`, which reports a present state."""
    tenant_id: str
    """Empty for notices to the operator only."""
    at: str
    """When it happens, RFC 3339."""
    what: str
    why: str
    what_to_do: str
    deployment_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Noticed:
    """Whether the notice was delivered; otherwise the reason."""

    is_delivered: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PastDueNotices:
    """The invoices to notify about: due in a half-open range of ISO dates."""

    today: str
    until: str


@dataclass(frozen=True, slots=True)
class PastDueResult:
    """The numbers of delivered and undelivered notices."""

    page_token: str = ""
    told_count: int = 0
    untold_count: int = 0
    reason: str = ""
    """Why the last one was not delivered."""

    def in_words(self) -> str:
        """In one line; empty without notices."""
        if not self.told_count and not self.untold_count:
            return ""
        words = f"{self.told_count:,} notices of invoices due soon delivered"
        return (
            f"{words}, {self.untold_count:,} not delivered: {self.reason}"
            if self.untold_count
            else words
        )
