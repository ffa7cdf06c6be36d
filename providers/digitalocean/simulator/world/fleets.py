"""Declarations of the account's projects, fleets and clusters; the fleets as droplets."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.world.build import Place, World
from providers.digitalocean.simulator.world.catalog import IMAGES, REGIONS, SIZES
from providers.digitalocean.simulator.world.droplets import Droplet

__all__ = [
    "CLUSTERS",
    "FLEETS",
    "PROJECTS",
    "ClusterPlan",
    "Fleet",
    "FleetDroplet",
    "PoolPlan",
    "ProjectPlan",
    "Site",
    "bill_droplet",
    "default_vpc",
    "half_way",
    "make_fleets",
]


@dataclass(frozen=True)
class ProjectPlan:
    """A project of the account."""

    name: str
    description: str
    purpose: str
    environment: str
    is_default: bool = False


@dataclass(frozen=True)
class Site:
    """The place of droplets, and their owner."""

    region: str
    project: str
    tenant: str = ""
    """Empty: the operator."""
    deployment: str = ""
    tags: tuple[str, ...] = ("env:prod",)

    def all_tags(self) -> tuple[str, ...]:
        """The tags of each droplet."""
        owner = (f"tenant:{self.tenant}",) if self.tenant else ()
        app = (f"deployment:{self.deployment}",) if self.deployment else ()
        return (*owner, *app, *self.tags)


@dataclass(frozen=True)
class Fleet:
    """Equal droplets; `role` with a number gives each its name."""

    role: str
    count: int
    size: str
    site: Site
    image: str = "ubuntu-24-04-x64"
    backups: bool = False
    resized_from: str = ""
    """The first droplet's size before it was resized without its disk."""
    renamed_from: str = ""
    """The last droplet's name in its first months."""


@dataclass(frozen=True)
class PoolPlan:
    """A node pool."""

    name: str
    size: str
    count: int
    limits: tuple[int, int] | None = None
    """The bounds of an autoscaled pool."""


@dataclass(frozen=True)
class ClusterPlan:
    """A Kubernetes cluster; its nodes are droplets of the default project."""

    name: str
    region: str
    project: str
    pools: tuple[PoolPlan, ...]
    tags: tuple[str, ...]
    ha: bool = False


PROJECTS = (
    ProjectPlan(
        "Operations",
        "What the operator runs for itself",
        "Operational / Developer tooling",
        "Production",
        is_default=True,
    ),
    ProjectPlan("Acme production", "Acme's shop and site", "Web Application", "Production"),
    ProjectPlan("Acme staging", "Acme before release", "Web Application", "Staging"),
    ProjectPlan("Globex production", "Globex portal and ETL", "Service or API", "Production"),
    ProjectPlan("Initech production", "Reports", "Other: TPS reports", "Production"),
    ProjectPlan(
        "Hooli production",
        "Search and models",
        "Machine learning / AI / Data processing",
        "Production",
    ),
)

ACME_WEB = Site("nyc3", "Acme production", "acme", "acme-web")
ACME_SHOP = Site("sfo3", "Acme production", "acme", "acme-shop")
ACME_STAGING = Site("nyc3", "Acme staging", "acme", "acme-web", ("env:staging",))
GLOBEX_PORTAL = Site("fra1", "Globex production", "globex", "globex-portal")
GLOBEX_ETL = Site("fra1", "Globex production", "globex", "globex-etl")
INITECH = Site("nyc3", "Initech production", "initech", "initech-reports")
HOOLI_SEARCH = Site("ams3", "Hooli production", "hooli", "hooli-search")
HOOLI_ML = Site("ams3", "Hooli production", "hooli", "hooli-ml")
# Umbrella has no project: only tags show its resources.
UMBRELLA = Site("sgp1", "Operations", "umbrella", "umbrella-lab")


def _own(region: str, *tags: str) -> Site:
    """A site of the operator."""
    return Site(region, "Operations", tags=tags)


FLEETS = (
    Fleet("web", 4, "s-2vcpu-4gb", ACME_WEB, backups=True, renamed_from="legacy-web"),
    Fleet("worker", 2, "s-4vcpu-8gb", ACME_WEB, resized_from="s-2vcpu-4gb"),
    Fleet("cache", 1, "m-2vcpu-16gb", ACME_WEB),
    Fleet("shop", 3, "s-2vcpu-4gb", ACME_SHOP),
    # A second web-1: names are not unique, which matching must detect.
    Fleet("web", 1, "s-1vcpu-1gb", ACME_STAGING, image="20.04 (LTS) x64"),
    Fleet("worker", 1, "s-1vcpu-2gb", ACME_STAGING),
    Fleet("portal", 3, "s-2vcpu-4gb", GLOBEX_PORTAL, image="debian-12-x64", backups=True),
    Fleet("etl", 2, "c-4", GLOBEX_ETL),
    Fleet("reports", 2, "s-2vcpu-2gb", INITECH, image="rockylinux-9-x64", backups=True),
    Fleet("batch", 1, "c-2", INITECH),
    Fleet("search", 4, "so-2vcpu-16gb", HOOLI_SEARCH),
    Fleet("trainer", 2, "gpu-h100x1-80gb", HOOLI_ML, image="gpu-h100x1-base"),
    Fleet("lab", 3, "s-1vcpu-2gb", UMBRELLA, image="docker-20-04"),
    Fleet("bastion", 1, "s-1vcpu-512mb-10gb", _own("nyc3", "ops")),
    Fleet("monitoring", 1, "s-2vcpu-4gb", _own("nyc3", "ops"), backups=True),
    Fleet("ci-runner", 3, "c-2", _own("fra1", "ops", "ci")),
    Fleet("vpn", 1, "s-1vcpu-1gb", _own("sgp1", "ops")),
    Fleet("status-page", 1, "s-1vcpu-1gb", _own("ams3", "ops")),
    Fleet("mail-relay", 1, "s-1vcpu-1gb", _own("sfo3")),
)

CLUSTERS = (
    ClusterPlan(
        "acme-k8s",
        "nyc3",
        "Acme production",
        (PoolPlan("general", "s-2vcpu-4gb", 3), PoolPlan("jobs", "c-2", 2)),
        ("tenant:acme", "deployment:acme-shop"),
        ha=True,
    ),
    ClusterPlan(
        "globex-k8s",
        "fra1",
        "Globex production",
        (PoolPlan("default", "s-2vcpu-4gb", 2, (1, 4)),),
        ("tenant:globex",),
    ),
)


_FIRST_DROPLET = 386_412_077


@dataclass
class FleetDroplet:
    """A droplet with its fleet and its age, which the API does not have."""

    droplet: Droplet
    fleet: Fleet
    number: int
    created: datetime

    @property
    def was_resized(self) -> bool:
        """Whether it once had another size."""
        return bool(self.fleet.resized_from) and self.number == 1

    @property
    def was_renamed(self) -> bool:
        """Whether it once had another name."""
        return bool(self.fleet.renamed_from) and self.number == self.fleet.count


def half_way(start: datetime, end: datetime) -> datetime:
    """The middle of its life, in whole minutes, for changes."""
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
    """The droplet's lifespans: one, or two if it was resized or renamed."""
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
    for kind in ("droplet", "backup") if fleet.backups else ("droplet",):
        for name, sku, start, end in stretches:
            place = Place(name, droplet.region.slug, fleet.site.project)
            world.bill(kind, str(droplet.id), place, start, sku=sku, ended_at=end)
