"""Kubernetes clusters with their node droplets, keys and certificates."""

from datetime import datetime, timedelta

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.world.build import World
from providers.digitalocean.simulator.world.catalog import IMAGES, REGIONS, SIZES
from providers.digitalocean.simulator.world.droplets import Droplet, droplet_row
from providers.digitalocean.simulator.world.fleets import default_vpc
from providers.digitalocean.simulator.world.network import CERTIFICATE_ID
from providers.digitalocean.simulator.world.plans import CLUSTERS, ClusterPlan, PoolPlan

__all__ = ["add_clusters", "add_keys"]

_FIRST_NODE = 487_500_211


def add_clusters(world: World) -> None:
    """Clusters; their nodes are droplets with system tags, in the default project."""
    for plan in CLUSTERS:
        identifier, created = world.begin("cluster", plan.name, earliest=0.3)
        system_tags = ("k8s", f"k8s:{identifier}")
        pools = [_pool(world, plan, pool, identifier, created) for pool in plan.pools]
        document = {
            "id": identifier,
            "name": plan.name,
            "region": plan.region,
            "version": "1.31.9-do.3",
            "cluster_subnet": "10.244.0.0/16",
            "service_subnet": "10.245.0.0/16",
            "vpc_uuid": default_vpc(world, plan.region),
            "ipv4": f"{REGIONS[plan.region].prefix}.250.17",
            "endpoint": f"https://{identifier}.k8s.ondigitalocean.com",
            "tags": [*system_tags, *plan.tags],
            "node_pools": pools,
            "maintenance_policy": {"start_time": "4:00", "day": "sunday"},
            "auto_upgrade": True,
            "status": {"state": "running", "message": ""},
            "created_at": render_instant(created),
            "updated_at": render_instant(created + timedelta(days=20)),
            "surge_upgrade": True,
            "ha": plan.ha,
            "registry_enabled": False,
        }
        world.add("kubernetes_cluster", identifier, document)
        world.assign(f"do:kubernetes:{identifier}", plan.project, created)
        if plan.ha:
            world.bill(
                "kubernetes_ha",
                identifier,
                plan.name,
                plan.region,
                plan.project,
                created,
                group=plan.name,
            )


def _pool(
    world: World, cluster: ClusterPlan, plan: PoolPlan, cluster_id: str, created: datetime
) -> Document:
    pool_id = world.ids.uuid("pool", cluster.name, plan.name)
    at = render_instant(created + timedelta(minutes=6))
    nodes: list[Document] = []
    for number in range(plan.count):
        droplet = _node_droplet(world, cluster, plan, cluster_id, number, at)
        world.rows.append(droplet_row(droplet))
        world.assign(f"do:droplet:{droplet.id}", "Operations", created)
        world.bill(
            "kubernetes_node",
            str(droplet.id),
            droplet.name,
            cluster.region,
            cluster.project,
            created + timedelta(minutes=6),
            sku=plan.size,
            group=cluster.name,
        )
        nodes.append(
            {
                "id": world.ids.uuid("node", pool_id, number),
                "name": droplet.name,
                "status": {"state": "running"},
                "droplet_id": str(droplet.id),
                "created_at": at,
                "updated_at": at,
            }
        )
    low, high = plan.limits or (0, 0)
    return {
        "id": pool_id,
        "name": f"{cluster.name}-{plan.name}",
        "size": plan.size,
        "count": plan.count,
        "tags": ["k8s", f"k8s:{cluster_id}", "k8s:worker", *cluster.tags],
        "labels": {"pool": plan.name},
        "taints": [],
        "auto_scale": plan.limits is not None,
        "min_nodes": low,
        "max_nodes": high,
        "nodes": nodes,
    }


def _node_droplet(
    world: World, cluster: ClusterPlan, plan: PoolPlan, cluster_id: str, number: int, at: str
) -> Droplet:
    suffix = world.ids.uuid("node name", cluster.name, plan.name, number)[:5]
    return Droplet(
        id=world.ids.number("node", _FIRST_NODE),
        name=f"{cluster.name}-{plan.name}-{suffix}",
        size=SIZES[plan.size],
        region=REGIONS[cluster.region],
        image=IMAGES["do-kube-1.31.9-do.3"],
        created_at=at,
        vpc_uuid=default_vpc(world, cluster.region),
        tags=("k8s", f"k8s:{cluster_id}", "k8s:worker", *cluster.tags),
    )


def add_keys(world: World) -> None:
    """SSH keys and certificates: one of Let's Encrypt, and one that was uploaded."""
    for name in ("ops-laptop", "ci"):
        identifier = world.ids.number("ssh_key", 51_218_000)
        digest = world.ids.uuid("fingerprint", name).replace("-", "")
        document = {
            "id": identifier,
            "name": name,
            "fingerprint": ":".join(digest[i : i + 2] for i in range(0, 32, 2)),
            "public_key": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{digest} {name}",
        }
        world.add("ssh_key", str(identifier), document)
    for name, certificate, kind in (
        ("acme-example", CERTIFICATE_ID, "lets_encrypt"),
        ("globex-example", world.ids.uuid("certificate", "globex-example"), "custom"),
    ):
        domain = f"{name.partition('-')[0]}.example"
        world.add(
            "certificate",
            certificate,
            {
                "id": certificate,
                "name": name,
                "not_after": "2027-06-30T00:00:00Z",
                "sha1_fingerprint": world.ids.uuid("certificate").replace("-", ""),
                "created_at": render_instant(world.instant("certificate")),
                "dns_names": [domain, f"www.{domain}"],
                "state": "verified",
                "type": kind,
            },
        )
