"""Scales the account to a number of droplets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from providers.digitalocean.simulator.billing.ledger import Lifespan
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Query
from providers.digitalocean.simulator.world.build import Assignment, Ids
from providers.digitalocean.simulator.world.catalog import IMAGES, REGIONS, SIZES
from providers.digitalocean.simulator.world.droplets import Droplet, droplet_row

__all__ = ["BULK_NAME", "BulkDroplet", "bulk_droplets", "remove_droplets", "scale_to"]

_CHUNK = 2_000


def scale_to(simulation: Simulation, droplets: int) -> int:
    """Scales the plain list to a number of droplets; returns the resulting number.

    Only bulk droplets are added and removed, so it never falls below the account's own.
    """
    _, present = simulation.store.page(Query("droplet", "cpu"), 0, 0)
    with simulation.store.transaction():
        if present < droplets:
            _grow(simulation, droplets - present)
        elif present > droplets:
            _shrink(simulation, present - droplets)
    _, present = simulation.store.page(Query("droplet", "cpu"), 0, 0)
    return present


def _grow(simulation: Simulation, missing: int) -> None:
    store = simulation.store
    ids = Ids(int(store.fact("seed") or "0"))
    first = store.next_number("bulk_number", missing)
    made = bulk_droplets(
        ids,
        store.next_number("droplet_id", missing * 3),
        range(first, first + missing),
        simulation.clock.now(),
    )
    projects = {document["name"]: document["id"] for document in store.documents("project")}
    default = next(d["id"] for d in store.documents("project") if d["is_default"])
    while chunk := list(islice(made, _CHUNK)):  # so that memory stays constant
        store.insert(droplet_row(bulk.droplet) for bulk in chunk)
        simulation.ledger.add(bulk.lifespan for bulk in chunk)
        simulation.assignments.add(
            [
                Assignment(
                    f"do:droplet:{bulk.droplet.id}",
                    projects.get(bulk.project, default),
                    bulk.droplet.created_at,
                )
                for bulk in chunk
            ]
        )


def _shrink(simulation: Simulation, excess: int) -> None:
    connection = simulation.store.connection
    removed = connection.execute(
        "SELECT id FROM object WHERE kind = 'droplet' AND bucket = 'cpu' AND name LIKE ? "
        "ORDER BY position DESC LIMIT ?",
        (f"{BULK_NAME}%", excess),
    ).fetchall()
    remove_droplets(simulation, [identifier for (identifier,) in removed])


def remove_droplets(simulation: Simulation, identifiers: list[str]) -> int:
    """Removes droplets from projects, with their backups, and ends their bills."""
    with simulation.store.transaction():
        _detach(simulation, identifiers)
        simulation.assignments.remove([f"do:droplet:{identifier}" for identifier in identifiers])
        simulation.ledger.end(identifiers, simulation.clock.now())
        return simulation.store.delete("droplet", identifiers)


def _detach(simulation: Simulation, identifiers: list[str]) -> None:
    """Detaches volumes and deletes backups; snapshots stay."""
    store = simulation.store
    gone = {int(identifier) for identifier in identifiers}
    for volume in store.documents("volume"):
        if gone & set(volume["droplet_ids"]):
            volume["droplet_ids"] = [i for i in volume["droplet_ids"] if i not in gone]
            store.replace("volume", volume["id"], volume, volume["name"])
    backups = [
        backup
        for (backup, droplet) in store.connection.execute(
            "SELECT id, bucket FROM object WHERE kind = 'droplet_backup'"
        )
        if int(droplet) in gone
    ]
    store.delete("droplet_backup", backups)
    store.delete("image", backups)


BULK_NAME = "fleet-"
"""The prefix of bulk droplets' names."""

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
    """A bulk droplet, its project and its billed lifetime."""

    droplet: Droplet
    project: str
    lifespan: Lifespan


def bulk_droplets(ids: Ids, first_id: int, numbers: range, now: datetime) -> Iterator[BulkDroplet]:
    """Generates droplets `fleet-<number>` over tenants, sizes and regions, with ascending ids."""
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
