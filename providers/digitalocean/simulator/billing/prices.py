"""Monthly list prices in USD: the only place that has them."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from providers.digitalocean.simulator.billing.ledger import Lifespan
from providers.digitalocean.simulator.world.catalog import SIZES

__all__ = [
    "BANDWIDTH_PER_GB",
    "SPACES_INCLUDED_GB",
    "SPACES_MONTHLY",
    "SPACES_PER_GB",
    "TAX_PERCENT",
    "cents",
    "monthly_of",
    "monthly_of_storage",
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
_APPS = {"basic-xxs": Decimal(5), "professional-xs": Decimal(12)}
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
"""What the account's one or two of a kind come to. The real prices hang on use and sizes that
the simulator does not have; a bill needs an amount only."""
_BACKUP_SHARE = Decimal("0.2")


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to the cent, as each line of a bill is."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def monthly_of_storage(kind: str, gigabytes: Decimal) -> Decimal:
    """The price of a month of that many GB. KeyError for what is not priced by the GB."""
    return _PER_GB[kind] * gigabytes


def _flat(price: Decimal) -> Callable[[Lifespan], Decimal]:
    return lambda _: price


_MONTHLY: dict[str, Callable[[Lifespan], Decimal]] = {
    "droplet": lambda life: SIZES[life.sku].monthly,
    "backup": lambda life: SIZES[life.sku].monthly * _BACKUP_SHARE,
    "kubernetes_node": lambda life: SIZES[life.sku].monthly,
    "kubernetes_ha": lambda _: Decimal(40),
    "load_balancer": lambda life: 12 * life.quantity,
    "database": lambda life: _DATABASES[life.sku] * life.quantity,
    "app": lambda life: _APPS[life.sku],
    "reserved_ip": lambda _: Decimal(5),
    "database_replica": lambda life: _DATABASES[life.sku],
    "dedicated_inference": lambda life: SIZES[life.sku].monthly,
    **{kind: _flat(price) for kind, price in _FLAT.items()},
    **{kind: lambda life: monthly_of_storage(life.kind, life.quantity) for kind in _PER_GB},
}


def monthly_of(life: Lifespan) -> Decimal | None:
    """The price of a whole month; None for what is billed for the account as one (Spaces)."""
    price = _MONTHLY.get(life.kind)
    return None if price is None else price(life)
