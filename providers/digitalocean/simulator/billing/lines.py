"""The lines of a bill, and what a lifespan costs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from providers.digitalocean.simulator.billing.ledger import Lifespan
from providers.digitalocean.simulator.billing.prices import cents, monthly_of

__all__ = ["Charge", "Line", "Period", "description_of", "usage_amount", "usage_line"]

PER_SECOND_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_MONTH_HOURS = 672
_HOUR = Decimal(3600)


class Charge(StrEnum):
    """The section of the invoice's summary that a line counts to."""

    USAGE = "usage"
    OVERAGE = "overage"
    TAX = "tax"
    CREDIT = "credit"


@dataclass(frozen=True)
class Period:
    """A half-open stretch of time, UTC; for invoices a calendar month."""

    start: datetime
    end: datetime

    @classmethod
    def month_of(cls, instant: datetime) -> "Period":
        """The calendar month that an instant lies in."""
        start = datetime(instant.year, instant.month, 1, tzinfo=UTC)
        return cls(
            start, start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        )

    @property
    def name(self) -> str:
        """As invoices name it: `2026-05`."""
        return f"{self.start:%Y-%m}"


@dataclass(frozen=True)
class Line:
    """One line of an invoice. `amount` is USD, whole cents, negative for a credit."""

    charge: Charge
    product: str
    description: str
    amount: Decimal
    start: datetime
    end: datetime
    group_description: str = ""
    hours: Decimal | None = None
    project_name: str = ""
    category: str = "iaas"
    kind: str = ""
    """What was billed, and which: the truth that matching is tested against."""
    resource_id: str = ""
    resource_uuid: str = ""


_PRODUCTS = {
    "droplet": ("Droplets", "iaas"),
    "backup": ("Droplet Backups", "iaas"),
    "snapshot": ("Droplet Snapshots", "iaas"),
    "custom_image": ("Custom Images", "iaas"),
    "volume": ("Volumes", "iaas"),
    "volume_snapshot": ("Volume Snapshots", "iaas"),
    "kubernetes_node": ("Kubernetes Clusters", "paas"),
    "kubernetes_ha": ("Kubernetes Clusters", "paas"),
    "load_balancer": ("Load Balancers", "iaas"),
    "database": ("Database Clusters", "paas"),
    "app": ("App Platform", "paas"),
    "reserved_ip": ("Floating IPs", "iaas"),
    "reserved_ipv6": ("Reserved IPv6s", "iaas"),
    "nat_gateway": ("NAT Gateways", "iaas"),
    "partner_attachment": ("Partner Network Connect", "iaas"),
    "container_registry": ("Container Registry", "paas"),
    "functions_namespace": ("Functions", "paas"),
    "nfs_share": ("NFS", "iaas"),
    "database_replica": ("Database Clusters", "paas"),
    "gradient_agent": ("Gradient AI", "paas"),
    "dedicated_inference": ("Gradient AI", "paas"),
    "uptime_check": ("Uptime", "paas"),
}


_NAMED_ALONE = frozenset({"reserved_ipv6", "nat_gateway"})
"""What a bill names without saying how large it is."""


def description_of(life: Lifespan) -> str:
    """How a bill and the insights describe a resource: its name, then what it is in brackets."""
    if life.kind == "reserved_ip":
        return f"Unused Floating IP - {life.name}"
    if life.kind in _NAMED_ALONE:
        return life.name
    if life.kind == "kubernetes_ha":
        return f"{life.name} (High Availability)"
    if life.kind == "load_balancer":
        return f"{life.name} ({life.quantity} node{'s' if life.quantity > 1 else ''})"
    return f"{life.name} ({life.sku or f'{life.quantity}GB'})"


def usage_amount(life: Lifespan, period: Period) -> tuple[Decimal, Decimal] | None:
    """Unrounded amount and hours of a stretch within a period; None when it has no part in it.

    Hours are begun hours until 2026, exact ones since; a month never costs more than its price.
    """
    monthly = monthly_of(life)
    start = max(life.started_at, period.start)
    end = period.end if life.ended_at is None else min(life.ended_at, period.end)
    if monthly is None or start >= end:
        return None
    hours = Decimal(str((end - start).total_seconds())) / _HOUR
    if period.start < PER_SECOND_SINCE:
        hours = hours.to_integral_value(ROUND_CEILING)
    return min(hours, Decimal(_MONTH_HOURS)) * monthly / _MONTH_HOURS, hours


def usage_line(life: Lifespan, period: Period) -> Line | None:
    """The line of a stretch of life in a month's bill; at least a cent for a droplet."""
    used = usage_amount(life, period)
    if used is None:
        return None
    amount, hours = used
    product, category = _PRODUCTS[life.kind]
    floor = Decimal("0.01") if life.kind == "droplet" else Decimal(0)
    return Line(
        charge=Charge.USAGE,
        product=product,
        description=description_of(life),
        amount=max(cents(amount), floor),
        start=max(life.started_at, period.start),
        end=period.end if life.ended_at is None else min(life.ended_at, period.end),
        group_description=life.group_name,
        hours=hours.quantize(Decimal("0.01")) if hours % 1 else hours.quantize(Decimal(1)),
        project_name=life.project,
        category=category,
        kind=life.kind,
        resource_id=life.resource_id,
        resource_uuid=life.resource_uuid,
    )
