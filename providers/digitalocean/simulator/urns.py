"""Uniform resource names: `do:<type>:<id>`, and the kind each type stands for."""

from providers.digitalocean.simulator.state import Store

__all__ = ["TYPE_OF_KIND", "URN_TYPES", "exists", "urn_of"]

URN_TYPES = {
    "droplet": "droplet",
    "domain": "domain",
    "volume": "volume",
    "reservedip": "reserved_ip",
    "floatingip": "reserved_ip",
    "loadbalancer": "load_balancer",
    "dbaas": "database",
    "kubernetes": "kubernetes_cluster",
    "app": "app",
    "space": "spaces_bucket",
    "vpc": "vpc",
}

TYPE_OF_KIND = {kind: urn_type for urn_type, kind in URN_TYPES.items() if urn_type != "reservedip"}


def urn_of(kind: str, identifier: str) -> str:
    """The name under which projects hold a resource; reserved IPs keep their old type's name."""
    return f"do:{TYPE_OF_KIND[kind]}:{identifier}"


def exists(store: Store, urn: str) -> bool:
    """Whether a URN names something that is there."""
    _, urn_type, identifier = urn.split(":", 2)
    kind = URN_TYPES.get(urn_type)
    return kind is not None and store.body(kind, identifier) is not None
