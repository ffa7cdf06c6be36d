"""VPCs, reserved IPs and domains."""

from datetime import timedelta

import orjson

from providers.digitalocean.simulator.world.build import FIRST_DAY, World
from providers.digitalocean.simulator.world.catalog import REGIONS, region_document
from providers.digitalocean.simulator.world.fleets import FleetDroplet

__all__ = ["CERTIFICATE_ID", "add_domains", "add_reserved_ips", "add_vpcs"]


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
