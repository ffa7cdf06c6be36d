"""The world as a whole: what a new simulator starts with."""

from datetime import datetime

from providers.digitalocean.simulator.world.build import World
from providers.digitalocean.simulator.world.droplets import droplet_row
from providers.digitalocean.simulator.world.fleets import bill_droplet, make_fleets
from providers.digitalocean.simulator.world.ids import Ids
from providers.digitalocean.simulator.world.offers import add_offers
from providers.digitalocean.simulator.world.projects import add_account, add_projects

__all__ = ["make_world"]


def make_world(seed: int, now: datetime) -> World:
    """The account, the same for the same seed and day."""
    world = World(Ids(seed), now)
    add_account(world)
    add_projects(world)
    add_offers(world)
    fleets = make_fleets(world)
    for made in fleets:
        world.rows.append(droplet_row(made.droplet))
        world.assign(f"do:droplet:{made.droplet.id}", made.fleet.project, made.created)
        bill_droplet(world, made)
    return world
