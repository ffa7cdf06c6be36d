"""Database clusters, with the secrets that their documents carry."""

from dataclasses import dataclass
from decimal import Decimal

from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.world.build import World
from providers.digitalocean.simulator.world.fleets import default_vpc

__all__ = ["add_databases", "login"]


@dataclass(frozen=True)
class DatabasePlan:
    """A database cluster."""

    name: str
    engine: str
    version: str
    size: str
    nodes: int
    region: str
    project: str
    tags: tuple[str, ...] = ()


_ACME = ("nyc3", "Acme production")
_DATABASES = (
    DatabasePlan(
        "acme-main", "pg", "16", "db-s-2vcpu-4gb", 2, *_ACME, ("tenant:acme", "deployment:acme-web")
    ),
    DatabasePlan("acme-cache", "valkey", "8", "db-s-1vcpu-1gb", 1, *_ACME, ("tenant:acme",)),
    DatabasePlan(
        "globex-etl",
        "mysql",
        "8",
        "db-s-4vcpu-8gb",
        1,
        "fra1",
        "Globex production",
        ("tenant:globex", "deployment:globex-etl"),
    ),
    DatabasePlan("initech-reports", "pg", "15", "db-s-1vcpu-2gb", 1, "nyc3", "Initech production"),
)

_SCHEMES = {"pg": "postgresql", "mysql": "mysql", "valkey": "rediss"}


def add_databases(world: World) -> None:
    """Database clusters; their documents carry secrets, as the real ones do."""
    for plan in _DATABASES:
        identifier, created = world.begin("database", plan.name)
        document = {
            "id": identifier,
            "name": plan.name,
            "engine": plan.engine,
            "version": plan.version,
            "semantic_version": f"{plan.version}.4",
            "num_nodes": plan.nodes,
            "size": plan.size,
            "region": plan.region,
            "status": "online",
            "created_at": f"{created:%Y-%m-%dT%H:%M:%S}.417Z",
            "private_network_uuid": default_vpc(world, plan.region),
            "tags": list(plan.tags) or None,
            "db_names": None if plan.engine == "valkey" else ["defaultdb", "app"],
            "connection": _connection(world, plan, private=False),
            "private_connection": _connection(world, plan, private=True),
            "users": None if plan.engine == "valkey" else _users(world, plan),
            "maintenance_window": {
                "day": "tuesday",
                "hour": "13:00:00",
                "pending": False,
                "description": [],
            },
            "rules": _rules(world, plan, identifier),
            "project_id": world.project_id(plan.project),
            "storage_size_mib": 61_440,
            "version_end_of_life": "2028-11-09T00:00:00Z",
            "version_end_of_availability": "2028-05-09T00:00:00Z",
        }
        world.add("database", identifier, document)
        world.assign(f"do:dbaas:{identifier}", plan.project, created)
        world.bill(
            "database",
            identifier,
            plan.name,
            plan.region,
            plan.project,
            created,
            sku=plan.size,
            quantity=Decimal(plan.nodes),
        )


def _rules(world: World, plan: DatabasePlan, cluster: str) -> list[Document]:
    """Trusted sources: an office, and the droplets of the tenant."""
    tenants = (tag for tag in plan.tags if tag.startswith("tenant:"))
    return [
        {
            "uuid": world.ids.uuid("database rule", plan.name, kind, value),
            "cluster_uuid": cluster,
            "type": kind,
            "value": value,
            "created_at": "2026-01-12T09:30:00Z",
        }
        for kind, value in (("ip_addr", "203.0.113.7"), *(("tag", tag) for tag in tenants))
    ]


def _connection(world: World, plan: DatabasePlan, *, private: bool) -> Document:
    scheme = _SCHEMES[plan.engine]
    return {"protocol": scheme, **login(world, plan.name, scheme, private=private)}


def login(world: World, name: str, scheme: str = "postgresql", *, private: bool) -> Document:
    """How one connects to a database or a replica, with its password."""
    password = world.ids.secret(name)
    host = f"{'private-' if private else ''}{name}-do-user-16432871-0.db.ondigitalocean.com"
    return {
        "uri": f"{scheme}://doadmin:{password}@{host}:25060/defaultdb?sslmode=require",
        "database": "defaultdb",
        "host": host,
        "port": 25060,
        "user": "doadmin",
        "password": password,
        "ssl": True,
    }


def _users(world: World, plan: DatabasePlan) -> list[Document]:
    return [
        {"name": "doadmin", "role": "primary", "password": world.ids.secret(plan.name)},
        {"name": "app", "role": "normal", "password": world.ids.secret(plan.name, "app")},
    ]
