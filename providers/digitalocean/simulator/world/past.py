"""The account's past: deleted droplets and volumes, and the log of actions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import orjson

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.world.build import Place, World
from providers.digitalocean.simulator.world.catalog import region_document
from providers.digitalocean.simulator.world.fleets import FleetDroplet, half_way

__all__ = ["add_actions", "add_past"]


@dataclass(frozen=True)
class Deleted:
    """A deleted droplet; its times are fractions of the account's age."""

    name: str
    size: str
    region: str
    project: str
    created: float
    deleted: float
    backups: bool = False


_DELETED = (
    Deleted("legacy-db-1", "s-4vcpu-8gb", "nyc3", "Acme production", 0.02, 0.46, backups=True),
    # The name was used again: only the times distinguish the two web-2.
    Deleted("web-2", "s-1vcpu-2gb", "nyc3", "Acme production", 0.01, 0.04),
    Deleted("portal-old", "s-2vcpu-2gb", "fra1", "Globex production", 0.05, 0.33),
    Deleted("migration-temp", "c-4", "nyc3", "Initech production", 0.51, 0.515),
    Deleted("trainer-trial", "gpu-l40sx1-48gb", "tor1", "Hooli production", 0.6, 0.612),
    Deleted("load-test-1", "s-1vcpu-1gb", "ams3", "Operations", 0.95, 0.9502),
    Deleted("load-test-2", "s-1vcpu-1gb", "ams3", "Operations", 0.95, 0.9502),
)


def add_past(world: World) -> None:
    """Lifespans of deleted objects."""
    for droplet in _DELETED:
        identifier = world.ids.number("droplet", 386_412_077)
        started = world.instant(droplet.name, earliest=droplet.created, latest=droplet.created)
        ended = world.instant(droplet.name, earliest=droplet.deleted, latest=droplet.deleted)
        for kind in ("droplet", "backup") if droplet.backups else ("droplet",):
            end = max(ended, started)
            world.bill(kind, str(identifier), droplet, started, sku=droplet.size, ended_at=end)
    started = world.instant("old volume", earliest=0.1, latest=0.15)
    ended = world.instant("old volume gone", earliest=0.4, latest=0.45)
    volume = world.ids.uuid("volume", "legacy-data")
    place = Place("legacy-data", "nyc3", "Acme production")
    world.bill("volume", volume, place, started, ended_at=ended, quantity=Decimal(100))


_FIRST_ACTION = 2_060_417_013


def add_actions(world: World, fleets: list[FleetDroplet]) -> None:
    """Creates, resizes and renames of the fleets, oldest first."""
    events: list[tuple[datetime, str, FleetDroplet]] = []
    for made in fleets:
        events.append((made.created, "create", made))
        if made.was_resized:
            middle = half_way(made.created, world.now)
            events.append((middle - timedelta(minutes=3), "power_off", made))
            events.append((middle, "resize", made))
            events.append((middle + timedelta(minutes=2), "power_on", made))
        if made.was_renamed:
            events.append((half_way(made.created, world.now), "rename", made))
    for at, kind, made in sorted(events, key=lambda event: event[0]):
        number = world.ids.number("action", _FIRST_ACTION)
        document: Document = {
            "id": number,
            "status": "completed",
            "type": kind,
            "started_at": render_instant(at),
            "completed_at": render_instant(at + timedelta(seconds=37)),
            "resource_id": made.droplet.id,
            "resource_type": "droplet",
            "region": orjson.Fragment(region_document(made.droplet.region)),
            "region_slug": made.droplet.region.slug,
        }
        world.add("action", str(number), document, bucket=f"droplet:{made.droplet.id}")
