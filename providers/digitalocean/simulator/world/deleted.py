"""Deleted droplets and volumes, which only old invoices name."""

from dataclasses import dataclass
from decimal import Decimal

from providers.digitalocean.simulator.world.build import World

__all__ = ["add_past"]


@dataclass(frozen=True)
class Deleted:
    """A deleted droplet; its times are shares of the account's age."""

    name: str
    size: str
    region: str
    project: str
    created: float
    deleted: float
    backups: bool = False


_DELETED = (
    Deleted("legacy-db-1", "s-4vcpu-8gb", "nyc3", "Acme production", 0.02, 0.46, backups=True),
    # The name was used again: only the times tell the two web-2 apart.
    Deleted("web-2", "s-1vcpu-2gb", "nyc3", "Acme production", 0.01, 0.04),
    Deleted("portal-old", "s-2vcpu-2gb", "fra1", "Globex production", 0.05, 0.33),
    Deleted("migration-temp", "c-4", "nyc3", "Initech production", 0.51, 0.515),
    Deleted("trainer-trial", "gpu-l40sx1-48gb", "tor1", "Hooli production", 0.6, 0.612),
    Deleted("load-test-1", "s-1vcpu-1gb", "ams3", "Operations", 0.95, 0.9502),
    Deleted("load-test-2", "s-1vcpu-1gb", "ams3", "Operations", 0.95, 0.9502),
)


def add_past(world: World) -> None:
    """Lifespans without an object of today."""
    for droplet in _DELETED:
        identifier = world.ids.number("droplet", 386_412_077)
        started = world.instant(droplet.name, earliest=droplet.created, latest=droplet.created)
        ended = world.instant(droplet.name, earliest=droplet.deleted, latest=droplet.deleted)
        for kind in ("droplet", "backup") if droplet.backups else ("droplet",):
            world.bill(
                kind,
                str(identifier),
                droplet.name,
                droplet.region,
                droplet.project,
                started,
                sku=droplet.size,
                ended_at=max(ended, started),
            )
    started = world.instant("old volume", earliest=0.1, latest=0.15)
    ended = world.instant("old volume gone", earliest=0.4, latest=0.45)
    world.bill(
        "volume",
        world.ids.uuid("volume", "legacy-data"),
        "legacy-data",
        "nyc3",
        "Acme production",
        started,
        ended_at=ended,
        quantity=Decimal(100),
    )
