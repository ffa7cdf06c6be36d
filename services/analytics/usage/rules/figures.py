"""Figures of usage and their owners, the facts of figures, unmetered usage and voids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from kinds.metering import Aggregation

__all__ = [
    "DailyUsage",
    "DeploymentRef",
    "Figure",
    "MeterTotal",
    "Owner",
    "ResourceUsage",
    "UnmeteredResource",
    "UsageByResource",
    "UsageFact",
    "UsageRun",
    "UsageSeries",
    "VoidedEvent",
]


@dataclass(frozen=True, slots=True)
class DeploymentRef:
    """A deployment as given, with an optional tenant."""

    tenant_id: str
    deployment: str
    """Its id or its slug."""

    @property
    def is_by_id(self) -> bool:
        """Whether it is given by id, which needs no tenant."""
        try:
            UUID(self.deployment)
        except ValueError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Owner:
    """A resolved deployment with its tenant."""

    tenant_id: str
    deployment_id: str
    slug: str = field(default="", compare=False)
    """Its slug, as used in tags; empty if the catalog did not return it."""


@dataclass(frozen=True, slots=True, order=True)
class Figure:
    """The key of the figures of one meter on a day, one for each of its dimensions."""

    day: date
    tenant_id: str
    deployment_id: str
    resource_kind: str
    aggregation: Aggregation = Aggregation.SUM
    """Of its meter."""


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """A figure: the usage of one kind with the same dimensions by a deployment on one day."""

    id: UUID
    tenant_id: str
    deployment_id: str
    resource_kind: str
    dimensions: Mapping[str, str]
    """Those of its meter that are known, such as `size`; empty if it was metered without."""
    day: date
    qty: Decimal
    """In units of the kind, exact."""
    fact_count: int
    facts_hash: str
    metered_at: datetime
    pass_id: int | None
    """The generation of its facts; None if it has only events."""
    aggregation: Aggregation = Aggregation.SUM
    """Of its meter: of any but a sum, `qty` is the day's part of the month's aggregate."""


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
    """Its part of the figure."""
    place: str
    """Its position among facts of the same time."""
    event_at: datetime | None = None
    """When the event occurred; for a level that was carried over, on an earlier day."""
    event_qty: Decimal | None = None
    """The quantity of the event, as sent."""


@dataclass(frozen=True, slots=True)
class UnmeteredResource:
    """A resource of unknown size, with its unmetered time for an owner."""

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
    """A voided event: by whom and why."""

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
    dimensions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ResourceUsage:
    """The usage of a resource with the same dimensions, in units of its meter."""

    deployment_id: str
    resource_kind: str
    resource_name: str
    qty: Decimal
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeterTotal:
    """A deployment's usage of a meter with the same dimensions, from resources and events."""

    deployment_id: str
    resource_kind: str
    qty: Decimal
    resource_count: int
    resources_qty: Decimal
    """The part of its resources; the rest came from events."""
    metered_at: datetime
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsageByResource:
    """The totals of some deployments, and their resources up to a maximum."""

    totals: tuple[MeterTotal, ...]
    """By deployment, meter and dimensions, complete."""
    resources: tuple[ResourceUsage, ...]
    """By deployment, meter and dimensions, the largest first."""


@dataclass(frozen=True, slots=True)
class UsageRun:
    """A run of days with the same quantity."""

    first_day: date
    days: int
    qty: Decimal
    """Quantity per day, in units of the kind, exact."""


@dataclass(frozen=True, slots=True)
class UsageSeries:
    """The daily usage of one kind with the same dimensions by a deployment in a period."""

    tenant_id: str
    deployment_id: str
    resource_kind: str
    runs: tuple[UsageRun, ...]
    """In order; days without usage are omitted."""
    facts_hash: str
    """Hash of its facts: SHA-256, lower-case hexadecimal."""
    dimensions: Mapping[str, str] = field(default_factory=dict)
