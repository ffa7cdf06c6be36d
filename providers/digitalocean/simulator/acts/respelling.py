"""Other forms in which the platform returns a document whose meaning is the same.

Also documents that the platform changes by itself, such as a pool that it scales. Each function
returns the changed document, or None if it does not concern this one.
"""

from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any, Final

from providers.digitalocean.simulator.state import Document

__all__ = [
    "Change",
    "as_valkey",
    "respelled_policy",
    "respelled_record",
    "rewritten_firewall",
    "scaled_pools",
    "waiting_firewall",
    "with_agent",
    "with_cased_tags",
    "with_pending_maintenance",
    "with_retired_image",
    "without",
    "without_caa_dot",
    "without_empty_description",
    "written_back",
]

Change = Callable[[Document], Document | None]

EVERY_PORT: Final = {"0": "1-65535", "all": "1-65535", "1-65535": "0"}
NEW_SIZES: Final = {
    "basic-xxs": "apps-s-1vcpu-0.5gb",
    "basic-xs": "apps-s-1vcpu-1gb-fixed",
    "professional-xs": "apps-s-1vcpu-1gb",
    "professional-s": "apps-s-1vcpu-2gb",
    "professional-m": "apps-s-2vcpu-4gb",
}
BUILD_STACK: Final = "buildpack-stack=ubuntu-22"
UNUSED_AS: Final[Mapping[str, Any]] = {"port": 0, "weight": 0, "flags": 0, "tag": ""}


def with_agent(droplet: Document) -> Document:
    """The droplet with the feature of the agent that the platform installs."""
    return droplet | {"features": sorted({*droplet["features"], "droplet_agent"})}


def with_retired_image(droplet: Document) -> Document | None:
    """The droplet with an image that has no slug any more."""
    if not droplet.get("image"):
        return None
    return droplet | {"image": droplet["image"] | {"slug": None}}


def with_cased_tags(document: Document) -> Document | None:
    """Tags in capitals."""
    tags = document.get("tags")
    return document | {"tags": [tag.upper() for tag in tags]} if tags else None


def _rewritten_rules(rules: list[Document]) -> list[Document]:
    """One rule per peer, in reverse order, with other notations of ports and peers."""
    return [
        {**rule, "ports": _other_ports(rule), side: {sort: [_other_peer(sort, peer)]}}
        for rule in reversed(rules)
        for side in ("sources", "destinations")
        for sort, peers in (rule.get(side) or {}).items()
        for peer in peers
    ]


def _other_ports(rule: Document) -> str:
    ports = str(rule.get("ports", "0"))
    if rule["protocol"] == "icmp":
        return ""
    return EVERY_PORT.get(ports, ports if "-" in ports else f"{ports}-{ports}")


def _other_peer(sort: str, peer: Any) -> Any:
    if sort == "tags":
        return str(peer).upper()
    if sort != "addresses":
        return peer
    network = ip_network(peer)
    if network.num_addresses > 1:
        return network.exploded.upper()
    alone = network.network_address.exploded.upper()
    return alone if "/" in peer else f"{alone}/{network.max_prefixlen}"


def rewritten_firewall(firewall: Document) -> Document:
    """The firewall with equal rules in another notation."""
    sides = ("inbound_rules", "outbound_rules")
    return firewall | {side: _rewritten_rules(firewall[side]) for side in sides}


def waiting_firewall(firewall: Document) -> Document:
    """The firewall with rules that its droplets do not have yet."""
    pending = [
        {"droplet_id": identifier, "removing": False, "status": "waiting"}
        for identifier in firewall["droplet_ids"]
    ]
    return firewall | {"status": "waiting", "pending_changes": pending}


def without(*fields: str) -> Change:
    """A change that omits these fields."""
    return lambda document: {name: each for name, each in document.items() if name not in fields}


def as_valkey(database: Document) -> Document | None:
    """A Redis database under its new name."""
    return database | {"engine": "valkey"} if database["engine"] == "redis" else None


def with_pending_maintenance(database: Document) -> Document | None:
    """The database with an announced upgrade, and its hour without seconds."""
    window = database.get("maintenance_window")
    if not window:
        return None
    description = ["Minor version upgrade"]
    hour = ":".join(str(window["hour"]).split(":")[:2])
    pending = window | {"pending": True, "description": description, "hour": hour}
    return database | {"maintenance_window": pending}


def without_caa_dot(record: Document) -> Document | None:
    """A CAA record without the trailing dot of its data."""
    return record | {"data": record["data"].rstrip(".")} if record["type"] == "CAA" else None


def respelled_record(record: Document) -> Document:
    """The record with 0 or an empty text for null, and IPv6 addresses written out."""
    respelled = record | {
        name: unused for name, unused in UNUSED_AS.items() if record.get(name) is None
    }
    if record["type"] == "AAAA":
        address = ip_network(record["data"]).network_address
        respelled["data"] = address.exploded.upper()
    return respelled


def written_back(app: Document) -> Document:
    """The spec in the current schema, with an app's defaults."""
    spec = app["spec"]
    services = spec.get("services", [])
    routed = [(service, route) for service in services for route in service.get("routes", [])]
    rules = [
        {
            "match": {"path": {"prefix": route["path"]}},
            "component": {
                "name": service["name"],
                "preserve_path_prefix": route.get("preserve_path_prefix", False),
            },
        }
        for service, route in routed
    ] or [{"match": {"path": {"prefix": "/"}}, "component": {"name": services[0]["name"]}}]
    renamed = [
        {name: member for name, member in service.items() if name != "routes"}
        | {
            "instance_size_slug": NEW_SIZES.get(
                service["instance_size_slug"], service["instance_size_slug"]
            )
        }
        for service in services
    ]
    alerts = [{"rule": "DEPLOYMENT_FAILED"}, {"rule": "DOMAIN_FAILED"}]
    written = spec | {
        "services": renamed,
        "features": [*spec.get("features", []), BUILD_STACK],
        "alerts": spec.get("alerts", alerts),
        "ingress": spec.get("ingress", {"rules": rules}),
    }
    written["features"] = sorted(set(written["features"]))
    return app | {"spec": written}


def respelled_policy(cluster: Document) -> Document | None:
    """The cluster with a start time of four digits and a duration."""
    policy = cluster.get("maintenance_policy")
    if not policy:
        return None
    hour, minute = str(policy["start_time"]).split(":")[:2]
    respelled = {"start_time": f"{int(hour):02}:{minute}", "duration": "4h0m0s"}
    return cluster | {"maintenance_policy": policy | respelled}


def scaled_pools(cluster: Document) -> Document:
    """Each autoscaled pool, with another size within its bounds."""
    pools = [
        pool | {"count": pool["min_nodes"] if pool["count"] > pool["min_nodes"] else max_nodes}
        if pool["auto_scale"] and (max_nodes := pool["max_nodes"])
        else pool
        for pool in cluster["node_pools"]
    ]
    return cluster | {"node_pools": pools}


def without_empty_description(document: Document) -> Document | None:
    """The document with null for an empty description."""
    return document | {"description": None} if document.get("description") == "" else None
