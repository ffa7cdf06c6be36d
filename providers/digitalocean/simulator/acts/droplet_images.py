"""Snapshots of droplets that are taken while the simulator runs."""

from datetime import datetime
from decimal import Decimal

from providers.digitalocean.simulator.billing.lifespan import Lifespan
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.world.products.images import (
    Origin,
    droplet_snapshot,
    private_image,
    snapshot_row,
)

__all__ = ["take_snapshot"]


def take_snapshot(simulation: Simulation, droplet: Document, name: str, at: datetime) -> int:
    """Add a snapshot of a droplet and start to bill it; answers its id."""
    number = simulation.store.next_number("image_id", 13)
    size = round(droplet["disk"] * 0.113, 2)
    instant = render_instant(at)
    origin = Origin.of_document(droplet)
    simulation.store.insert(
        [
            snapshot_row(number, name, origin, instant, size),
            droplet_snapshot(number, name, origin, instant, size, "snapshot"),
            private_image(number, name, "snapshot", origin, instant, size),
        ]
    )
    lifespan = Lifespan(
        "snapshot",
        str(number),
        f"5a400000-0000-4000-8000-{number:012x}",
        name,
        droplet["region"]["slug"],
        simulation.project_name(f"do:droplet:{droplet['id']}"),
        at.replace(microsecond=0),
        quantity=Decimal(str(size)),
    )
    simulation.ledger.add([lifespan])
    return number
