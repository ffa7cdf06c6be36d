"""What is on offer to every account: regions, sizes and public images."""

from providers.digitalocean.simulator.state import Row
from providers.digitalocean.simulator.world.build import World
from providers.digitalocean.simulator.world.catalog import (
    IMAGES,
    REGIONS,
    SIZES,
    image_document,
    region_document,
    size_document,
)

__all__ = ["add_offers"]


def add_offers(world: World) -> None:
    """Regions, sizes and the images that anyone may use."""
    for region in REGIONS.values():
        world.rows.append(Row("region", "", region.slug, region.name, region_document(region)))
    for size in SIZES.values():
        world.rows.append(Row("size", "", size.slug, size.slug, size_document(size)))
    for image in IMAGES.values():
        if image.kind != "admin":
            row = Row("image", image.kind, str(image.id), image.name, image_document(image))
            world.rows.append(row)
