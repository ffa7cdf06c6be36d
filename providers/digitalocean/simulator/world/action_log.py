"""The action log: what was done to the droplets, and when."""

from datetime import datetime, timedelta

import orjson

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.world.build import World
from providers.digitalocean.simulator.world.catalog import region_document
from providers.digitalocean.simulator.world.fleets import FleetDroplet, half_way

__all__ = ["add_actions"]

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
