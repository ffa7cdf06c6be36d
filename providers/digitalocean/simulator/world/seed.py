"""The whole world of a new simulator."""

from datetime import datetime

from providers.digitalocean.simulator.state import Row
from providers.digitalocean.simulator.world.build import Ids, World
from providers.digitalocean.simulator.world.catalog import (
    IMAGES,
    REGIONS,
    SIZES,
    image_document,
    region_document,
    size_document,
)
from providers.digitalocean.simulator.world.declared import add_products
from providers.digitalocean.simulator.world.droplets import droplet_row
from providers.digitalocean.simulator.world.fleets import bill_droplet, make_fleets
from providers.digitalocean.simulator.world.network import (
    add_clusters,
    add_domains,
    add_keys,
    add_reserved_ips,
    add_vpcs,
)
from providers.digitalocean.simulator.world.past import add_actions, add_past
from providers.digitalocean.simulator.world.projects import add_account, add_projects
from providers.digitalocean.simulator.world.storage import (
    add_custom_images,
    add_droplet_images,
    add_spaces,
    add_volumes,
)

__all__ = ["add_offers", "make_world"]


def make_world(seed: int, now: datetime) -> World:
    """Creates the account, the same for the same seed and day."""
    world = World(Ids(seed), now)
    add_account(world)
    add_projects(world)
    add_offers(world)
    add_vpcs(world)
    fleets = make_fleets(world)
    add_volumes(world, fleets)
    add_droplet_images(world, fleets)
    for made in fleets:
        world.rows.append(droplet_row(made.droplet))
        world.assign(f"do:droplet:{made.droplet.id}", made.fleet.site.project, made.created)
        bill_droplet(world, made)
    add_clusters(world)
    add_custom_images(world)
    add_spaces(world)
    add_products(world, fleets, "balancers")
    add_reserved_ips(world, fleets)
    add_domains(world, fleets)
    add_keys(world)
    add_products(world, fleets)
    add_past(world)
    add_actions(world, fleets)
    return world


def add_offers(world: World) -> None:
    """Regions, sizes and public images."""
    for region in REGIONS.values():
        world.rows.append(Row("region", "", region.slug, region.name, region_document(region)))
    for size in SIZES.values():
        world.rows.append(Row("size", "", size.slug, size.slug, size_document(size)))
    for image in IMAGES.values():
        if image.kind != "admin":
            row = Row("image", image.kind, str(image.id), image.name, image_document(image))
            world.rows.append(row)
