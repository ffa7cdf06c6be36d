"""The lines of a bill, and the cost of a lifespan."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import StrEnum

from providers.digitalocean.simulator.billing.ledger import Lifespan
from providers.digitalocean.simulator.world.catalog import APP_SIZES, SIZES

__all__ = [
    "BANDWIDTH_PER_GB",
    "SPACES_INCLUDED_GB",
    "SPACES_MONTHLY",
    "SPACES_PER_GB",
    "TAX_PERCENT",
    "Charge",
    "Line",
    "Period",
    "cents",
    "description_of",
    "monthly_of",
    "monthly_of_storage",
    "usage_amount",
    "usage_line",
]

SPACES_MONTHLY = Decimal(5)
SPACES_INCLUDED_GB = Decimal(250)
SPACES_PER_GB = Decimal("0.02")
BANDWIDTH_PER_GB = Decimal("0.01")
TAX_PERCENT = Decimal(10)

_PER_GB = {
    "volume": Decimal("0.10"),
    "snapshot": Decimal("0.06"),
    "volume_snapshot": Decimal("0.06"),
    "custom_image": Decimal("0.06"),
}
_DATABASES = {
    "db-s-1vcpu-1gb": Decimal(15),
    "db-s-1vcpu-2gb": Decimal(30),
    "db-s-2vcpu-4gb": Decimal(60),
    "db-s-4vcpu-8gb": Decimal(120),
}
_FLAT = {
    "reserved_ipv6": Decimal(1),
    "nat_gateway": Decimal(40),
    "partner_attachment": Decimal(250),
    "container_registry": Decimal(5),
    "functions_namespace": Decimal("1.85"),
    "nfs_share": Decimal(30),
    "gradient_agent": Decimal("12.40"),
    "uptime_check": Decimal(1),
}
"""Prices of kinds with one or two resources. Real prices depend on usage and sizes that the
simulator does not have; a bill only needs an amount."""
_BACKUP_SHARE = Decimal("0.2")


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to the cent, like each line of a bill."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def monthly_of_storage(kind: str, gigabytes: Decimal) -> Decimal:
    """The monthly price of that many GB. KeyError for kinds not priced per GB."""
    return _PER_GB[kind] * gigabytes


def _flat(price: Decimal) -> Callable[[Lifespan], Decimal]:
    return lambda _: price


def _of_size(life: Lifespan) -> Decimal:
    return SIZES[life.sku].monthly if life.monthly is None else life.monthly


def _of_app(life: Lifespan) -> Decimal:
    return APP_SIZES[life.sku].monthly if life.monthly is None else life.monthly


_MONTHLY: dict[str, Callable[[Lifespan], Decimal]] = {
    "droplet": _of_size,
    "backup": lambda life: _of_size(life) * _BACKUP_SHARE,
    "kubernetes_node": _of_size,
    "kubernetes_ha": lambda _: Decimal(40),
    "load_balancer": lambda life: 12 * life.quantity,
    "database": lambda life: _DATABASES[life.sku] * life.quantity,
    "app": _of_app,
    "reserved_ip": lambda _: Decimal(5),
    "database_replica": lambda life: _DATABASES[life.sku],
    "dedicated_inference": _of_size,
    **{kind: _flat(price) for kind, price in _FLAT.items()},
    **{kind: lambda life: monthly_of_storage(life.kind, life.quantity) for kind in _PER_GB},
}


def monthly_of(life: Lifespan) -> Decimal | None:
    """The price of a whole month; None if it is billed for the whole account (Spaces)."""
    price = _MONTHLY.get(life.kind)
    return None if price is None else price(life)


PER_SECOND_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_MONTH_HOURS = 672
_HOUR = Decimal(3600)


class Charge(StrEnum):
    """The section of the invoice's summary that a line belongs to."""

    USAGE = "usage"
    OVERAGE = "overage"
    TAX = "tax"
    CREDIT = "credit"


@dataclass(frozen=True)
class Period:
    """A half-open span of time, UTC; for invoices a calendar month."""

    start: datetime
    end: datetime

    @classmethod
    def month_of(cls, instant: datetime) -> "Period":
        """The calendar month of an instant."""
        start = datetime(instant.year, instant.month, 1, tzinfo=UTC)
        return cls(
            start, start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        )

    @property
    def name(self) -> str:
        """The name on invoices: `2026-05`."""
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
    """The billed resource: the truth for tests of matching."""
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
"""Kinds that a bill names without a size."""


def description_of(life: Lifespan) -> str:
    """A resource's description on bills and in the insights: its name, then details in brackets."""
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
    """Unrounded amount and hours of a lifespan within a period; None if they do not overlap.

    Hours are started hours until 2026, exact ones since; a month never costs more than its price.
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
    """The line of a lifespan in a month's bill; at least a cent for a droplet."""
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
