"""Changes that the platform makes to resources by itself.

Each act was seen in real accounts: certificates are renewed, rules are rewritten, fields are
respelled or omitted. A test takes a spec, triggers an act, and finds no drift; a mood of an
account names its acts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document

__all__ = ["PLATFORM_ACTS", "PlatformAct"]

Apply = Callable[[Simulation], int]
Change = Callable[[Document], Document | None]

EVERY_PORT: Final = {"0": "1-65535", "all": "1-65535", "1-65535": "0"}
NEW_SIZES: Final = {
    "basic-xxs": "apps-s-1vcpu-0.5gb",
    "basic-xs": "apps-s-1vcpu-1gb-fixed",
    "professional-xs": "apps-s-1vcpu-1gb",
    "professional-s": "apps-s-1vcpu-2gb",
    "professional-m": "apps-s-2vcpu-4gb",
}
LIFE_OF_RENEWED: Final = timedelta(days=90)
BUILD_STACK: Final = "buildpack-stack=ubuntu-22"


@dataclass(frozen=True)
class PlatformAct:
    """A change by the platform."""

    kinds: tuple[str, ...]
    """The kinds of the changed objects."""
    does: str
    """Its description."""
    apply: Apply
    """Applies it to the whole account; returns the number of changed objects."""


def _each(simulation: Simulation, kind: str, change: Change) -> int:
    """Changes the objects of a kind for which `change` returns another one."""
    changed = 0
    with simulation.store.transaction():
        for document in simulation.store.documents(kind):
            identifier = str(document["id"] if "id" in document else document["name"])
            after = change(dict(document))
            if after is not None and after != document:
                name = str(after.get("name", identifier))
                simulation.store.replace(kind, identifier, after, name)
                changed += 1
    return changed


def _with_agent(droplet: Document) -> Document:
    return droplet | {"features": sorted({*droplet["features"], "droplet_agent"})}


def _with_retired_image(droplet: Document) -> Document | None:
    if not droplet.get("image"):
        return None
    return droplet | {"image": droplet["image"] | {"slug": None}}


def _move_backup_windows(simulation: Simulation) -> int:
    start = simulation.clock.now() + timedelta(days=1)
    window = {
        "start": render_instant(start),
        "end": render_instant(start + timedelta(hours=23)),
    }

    def moved(droplet: Document) -> Document | None:
        backed_up = "backups" in droplet["features"]
        return droplet | {"next_backup_window": window} if backed_up else None

    return _each(simulation, "droplet", moved)


TAGGED: Final = ("droplet", "volume", "snapshot", "image", "database", "firewall")


def _with_cased_tags(document: Document) -> Document | None:
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


def _rewritten_firewall(firewall: Document) -> Document:
    sides = ("inbound_rules", "outbound_rules")
    return firewall | {side: _rewritten_rules(firewall[side]) for side in sides}


def _waiting_firewall(firewall: Document) -> Document:
    pending = [
        {"droplet_id": identifier, "removing": False, "status": "waiting"}
        for identifier in firewall["droplet_ids"]
    ]
    return firewall | {"status": "waiting", "pending_changes": pending}


def _without(*fields: str) -> Change:
    return lambda document: {name: each for name, each in document.items() if name not in fields}


def _renew_certificates(simulation: Simulation) -> int:
    """Replaces certificates by new ones under the same names, also where they are used."""
    store = simulation.store
    renewed: dict[str, str] = {}
    with store.transaction():
        for certificate in store.documents("certificate"):
            if certificate["type"] != "lets_encrypt":
                continue
            identifier = renewed[certificate["id"]] = str(uuid4())
            store.connection.execute(
                "UPDATE object SET id = ? WHERE kind = 'certificate' AND id = ?",
                (identifier, certificate["id"]),
            )
            body = certificate | {
                "id": identifier,
                "created_at": render_instant(simulation.clock.now()),
                "not_after": render_instant(simulation.clock.now() + LIFE_OF_RENEWED),
                "sha1_fingerprint": uuid4().hex,
            }
            store.replace("certificate", identifier, body, certificate["name"])

    def following(document: Document) -> Document:
        found: Document = _renamed_ids(document, renewed)
        return found

    followed = sum(_each(simulation, kind, following) for kind in ("load_balancer", "cdn_endpoint"))
    return len(renewed) + followed


def _renamed_ids(value: Any, renewed: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed_ids(element, renewed) for element in value]
    if not isinstance(value, dict):
        return value
    return {
        name: renewed.get(member, member)
        if name == "certificate_id"
        else _renamed_ids(member, renewed)
        for name, member in value.items()
    }


def _put_sources_again(simulation: Simulation) -> int:
    now = render_instant(simulation.clock.now())

    def again(database: Document) -> Document | None:
        if not database.get("rules"):
            return None
        rules = [
            rule | {"uuid": str(uuid4()), "created_at": now} for rule in reversed(database["rules"])
        ]
        return database | {"rules": rules}

    return _each(simulation, "database", again)


def _as_valkey(database: Document) -> Document | None:
    return database | {"engine": "valkey"} if database["engine"] == "redis" else None


def _with_pending_maintenance(database: Document) -> Document | None:
    window = database.get("maintenance_window")
    if not window:
        return None
    description = ["Minor version upgrade"]
    hour = ":".join(str(window["hour"]).split(":")[:2])
    pending = window | {"pending": True, "description": description, "hour": hour}
    return database | {"maintenance_window": pending}


def _without_caa_dot(record: Document) -> Document | None:
    return record | {"data": record["data"].rstrip(".")} if record["type"] == "CAA" else None


UNUSED_AS: Final[Mapping[str, Any]] = {"port": 0, "weight": 0, "flags": 0, "tag": ""}


def _respelled_record(record: Document) -> Document:
    respelled = record | {
        name: unused for name, unused in UNUSED_AS.items() if record.get(name) is None
    }
    if record["type"] == "AAAA":
        address = ip_network(record["data"]).network_address
        respelled["data"] = address.exploded.upper()
    return respelled


def _written_back(app: Document) -> Document:
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


def _respelled_policy(cluster: Document) -> Document | None:
    policy = cluster.get("maintenance_policy")
    if not policy:
        return None
    hour, minute = str(policy["start_time"]).split(":")[:2]
    respelled = {"start_time": f"{int(hour):02}:{minute}", "duration": "4h0m0s"}
    return cluster | {"maintenance_policy": policy | respelled}


def _scaled_pools(cluster: Document) -> Document:
    """Each autoscaled pool, with another size within its bounds."""
    pools = [
        pool | {"count": pool["min_nodes"] if pool["count"] > pool["min_nodes"] else max_nodes}
        if pool["auto_scale"] and (max_nodes := pool["max_nodes"])
        else pool
        for pool in cluster["node_pools"]
    ]
    return cluster | {"node_pools": pools}


def _without_empty_description(document: Document) -> Document | None:
    return document | {"description": None} if document.get("description") == "" else None


def _act(
    kinds: tuple[str, ...], does: str, change: Change, objects: tuple[str, ...] = ()
) -> PlatformAct:
    """An act that changes each object of the kinds, or the `objects` that belong to them."""
    changed = objects or kinds
    return PlatformAct(
        kinds, does, lambda simulation: sum(_each(simulation, kind, change) for kind in changed)
    )


_DROPLET, _FIREWALL, _BALANCER = ("droplet",), ("firewall",), ("load_balancer",)
_DATABASE, _DOMAIN, _CLUSTER = ("database",), ("domain",), ("kubernetes_cluster",)
_RECORDS = ("domain_record",)

PLATFORM_ACTS: Final[Mapping[str, PlatformAct]] = MappingProxyType(
    {
        "droplet_agents_installed": _act(_DROPLET, "features gain `droplet_agent`", _with_agent),
        "image_slugs_retired": _act(
            _DROPLET, "the images of droplets lose their slugs", _with_retired_image
        ),
        "backup_windows_moved": PlatformAct(
            _DROPLET, "the next backup is another day", _move_backup_windows
        ),
        "tags_cased": _act(TAGGED, "tags are in capitals", _with_cased_tags),
        "firewall_rules_rewritten": _act(
            _FIREWALL,
            "rules are split by peer, in another order, ports and addresses spelled anew",
            _rewritten_firewall,
        ),
        "firewalls_waiting": _act(
            _FIREWALL, "rules are on their way to droplets", _waiting_firewall
        ),
        "balancer_algorithms_left_out": _act(
            _BALANCER, "`algorithm` is not sent", _without("algorithm")
        ),
        "certificates_renewed": PlatformAct(
            ("certificate", "load_balancer", "cdn_endpoint"),
            "Let's Encrypt's certificates get other ids under the same names",
            _renew_certificates,
        ),
        "trusted_sources_put_again": PlatformAct(
            _DATABASE, "trusted sources have other ids, times and order", _put_sources_again
        ),
        "database_versions_left_out": _act(_DATABASE, "`version` is not sent", _without("version")),
        "redis_renamed_valkey": _act(_DATABASE, "`redis` is called `valkey`", _as_valkey),
        "database_maintenance_pending": _act(
            _DATABASE, "an upgrade is announced", _with_pending_maintenance
        ),
        "caa_dots_dropped": _act(
            _DOMAIN, "CAA records lose their trailing dot", _without_caa_dot, _RECORDS
        ),
        "records_respelled": _act(
            _DOMAIN,
            "null becomes 0 or an empty text, and IPv6 addresses are written out",
            _respelled_record,
            _RECORDS,
        ),
        "app_specs_written_back": _act(
            ("app",),
            "sizes are renamed, routes become an ingress, features and alerts are added",
            _written_back,
        ),
        "maintenance_policies_respelled": _act(
            _CLUSTER, "`4:00` is `04:00`, and a `duration` is told", _respelled_policy
        ),
        "pools_autoscaled": _act(_CLUSTER, "pools that scale by themselves did so", _scaled_pools),
        "empty_descriptions_nulled": _act(
            ("volume", "vpc"), "an empty description is null", _without_empty_description
        ),
    }
)
"""The acts by name."""
