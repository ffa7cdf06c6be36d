"""NAT gateways, peerings of VPCs, partner attachments and reserved IPv6 addresses."""

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.world.build import World
from providers.digitalocean.simulator.world.fleets import FleetDroplet, default_vpc

__all__ = ["add_network_products"]

_PEERED = ("nyc3", "fra1")


def add_network_products(world: World, fleets: list[FleetDroplet]) -> None:
    """One or two of each."""
    _add_nat_gateway(world)
    _add_peering(world)
    _add_partner_attachment(world)
    _add_addresses(world, fleets)


def _add_nat_gateway(world: World) -> None:
    name = "acme-egress"
    identifier, created = world.begin("nat_gateway", name, earliest=0.6)
    vpc = {"vpc_uuid": default_vpc(world, "nyc3"), "gateway_ip": "10.100.0.35"}
    document = {
        "id": identifier,
        "name": name,
        "type": "PUBLIC",
        "state": "ACTIVE",
        "region": "nyc3",
        "size": 1,
        "vpcs": [vpc],
        "egresses": {"public_gateways": [{"ipv4": "143.198.244.10"}]},
        "udp_timeout_seconds": 30,
        "icmp_timeout_seconds": 30,
        "tcp_timeout_seconds": 30,
        "created_at": render_instant(created),
        "updated_at": render_instant(created),
    }
    world.add("nat_gateway", identifier, document)
    world.bill("nat_gateway", identifier, name, "nyc3", "Acme production", created)


def _add_peering(world: World) -> None:
    name = "nyc3-fra1"
    identifier, created = world.begin("vpc_peering", name, earliest=0.4)
    document = {
        "id": identifier,
        "name": name,
        "created_at": f"{created:%Y-%m-%dT%H:%M:%S}.442049222Z",
        "status": "ACTIVE",
        "vpc_ids": [default_vpc(world, region) for region in _PEERED],
    }
    world.add("vpc_peering", identifier, document)


def _add_partner_attachment(world: World) -> None:
    name = "globex-line"
    identifier, created = world.begin("partner_attachment", name, earliest=0.6)
    document = {
        "id": identifier,
        "name": name,
        "state": "UP",
        "connection_bandwidth_in_mbps": 1000,
        "region": "fra1",
        "naas_provider": "MEGAPORT",
        "vpc_ids": [default_vpc(world, "fra1")],
        "created_at": render_instant(created),
        "bgp": {
            "local_asn": 64532,
            "local_router_ip": "169.254.0.1/29",
            "peer_asn": 133937,
            "peer_router_ip": "169.254.0.6/29",
        },
        "parent_uuid": "",
        "children": [],
    }
    world.add("partner_attachment", identifier, document)
    world.bill(
        "partner_attachment", identifier, name, "fra1", "Globex production", created, sku="1000Mbps"
    )


def _add_addresses(world: World, fleets: list[FleetDroplet]) -> None:
    """An address of a droplet and one of none; the routes embed the droplet as it is then."""
    bastion = next(made for made in fleets if made.fleet.role == "bastion")
    for number, made in enumerate((bastion, None)):
        address = f"2604:a880:800:14::{47 + number}:7000"
        created = world.instant("reserved_ipv6", address, earliest=0.5)
        document = {
            "ip": address,
            "region_slug": "nyc3",
            "reserved_at": render_instant(created),
            "droplet": None if made is None else made.droplet.id,
        }
        world.add("reserved_ipv6", address, document)
        if made is None:
            world.bill("reserved_ipv6", address, address, "nyc3", "", created)
