"""What is gone: droplets and volumes that live on in old invoices only."""

from dataclasses import dataclass
from decimal import Decimal

from providers.digitalocean.simulator.world.build import World

__all__ = ["add_past"]


@dataclass(frozen=True)
class Departed:
    """A droplet that was deleted; shares of the account's life say when it lived."""

    name: str
    size: str
    region: str
    project: str
    born: float
    gone: float
    backups: bool = False


_DEPARTED = (
    Departed("legacy-db-1", "s-4vcpu-8gb", "nyc3", "Acme production", 0.02, 0.46, backups=True),
    # The name was used again: only the times tell the two web-2 apart.
    Departed("web-2", "s-1vcpu-2gb", "nyc3", "Acme production", 0.01, 0.04),
    Departed("portal-old", "s-2vcpu-2gb", "fra1", "Globex production", 0.05, 0.33),
    Departed("migration-temp", "c-4", "nyc3", "Initech production", 0.51, 0.515),
    Departed("trainer-trial", "gpu-l40sx1-48gb", "tor1", "Hooli production", 0.6, 0.612),
    Departed("load-test-1", "s-1vcpu-1gb", "ams3", "Operations", 0.95, 0.9502),
    Departed("load-test-2", "s-1vcpu-1gb", "ams3", "Operations", 0.95, 0.9502),
)


def add_past(world: World) -> None:
    """Lifespans without an object of today."""
    for departed in _DEPARTED:
        identifier = world.ids.number("droplet", 386_412_077)
        started = world.instant(departed.name, earliest=departed.born, latest=departed.born)
        ended = world.instant(departed.name, earliest=departed.gone, latest=departed.gone)
        for kind in ("droplet", "backup") if departed.backups else ("droplet",):
            world.bill(
                kind,
                str(identifier),
                departed.name,
                departed.region,
                departed.project,
                started,
                sku=departed.size,
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
