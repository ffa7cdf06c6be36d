"""VPCs, firewalls, load balancers, reserved IPs and domains."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import orjson

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.world.build import FIRST_DAY, World
from providers.digitalocean.simulator.world.catalog import REGIONS, region_document
from providers.digitalocean.simulator.world.fleets import FleetDroplet, default_vpc

__all__ = ["add_domains", "add_firewalls", "add_load_balancers", "add_reserved_ips", "add_vpcs"]


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


_ANYWHERE = {"addresses": ["0.0.0.0/0", "::/0"]}
_OUTBOUND = [
    {"protocol": protocol, "ports": "0", "destinations": _ANYWHERE}
    for protocol in ("tcp", "udp", "icmp")
]


def _inbound(ports: str, sources: Document, protocol: str = "tcp") -> Document:
    return {"protocol": protocol, "ports": ports, "sources": sources}


def add_firewalls(world: World, fleets: list[FleetDroplet]) -> None:
    """Firewalls by tag, and one on a droplet by its id."""
    bastion = next(made.droplet.id for made in fleets if made.fleet.role == "bastion")
    rules: dict[str, tuple[list[int], list[str], list[Document]]] = {
        "web-public": (
            [],
            ["deployment:acme-web", "deployment:acme-shop", "deployment:globex-portal"],
            [_inbound("80", _ANYWHERE), _inbound("443", _ANYWHERE)],
        ),
        "bastion-ssh": (
            [bastion],
            [],
            [
                _inbound("22", {"addresses": ["203.0.113.0/24", "198.51.100.9", "2001:db8::7"]}),
                _inbound("0", _ANYWHERE, "icmp"),
            ],
        ),
        "ops-internal": (
            [],
            ["ops"],
            [_inbound("9000-9100", {"droplet_ids": [bastion]}), _inbound("0", {"tags": ["ops"]})],
        ),
    }
    for name, (droplet_ids, tags, inbound) in rules.items():
        identifier = world.ids.uuid("firewall", name)
        document = {
            "id": identifier,
            "name": name,
            "status": "succeeded",
            "inbound_rules": inbound,
            "outbound_rules": _OUTBOUND,
            "created_at": render_instant(world.instant("firewall", name, latest=0.3)),
            "droplet_ids": droplet_ids,
            "tags": tags,
            "pending_changes": [],
        }
        world.add("firewall", identifier, document)


@dataclass(frozen=True)
class BalancerPlan:
    """A load balancer before the droplets of one deployment, by tag or by their ids."""

    name: str
    region: str
    project: str
    deployment: str
    units: int
    by_tag: bool


_BALANCERS = (
    BalancerPlan("acme-web-lb", "nyc3", "Acme production", "acme-web", 2, by_tag=True),
    BalancerPlan("globex-portal-lb", "fra1", "Globex production", "globex-portal", 1, by_tag=False),
    BalancerPlan("acme-shop-lb", "sfo3", "Acme production", "acme-shop", 1, by_tag=True),
)


def add_load_balancers(world: World, fleets: list[FleetDroplet]) -> None:
    """Load balancers, billed by their units."""
    for plan in _BALANCERS:
        identifier, created = world.begin("load_balancer", plan.name)
        tag = f"deployment:{plan.deployment}"
        document = {
            "id": identifier,
            "name": plan.name,
            "ip": f"{REGIONS[plan.region].prefix}.246.{plan.units + len(plan.name)}",
            "ipv6": "",
            "size_unit": plan.units,
            "size": "lb-small",
            "algorithm": "round_robin",
            "status": "active",
            "created_at": render_instant(created),
            "forwarding_rules": [_forwarding("http", 80), _forwarding("https", 443)],
            "health_check": _HEALTH_CHECK,
            "sticky_sessions": {"type": "none"},
            "region": orjson.Fragment(region_document(REGIONS[plan.region])),
            "droplet_ids": [
                m.droplet.id
                for m in fleets
                if tag in m.droplet.tags and m.fleet.site.region == plan.region
            ],
            "redirect_http_to_https": True,
            "enable_proxy_protocol": False,
            "enable_backend_keepalive": False,
            "vpc_uuid": default_vpc(world, plan.region),
            "project_id": world.project_id(plan.project),
            "http_idle_timeout_seconds": 60,
            "firewall": {"allow": [], "deny": []},
            "network": "EXTERNAL",
            "type": "REGIONAL",
            "domains": [],
        }
        if plan.by_tag:
            document["tag"] = tag
        world.add("load_balancer", identifier, document)
        world.assign(f"do:loadbalancer:{identifier}", plan.project, created)
        world.bill(
            "load_balancer",
            identifier,
            plan.name,
            plan.region,
            plan.project,
            created,
            quantity=Decimal(plan.units),
        )


_HEALTH_CHECK = {
    "protocol": "http",
    "port": 80,
    "path": "/healthz",
    "check_interval_seconds": 10,
    "response_timeout_seconds": 5,
    "healthy_threshold": 5,
    "unhealthy_threshold": 3,
}


def _forwarding(protocol: str, port: int) -> Document:
    rule: Document = {
        "entry_protocol": protocol,
        "entry_port": port,
        "target_protocol": "http",
        "target_port": 8080,
        "tls_passthrough": False,
    }
    return rule if protocol == "http" else {**rule, "certificate_id": CERTIFICATE_ID}


CERTIFICATE_ID = "892071a0-bb95-49bc-8021-3afd67a210bf"


def add_reserved_ips(world: World, fleets: list[FleetDroplet]) -> None:
    """Addresses of droplets, and an unassigned one, which is therefore billed.

    The stored body holds the droplet's id; the routes embed the droplet as it is then.
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
            world.bill("reserved_ip", address, address, region, "", created)


_DOMAINS = {
    "acme.example": ("Acme production", "web"),
    "globex.example": ("Globex production", "portal"),
    "initech.example": ("Initech production", "reports"),
    "hooli.example": ("Hooli production", "search"),
    "umbrella.example": ("Operations", "lab"),
    "sky-ai.example": ("Operations", "status-page"),
}


def add_domains(world: World, fleets: list[FleetDroplet]) -> None:
    """Zones with their records; domains are named, not numbered."""
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
