"""Many droplets at once, for measurements at 10,000 and 100,000."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from providers.digitalocean.simulator.billing.lifespan import Lifespan
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.world.catalog import IMAGES, REGIONS, SIZES
from providers.digitalocean.simulator.world.droplets import Droplet
from providers.digitalocean.simulator.world.ids import Ids

__all__ = ["BULK_NAME", "BulkDroplet", "bulk_droplets"]

BULK_NAME = "fleet-"
"""How the names of bulk droplets begin."""

_TENANTS = (
    ("acme", "Acme production"),
    ("globex", "Globex production"),
    ("initech", "Initech production"),
    ("hooli", "Hooli production"),
    ("umbrella", "Operations"),
)
_SIZES = ("s-1vcpu-1gb", "s-2vcpu-4gb", "s-1vcpu-2gb", "c-2", "s-4vcpu-8gb")
_REGIONS = ("nyc3", "sfo3", "ams3", "fra1", "sgp1")


@dataclass(frozen=True)
class BulkDroplet:
    """A bulk droplet, the project it is in and its life for the bills."""

    droplet: Droplet
    project: str
    lifespan: Lifespan


def bulk_droplets(ids: Ids, first_id: int, numbers: range, now: datetime) -> Iterator[BulkDroplet]:
    """Droplets `fleet-<number>`, spread over tenants, sizes and regions, ids from `first_id` on."""
    vpcs = {slug: ids.uuid("vpc", f"default-{slug}") for slug in _REGIONS}
    image = IMAGES["ubuntu-24-04-x64"]
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for offset, number in enumerate(numbers):
        tenant, project = _TENANTS[number % len(_TENANTS)]
        region = _REGIONS[number // 5 % len(_REGIONS)]
        size = SIZES[_SIZES[number // 25 % len(_SIZES)]]
        created = midnight - timedelta(seconds=86_400 + number * 7919 % (60 * 86_400))
        droplet = Droplet(
            id=first_id + offset * 3,
            name=f"{BULK_NAME}{number:06d}",
            size=size,
            region=REGIONS[region],
            image=image,
            created_at=render_instant(created),
            vpc_uuid=vpcs[region],
            tags=(f"tenant:{tenant}", f"deployment:{tenant}-fleet", "env:prod"),
        )
        lifespan = Lifespan(
            "droplet",
            str(droplet.id),
            f"b01c0000-0000-4000-8000-{droplet.id:012x}",
            droplet.name,
            region,
            project,
            created,
            sku=size.slug,
        )
        yield BulkDroplet(droplet, project, lifespan)
