"""VPCs, reserved IPs and domains; Kubernetes clusters with their nodes; keys and certificates."""

from datetime import datetime, timedelta

import orjson

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.world.build import FIRST_DAY, Place, World
from providers.digitalocean.simulator.world.catalog import IMAGES, REGIONS, SIZES, region_document
from providers.digitalocean.simulator.world.droplets import Droplet, droplet_row
from providers.digitalocean.simulator.world.fleets import (
    CLUSTERS,
    ClusterPlan,
    FleetDroplet,
    PoolPlan,
    default_vpc,
)

__all__ = [
    "CERTIFICATE_ID",
    "add_clusters",
    "add_domains",
    "add_keys",
    "add_reserved_ips",
    "add_vpcs",
]


def add_vpcs(world: World) -> None:
    """A default VPC for each region, and a custom one; times have nanoseconds."""
    for number, region in enumerate(REGIONS):
        name = f"default-{region}"
        _add_vpc(world, name, region, f"10.{100 + number}.0.0/16", 442_049_222 + number)
    _add_vpc(world, "acme-prod", "nyc3", "10.200.0.0/20", 7_518_204, default=False)


def _add_vpc(
    world: World, name: str, region: str, ip_range: str, nanoseconds: int, *, default: bool = True
) -> None:
    identifier = world.ids.uuid("vpc", name)
    created = FIRST_DAY if default else world.instant("vpc", name, latest=0.3)
    document = {
        "id": identifier,
        "urn": f"do:vpc:{identifier}",
        "name": name,
        "description": "" if default else "Acme's production network",
        "region": region,
        "ip_range": ip_range,
        "created_at": f"{created:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z",
        "default": default,
    }
    world.add("vpc", identifier, document)


CERTIFICATE_ID = "892071a0-bb95-49bc-8021-3afd67a210bf"


def add_reserved_ips(world: World, fleets: list[FleetDroplet]) -> None:
    """Addresses of droplets, and an unassigned one, which is billed.

    The stored body has the droplet's id; the routes embed the current droplet.
    """
    holders = {"bastion": "nyc3", "vpn": "sgp1", "mail-relay": "sfo3", "": "fra1"}
    for number, (role, region) in enumerate(holders.items()):
        address = f"45.55.{96 + number}.{47 + number}"
        made = next((made for made in fleets if role and made.fleet.role == role), None)
        created = (
            world.instant("reserved_ip", address, latest=0.5)
            if made is None
            else made.created + timedelta(minutes=9)
        )
        document = {
            "ip": address,
            "droplet": None if made is None else made.droplet.id,
            "region": orjson.Fragment(region_document(REGIONS[region])),
            "locked": False,
            "project_id": world.project_id("Operations"),
        }
        world.add("reserved_ip", address, document)
        world.assign(f"do:floatingip:{address}", "Operations", created)
        if made is None:
            world.bill("reserved_ip", address, Place(address, region, ""), created)


_DOMAINS = {
    "acme.example": ("Acme production", "web"),
    "globex.example": ("Globex production", "portal"),
    "initech.example": ("Initech production", "reports"),
    "hooli.example": ("Hooli production", "search"),
    "umbrella.example": ("Operations", "lab"),
    "sky-ai.example": ("Operations", "status-page"),
}


def add_domains(world: World, fleets: list[FleetDroplet]) -> None:
    """Zones with their records; domains are identified by name."""
    for name, (project, role) in _DOMAINS.items():
        target = next(made.droplet for made in fleets if made.fleet.role == role)
        host = f"{target.region.prefix}.{target.id // 250 % 250}.{target.id % 250 + 1}"
        zone = (
            f"$ORIGIN {name}.\n$TTL 1800\n{name}. IN SOA ns1.digitalocean.com. hostmaster.{name}."
        )
        world.add(
            "domain", name, {"name": name, "ttl": 1800, "zone_file": f"{zone} 1 10800 3600\n"}
        )
        world.assign(f"do:domain:{name}", project, world.instant("domain", name, latest=0.4))
        records: list[tuple[str, str, str, int | None]] = [
            ("SOA", "@", "1800", None),
            *(("NS", "@", f"ns{n}.digitalocean.com", None) for n in (1, 2, 3)),
            ("A", "@", host, None),
            ("CNAME", "www", "@", None),
            ("MX", "@", f"mail.{name}.", 10),
            ("TXT", "@", "v=spf1 mx -all", None),
        ]
        if name == "acme.example":
            records += [
                ("AAAA", "@", "2604:a880:800:10::c:d001", None),
                ("CAA", "@", "letsencrypt.org.", None),
            ]
        for kind, record_name, data, priority in records:
            identifier = world.ids.number("record", 1_740_112_004)
            world.add(
                "domain_record",
                str(identifier),
                {
                    "id": identifier,
                    "type": kind,
                    "name": record_name,
                    "data": data,
                    "priority": priority,
                    "port": None,
                    "ttl": 1800,
                    "weight": None,
                    "flags": 0 if kind == "CAA" else None,
                    "tag": "issue" if kind == "CAA" else None,
                },
                bucket=name,
            )


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
            world.bill("kubernetes_ha", identifier, plan, created, group_name=plan.name)


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
        place = Place(droplet.name, cluster.region, cluster.project)
        start, group = created + timedelta(minutes=6), cluster.name
        world.bill(
            "kubernetes_node", str(droplet.id), place, start, sku=plan.size, group_name=group
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
    """SSH keys and certificates: one of Let's Encrypt, and an uploaded one."""
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
