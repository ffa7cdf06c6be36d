"""Figures of usage, the facts behind them, and what could not be metered or was taken back."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

__all__ = [
    "DailyUsage",
    "Figure",
    "MeterTotal",
    "ResourceUsage",
    "UnmeteredResource",
    "UsageByResource",
    "UsageFact",
    "VoidedEvent",
]


@dataclass(frozen=True, slots=True, order=True)
class Figure:
    """What a figure of usage is about."""

    day: date
    tenant_id: str
    deployment_id: str
    resource_kind: str


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """How much of a kind a deployment used on a day: a figure."""

    id: UUID
    tenant_id: str
    deployment_id: str
    resource_kind: str
    day: date
    qty: Decimal
    """In units of the kind, exact."""
    fact_count: int
    facts_hash: str
    metered_at: datetime
    pass_id: int | None
    """The generation whose facts it adds up; None where only events were."""


@dataclass(frozen=True, slots=True)
class UsageFact:
    """A fact or an event behind a figure."""

    source: str
    """`interval` or `event`."""
    resource_id: str
    inventory_kind: str
    resource_name: str
    fact_from: datetime
    fact_to: datetime
    size_gb: Decimal | None
    event_key: str
    qty: Decimal
    place: str
    """Among those of the same instant."""


@dataclass(frozen=True, slots=True)
class UnmeteredResource:
    """A resource of unknown size, and how long it went unmetered for its owner."""

    resource_id: UUID
    tenant_id: str
    deployment_id: str
    inventory_kind: str
    resource_kind: str
    resource_name: str
    reason: str
    first_day: date
    last_day: date
    seconds: int


@dataclass(frozen=True, slots=True)
class VoidedEvent:
    """A wrong event that was taken back, by whom and why."""

    source: str
    idempotency_key: str
    tenant_id: str
    deployment_id: str
    resource_kind: str
    qty: Decimal
    occurred_at: datetime
    reason: str
    voided_by: str
    voided_at: datetime


@dataclass(frozen=True, slots=True)
class ResourceUsage:
    """What a resource used, in units of its meter."""

    deployment_id: str
    resource_kind: str
    resource_name: str
    qty: Decimal


@dataclass(frozen=True, slots=True)
class MeterTotal:
    """What a deployment used of a meter, whether by a resource or sent in as events."""

    deployment_id: str
    resource_kind: str
    qty: Decimal
    resource_count: int
    resources_qty: Decimal
    """Of all its resources; the rest was sent in as events."""
    metered_at: datetime


@dataclass(frozen=True, slots=True)
class UsageByResource:
    """The totals of some deployments, and their resources up to a limit."""

    totals: tuple[MeterTotal, ...]
    """By deployment and meter; all of them."""
    resources: tuple[ResourceUsage, ...]
    """By deployment and meter, the largest first."""
