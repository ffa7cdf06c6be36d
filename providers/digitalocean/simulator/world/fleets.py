"""The fleets as droplets, with what happened to them in the past."""

from datetime import datetime, timedelta

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.world.build import World
from providers.digitalocean.simulator.world.catalog import IMAGES, REGIONS, SIZES
from providers.digitalocean.simulator.world.droplets import Droplet
from providers.digitalocean.simulator.world.plans import FLEETS, Fleet

__all__ = ["FleetDroplet", "bill_droplet", "default_vpc", "half_way", "make_fleets"]

_FIRST_DROPLET = 386_412_077


class FleetDroplet:
    """A droplet with its fleet and its age, which the API does not show."""

    def __init__(self, droplet: Droplet, fleet: Fleet, number: int, created: datetime) -> None:
        self.droplet = droplet
        self.fleet = fleet
        self.number = number
        self.created = created

    @property
    def was_resized(self) -> bool:
        """Whether it once had another size."""
        return bool(self.fleet.resized_from) and self.number == 1

    @property
    def was_renamed(self) -> bool:
        """Whether it once had another name."""
        return bool(self.fleet.renamed_from) and self.number == self.fleet.count


def half_way(start: datetime, end: datetime) -> datetime:
    """The whole minute half-way: when what changed once in a life changed."""
    midnight = end.replace(hour=0, minute=0, second=0, microsecond=0)
    return (start + (midnight - start) / 2).replace(microsecond=0, second=0)


def default_vpc(world: World, region: str) -> str:
    """The id of a region's default VPC."""
    return world.ids.uuid("vpc", f"default-{region}")


def make_fleets(world: World) -> list[FleetDroplet]:
    """Every droplet of the declared fleets, oldest first; not yet added to the world."""
    planned = sorted(
        (
            (world.instant("droplet", fleet.site.project, fleet.role, number), fleet, number)
            for fleet in FLEETS
            for number in range(1, fleet.count + 1)
        ),
        key=lambda plan: plan[0],
    )
    return [_make(world, *plan) for plan in planned]


def _make(world: World, created: datetime, fleet: Fleet, number: int) -> FleetDroplet:
    size = SIZES[fleet.size]
    identifier = world.ids.number("droplet", _FIRST_DROPLET)
    name = f"{fleet.role}-{number}" if fleet.count > 1 or fleet.site.deployment else fleet.role
    resized = bool(fleet.resized_from) and number == 1
    droplet = Droplet(
        id=identifier,
        name=name,
        size=size,
        region=REGIONS[fleet.site.region],
        image=IMAGES[fleet.image],
        created_at=render_instant(created),
        vpc_uuid=default_vpc(world, fleet.site.region),
        tags=fleet.site.all_tags(),
        status="off" if fleet.role == "batch" else "active",
        disk=SIZES[fleet.resized_from].disk if resized else None,
        features=("backups", "droplet_agent", "private_networking")
        if fleet.backups
        else ("droplet_agent", "private_networking"),
        backup_window=_backup_window(world.now) if fleet.backups else None,
    )
    return FleetDroplet(droplet, fleet, number, created)


def _backup_window(now: datetime) -> tuple[str, str]:
    start = (now + timedelta(days=(6 - now.weekday()) % 7 + 1)).replace(hour=4, minute=0, second=0)
    return render_instant(start), render_instant(start + timedelta(hours=23))


def bill_droplet(world: World, made: FleetDroplet) -> None:
    """The droplet's stretches of life: one, or two where it was resized or renamed."""
    fleet, droplet = made.fleet, made.droplet
    middle = half_way(made.created, world.now)
    stretches: list[tuple[str, str, datetime, datetime | None]] = [
        (droplet.name, droplet.size.slug, made.created, None)
    ]
    if made.was_resized:
        stretches = [
            (droplet.name, fleet.resized_from, made.created, middle),
            (droplet.name, droplet.size.slug, middle, None),
        ]
    elif made.was_renamed:
        stretches = [
            (fleet.renamed_from, droplet.size.slug, made.created, middle),
            (droplet.name, droplet.size.slug, middle, None),
        ]
    kinds = ("droplet", "backup") if fleet.backups else ("droplet",)
    for kind in kinds:
        for name, sku, start, end in stretches:
            world.bill(
                kind,
                str(droplet.id),
                name,
                droplet.region.slug,
                fleet.site.project,
                start,
                sku=sku,
                ended_at=end,
            )
