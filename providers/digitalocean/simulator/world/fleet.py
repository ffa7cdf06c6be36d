"""Who runs what in the account: projects, tenants and their fleets, as declarations."""

from dataclasses import dataclass

__all__ = ["CLUSTERS", "FLEETS", "PROJECTS", "ClusterPlan", "Fleet", "PoolPlan", "ProjectPlan"]


@dataclass(frozen=True)
class ProjectPlan:
    """A project of the account."""

    name: str
    description: str
    purpose: str
    environment: str
    is_default: bool = False


@dataclass(frozen=True)
class Fleet:
    """Droplets that are alike; `role` with a number gives each its name."""

    role: str
    count: int
    size: str
    region: str
    project: str
    tenant: str = ""
    """Empty: the operator's own."""
    deployment: str = ""
    tags: tuple[str, ...] = ()
    image: str = "ubuntu-24-04-x64"
    backups: bool = False
    resized_from: str = ""
    """The size that the first droplet had until it was resized with its disk left alone."""
    renamed_from: str = ""
    """The name that the last droplet had in its first months."""

    def all_tags(self) -> tuple[str, ...]:
        """The tags of each droplet."""
        owner = (f"tenant:{self.tenant}",) if self.tenant else ()
        app = (f"deployment:{self.deployment}",) if self.deployment else ()
        return (*owner, *app, *self.tags)


@dataclass(frozen=True)
class PoolPlan:
    """A node pool."""

    name: str
    size: str
    count: int
    limits: tuple[int, int] | None = None
    """The least and most nodes of an autoscaled pool."""


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

_PROD, _STAGING = ("env:prod",), ("env:staging",)

FLEETS = (
    Fleet(
        "web",
        4,
        "s-2vcpu-4gb",
        "nyc3",
        "Acme production",
        "acme",
        "acme-web",
        _PROD,
        backups=True,
        renamed_from="legacy-web",
    ),
    Fleet(
        "worker",
        2,
        "s-4vcpu-8gb",
        "nyc3",
        "Acme production",
        "acme",
        "acme-web",
        _PROD,
        resized_from="s-2vcpu-4gb",
    ),
    Fleet("cache", 1, "m-2vcpu-16gb", "nyc3", "Acme production", "acme", "acme-web", _PROD),
    Fleet("shop", 3, "s-2vcpu-4gb", "sfo3", "Acme production", "acme", "acme-shop", _PROD),
    # A second web-1: names are not unique, and matching costs by name alone must notice.
    Fleet(
        "web",
        1,
        "s-1vcpu-1gb",
        "nyc3",
        "Acme staging",
        "acme",
        "acme-web",
        _STAGING,
        image="20.04 (LTS) x64",
    ),
    Fleet("worker", 1, "s-1vcpu-2gb", "nyc3", "Acme staging", "acme", "acme-web", _STAGING),
    Fleet(
        "portal",
        3,
        "s-2vcpu-4gb",
        "fra1",
        "Globex production",
        "globex",
        "globex-portal",
        _PROD,
        image="debian-12-x64",
        backups=True,
    ),
    Fleet("etl", 2, "c-4", "fra1", "Globex production", "globex", "globex-etl", _PROD),
    Fleet(
        "reports",
        2,
        "s-2vcpu-2gb",
        "nyc3",
        "Initech production",
        "initech",
        "initech-reports",
        _PROD,
        image="rockylinux-9-x64",
        backups=True,
    ),
    Fleet("batch", 1, "c-2", "nyc3", "Initech production", "initech", "initech-reports", _PROD),
    Fleet("search", 4, "so-2vcpu-16gb", "ams3", "Hooli production", "hooli", "hooli-search", _PROD),
    Fleet(
        "trainer",
        2,
        "gpu-h100x1-80gb",
        "ams3",
        "Hooli production",
        "hooli",
        "hooli-ml",
        _PROD,
        image="gpu-h100x1-base",
    ),
    # Umbrella has no project of its own: only its tags say whose it is.
    Fleet(
        "lab",
        3,
        "s-1vcpu-2gb",
        "sgp1",
        "Operations",
        "umbrella",
        "umbrella-lab",
        _PROD,
        image="docker-20-04",
    ),
    Fleet("bastion", 1, "s-1vcpu-512mb-10gb", "nyc3", "Operations", tags=("ops",)),
    Fleet("monitoring", 1, "s-2vcpu-4gb", "nyc3", "Operations", tags=("ops",), backups=True),
    Fleet("ci-runner", 3, "c-2", "fra1", "Operations", tags=("ops", "ci")),
    Fleet("vpn", 1, "s-1vcpu-1gb", "sgp1", "Operations", tags=("ops",)),
    Fleet("status-page", 1, "s-1vcpu-1gb", "ams3", "Operations", tags=("ops",)),
    Fleet("mail-relay", 1, "s-1vcpu-1gb", "sfo3", "Operations"),
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
