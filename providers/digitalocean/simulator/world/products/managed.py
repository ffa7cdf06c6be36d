"""Registries, functions, file shares, replicas of databases, and pools that scale by themselves."""

from decimal import Decimal

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.world.build import World
from providers.digitalocean.simulator.world.fleets import default_vpc
from providers.digitalocean.simulator.world.products.databases import login

__all__ = ["add_managed_products"]


def add_managed_products(world: World) -> None:
    """One or two of each."""
    _add_registry(world)
    _add_namespaces(world)
    _add_share(world)
    _add_replica(world)
    _add_pool(world)


def _add_registry(world: World) -> None:
    name = "sky-ai"
    created = world.instant("container_registry", name, latest=0.4)
    document = {
        "name": name,
        "created_at": render_instant(created),
        "region": "nyc3",
        "storage_usage_bytes": 29_393_920,
        "storage_usage_bytes_updated_at": f"{world.now:%Y-%m-%dT%H:%M:%S}.530562231Z",
        "subscription": {
            "tier": {
                "name": "Basic",
                "slug": "basic",
                "included_repositories": 5,
                "included_storage_bytes": 5_368_709_120,
                "allow_storage_overage": True,
                "included_bandwidth_bytes": 5_368_709_120,
                "monthly_price_in_cents": 500,
                "storage_overage_price_in_cents": 2,
            },
            "created_at": render_instant(created),
            "updated_at": render_instant(created),
        },
    }
    world.add("container_registry", name, document)
    world.bill("container_registry", name, name, "nyc3", "Operations", created, sku="Basic")


def _add_namespaces(world: World) -> None:
    """Two, of which each document carries the key to everything in it."""
    for label, project in (("acme-hooks", "Acme production"), ("ops-cron", "Operations")):
        uuid = world.ids.uuid("functions_namespace", label)
        created = world.instant("functions_namespace", label)
        document = {
            "api_host": "https://faas-nyc1-2ef2e6cc.doserverless.co",
            "namespace": f"fn-{uuid}",
            "created_at": render_instant(created),
            "updated_at": render_instant(created),
            "label": label,
            "region": "nyc1",
            "uuid": uuid,
            "key": world.ids.secret("functions", label),
        }
        world.add("functions_namespace", f"fn-{uuid}", document)
        if project == "Acme production":
            world.bill(
                "functions_namespace",
                f"fn-{uuid}",
                label,
                "nyc1",
                project,
                created,
                sku="GiB-seconds",
            )


def _add_share(world: World) -> None:
    name = "hooli-datasets"
    identifier, created = world.begin("nfs_share", name, earliest=0.6)
    vpc, at = default_vpc(world, "tor1"), render_instant(created)
    path = f"/329146/{identifier}"
    document = {
        "id": identifier,
        "name": name,
        "size_gib": 100,
        "region": "tor1",
        "status": "ACTIVE",
        "created_at": at,
        "vpc_ids": [vpc],
        "performance_tier": "PERFORMANCE_TIER_HIGH",
        "mount_path": path,
        "host": "10.106.32.2",
        "access_points": [
            {
                "id": world.ids.uuid("access_point", name),
                "name": "default",
                "share_id": identifier,
                "path": path,
                "status": "ACCESS_POINT_ACTIVE",
                "access_policy": {
                    "anonuid": 65534,
                    "anongid": 65534,
                    "protocols": ["NFS4"],
                    "squash_config": "NO_SQUASH",
                    "identity_enforcement_enabled": False,
                },
                "created_at": at,
                "updated_at": at,
                "is_default": True,
                "vpc_id": vpc,
            }
        ],
    }
    world.add("nfs_share", identifier, document)
    world.bill(
        "nfs_share", identifier, name, "tor1", "Hooli production", created, quantity=Decimal(100)
    )


def _add_replica(world: World) -> None:
    """A replica of the first database, with logins as the cluster has them."""
    name, cluster = "acme-main-read", world.ids.uuid("database", "acme-main")
    identifier, created = world.begin("database_replica", name, earliest=0.9, latest=0.95)
    document = {
        "id": identifier,
        "name": name,
        "region": "nyc3",
        "size": "db-s-1vcpu-2gb",
        "status": "online",
        "tags": ["tenant:acme", "deployment:acme-web"],
        "created_at": render_instant(created),
        "private_network_uuid": default_vpc(world, "nyc3"),
        "connection": login(world, name, private=False),
        "private_connection": login(world, name, private=True),
        "storage_size_mib": 61_440,
    }
    world.add("database_replica", identifier, document, bucket=cluster)
    world.bill(
        "database_replica",
        identifier,
        name,
        "nyc3",
        "Acme production",
        created,
        sku="db-s-1vcpu-2gb",
    )


def _add_pool(world: World) -> None:
    """A pool, which is free itself."""
    name = "hooli-burst"
    identifier, created = world.begin("autoscale_pool", name, earliest=0.5)
    document = {
        "id": identifier,
        "name": name,
        "config": {
            "min_instances": 1,
            "max_instances": 10,
            "target_cpu_utilization": 0.6,
            "target_memory_utilization": 0.6,
            "cooldown_minutes": 5,
        },
        "droplet_template": {
            "name": name,
            "region": "nyc3",
            "size": "c-2",
            "image": "ubuntu-24-04-x64",
            "ssh_keys": ["3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa"],
            "tags": ["tenant:hooli"],
            "vpc_uuid": default_vpc(world, "nyc3"),
            "with_droplet_agent": True,
            "project_id": world.project_id("Hooli production"),
            "ipv6": True,
            "user_data": f"#cloud-config\n# token: {world.ids.secret('pool', name)}\n",
        },
        "current_utilization": {"memory": 0.0, "cpu": 0.0},
        "created_at": render_instant(created),
        "updated_at": render_instant(created),
        "status": "active",
        "active_resources_count": 1,
    }
    world.add("autoscale_pool", identifier, document)
