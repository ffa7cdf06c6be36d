"""Volumes, snapshots, backups, custom images and Spaces."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import orjson

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.world.build import Place, World
from providers.digitalocean.simulator.world.catalog import REGIONS, region_document
from providers.digitalocean.simulator.world.droplets import Droplet, DropletImage, Origin
from providers.digitalocean.simulator.world.fleets import FleetDroplet
from providers.digitalocean.simulator.world.network import CERTIFICATE_ID

__all__ = ["BUCKETS", "add_custom_images", "add_droplet_images", "add_spaces", "add_volumes"]

_FIRST_IMAGE = 191_203_417
_BACKUPS_KEPT = 4


@dataclass(frozen=True)
class VolumePlan:
    """A volume, attached to the droplet of a project, role and number; to none without a role."""

    name: str
    gigabytes: int
    region: str
    project: str
    role: str = ""
    number: int = 1
    tags: tuple[str, ...] = ()
    snapshots: int = 0


_VOLUMES = (
    *(
        VolumePlan(
            f"search-data-{n}", 500, "ams3", "Hooli production", "search", n, ("tenant:hooli",)
        )
        for n in range(1, 5)
    ),
    VolumePlan("etl-scratch", 200, "fra1", "Globex production", "etl", 1, ("tenant:globex",)),
    VolumePlan("shop-uploads", 100, "sfo3", "Acme production", "shop", 1, ("tenant:acme",), 3),
    VolumePlan("reports-archive", 250, "nyc3", "Initech production", "reports", 1, snapshots=2),
    VolumePlan("metrics", 100, "nyc3", "Operations", "monitoring", 1, ("ops",)),
    VolumePlan("forgotten", 50, "sgp1", "Operations"),
)


@dataclass(frozen=True)
class BucketPlan:
    """A Spaces bucket, visible only in project URNs and S3."""

    name: str
    region: str
    project: str
    gigabytes: int
    cdn: bool = False


BUCKETS = (
    BucketPlan("acme-assets", "nyc3", "Acme production", 212, cdn=True),
    BucketPlan("acme-backups", "sfo3", "Acme production", 480),
    BucketPlan("globex-exports", "fra1", "Globex production", 96),
    BucketPlan("hooli-models", "ams3", "Hooli production", 1310, cdn=True),
    BucketPlan("ops-archive", "nyc3", "Operations", 730),
)

_WITH_SNAPSHOTS = {("cache", 1): 2, ("search", 1): 1, ("bastion", 1): 1, ("portal", 1): 2}


def add_volumes(world: World, fleets: list[FleetDroplet]) -> None:
    """Volumes, attached to their droplets, with their snapshots."""
    for plan in _VOLUMES:
        holder = next(
            (
                made
                for made in fleets
                if made.fleet.site.project == plan.project
                and (made.fleet.role, made.number) == (plan.role, plan.number)
            ),
            None,
        )
        identifier = world.ids.uuid("volume", plan.name)
        created = (
            world.instant("volume", plan.name)
            if holder is None
            else holder.created + timedelta(minutes=4)
        )
        if holder is not None:
            volumes = (*holder.droplet.volume_ids, identifier)
            holder.droplet = replace(holder.droplet, volume_ids=volumes)
        document = {
            "id": identifier,
            "name": plan.name,
            "created_at": render_instant(created),
            "description": f"Block storage {plan.name}",
            "droplet_ids": [] if holder is None else [holder.droplet.id],
            "region": orjson.Fragment(region_document(REGIONS[plan.region])),
            "size_gigabytes": plan.gigabytes,
            "filesystem_type": "ext4",
            "filesystem_label": plan.name.replace("-", "_")[:12],
            "tags": list(plan.tags) or None,
        }
        world.add("volume", identifier, document)
        world.assign(f"do:volume:{identifier}", plan.project, created)
        world.bill("volume", identifier, plan, created, quantity=Decimal(plan.gigabytes))
        for number in range(1, plan.snapshots + 1):
            _add_volume_snapshot(world, plan, identifier, number)


def _add_volume_snapshot(world: World, plan: VolumePlan, volume_id: str, number: int) -> None:
    name = f"{plan.name}-{number}"
    identifier = world.ids.uuid("volume_snapshot", name)
    taken = world.instant("volume_snapshot", name, earliest=0.9, latest=0.99)
    size = Decimal(plan.gigabytes * 37 + number) / 100
    document = {
        "id": identifier,
        "name": name,
        "regions": [plan.region],
        "created_at": render_instant(taken),
        "resource_id": volume_id,
        "resource_type": "volume",
        "min_disk_size": plan.gigabytes,
        "size_gigabytes": float(size),
        "tags": list(plan.tags),
    }
    world.add("snapshot", identifier, document, bucket="volume")
    world.bill("volume_snapshot", identifier, replace(plan, name=name), taken, quantity=size)


def _size(world: World, droplet: Droplet, *names: object) -> float:
    share = world.ids.chance("image size", droplet.id, *names).uniform(0.04, 0.18)
    return round((droplet.disk or droplet.size.disk) * share, 2)


def add_droplet_images(world: World, fleets: list[FleetDroplet]) -> None:
    """Manual snapshots, and weekly backups of droplets that have them."""
    for made in fleets:
        droplet = made.droplet
        snapshots: list[int] = []
        for number in range(_WITH_SNAPSHOTS.get((made.fleet.role, made.number), 0)):
            identifier = world.ids.number("image", _FIRST_IMAGE)
            taken = made.created + (world.now - made.created) * (number + 1) / 4
            name, size = f"{droplet.name}-{identifier}", _size(world, droplet, identifier)
            at = render_instant(taken)
            image = DropletImage(identifier, name, "snapshot", Origin.of(droplet), at, size)
            world.rows += image.rows()
            place = Place(name, droplet.region.slug, made.fleet.site.project)
            start, quantity = taken.replace(microsecond=0), Decimal(str(size))
            world.bill("snapshot", str(identifier), place, start, quantity=quantity)
            snapshots.append(identifier)
        backups = _add_backups(world, made) if made.fleet.backups else ()
        made.droplet = replace(droplet, snapshot_ids=tuple(snapshots), backup_ids=backups)


def _add_backups(world: World, made: FleetDroplet) -> tuple[int, ...]:
    """The last weekly backups; images of their own type, not snapshots."""
    identifiers: list[int] = []
    origin = Origin.of(made.droplet)
    midnight = world.now.replace(hour=4, minute=11, second=0, microsecond=0)
    for week in range(_BACKUPS_KEPT, 0, -1):
        taken = midnight - timedelta(days=7 * week - 3)
        if taken < made.created:
            continue
        identifier = world.ids.number("image", _FIRST_IMAGE)
        name = f"{made.droplet.name} {taken:%Y-%m-%d}"
        size = _size(world, made.droplet, identifier)
        image = DropletImage(identifier, name, "backup", origin, render_instant(taken), size)
        world.rows += image.rows()
        identifiers.append(identifier)
    return tuple(identifiers)


def add_custom_images(world: World) -> None:
    """Uploaded images."""
    for name, size in (("golden-web-2025-11", 3.42), ("appliance-vpn", 0.87)):
        identifier = world.ids.number("image", _FIRST_IMAGE)
        created = world.instant("custom image", name, earliest=0.5)
        document = {
            "id": identifier,
            "name": name,
            "type": "custom",
            "distribution": "Ubuntu",
            "slug": None,
            "public": False,
            "regions": ["nyc3", "fra1"],
            "created_at": render_instant(created),
            "min_disk_size": 10,
            "size_gigabytes": size,
            "description": f"Uploaded image {name}",
            "tags": ["ops"],
            "status": "available",
            "error_message": "",
        }
        world.add("image", str(identifier), document, bucket="private")
        place = Place(name, "nyc3", "Operations")
        world.bill("custom_image", str(identifier), place, created, quantity=Decimal(str(size)))


def add_spaces(world: World) -> None:
    """Buckets, their keys and their CDN endpoints."""
    for plan in BUCKETS:
        created = world.instant("bucket", plan.name, latest=0.6)
        document = {
            "name": plan.name,
            "region": plan.region,
            "size_gigabytes": plan.gigabytes,
            "created_at": render_instant(created),
        }
        world.add("spaces_bucket", plan.name, document)
        world.assign(f"do:space:{plan.name}", plan.project, created)
        world.bill("spaces", plan.name, plan, created, quantity=Decimal(plan.gigabytes))
        key = "DO" + world.ids.uuid("key", plan.name).replace("-", "").upper()[:18]
        grants = [{"bucket": plan.name, "permission": "readwrite"}]
        world.add(
            "spaces_key",
            key,
            {
                "name": f"{plan.name}-key",
                "grants": grants,
                "access_key": key,
                "created_at": render_instant(created),
            },
        )
        if plan.cdn:
            identifier = world.ids.uuid("cdn", plan.name)
            host = f"{plan.name}.{plan.region}"
            endpoint = {
                "id": identifier,
                "origin": f"{host}.digitaloceanspaces.com",
                "endpoint": f"{host}.cdn.digitaloceanspaces.com",
                "created_at": render_instant(created + timedelta(hours=1)),
                "ttl": 3600,
            }
            if plan.project == "Acme production":
                endpoint |= {
                    "custom_domain": "static.acme.example",
                    "certificate_id": CERTIFICATE_ID,
                }
            world.add("cdn_endpoint", identifier, endpoint)
