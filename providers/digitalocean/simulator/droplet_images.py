"""Snapshots taken of droplets: an entry among the snapshots, and a private image."""

from datetime import datetime
from decimal import Decimal

import orjson

from providers.digitalocean.simulator.billing.lifespan import Lifespan
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document, Row

__all__ = ["private_image", "snapshot_row", "take_snapshot"]


def private_image(
    identifier: int, name: str, kind: str, droplet: Document, at: str, size_gigabytes: float
) -> Row:
    """The image that a snapshot or a backup of a droplet is."""
    image = droplet["image"]
    document = {
        "id": identifier,
        "name": name,
        "type": kind,
        "distribution": image["distribution"],
        "slug": None,
        "public": False,
        "regions": [droplet["region"]["slug"]],
        "created_at": at,
        "min_disk_size": droplet["disk"],
        "size_gigabytes": size_gigabytes,
        "description": "",
        "tags": [],
        "status": "available",
    }
    return Row("image", "private", str(identifier), name, orjson.dumps(document))


def snapshot_row(
    identifier: int, name: str, droplet: Document, at: str, size_gigabytes: float
) -> Row:
    """The snapshot as `/v2/snapshots` lists it."""
    document = {
        "id": str(identifier),
        "name": name,
        "created_at": at,
        "regions": [droplet["region"]["slug"]],
        "min_disk_size": droplet["disk"],
        "size_gigabytes": size_gigabytes,
        "resource_id": str(droplet["id"]),
        "resource_type": "droplet",
        "tags": [],
    }
    return Row("snapshot", "droplet", str(identifier), name, orjson.dumps(document))


def take_snapshot(simulation: Simulation, droplet: Document, name: str, at: datetime) -> int:
    """Add a snapshot of a droplet and start to bill it; answers its id."""
    number = simulation.store.next_number("image_id", 13)
    size = round(droplet["disk"] * 0.113, 2)
    instant = render_instant(at)
    simulation.store.insert(
        [
            snapshot_row(number, name, droplet, instant, size),
            private_image(number, name, "snapshot", droplet, instant, size),
        ]
    )
    project = simulation.project_name(f"do:droplet:{droplet['id']}")
    lifespan = Lifespan(
        "snapshot",
        str(number),
        f"5a400000-0000-4000-8000-{number:012x}",
        name,
        "",
        Decimal(str(size)),
        droplet["region"]["slug"],
        project,
        "",
        at.replace(microsecond=0),
    )
    simulation.ledger.add([lifespan])
    return number
