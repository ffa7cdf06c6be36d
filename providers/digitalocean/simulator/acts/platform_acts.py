"""Changes that the platform makes to resources by itself.

Each act was seen in real accounts: certificates are renewed, rules are rewritten, fields are
respelled or omitted. A test takes a spec, triggers an act, and finds no drift; a mood of an
account names its acts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

from providers.digitalocean.simulator.acts import respelling
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document

__all__ = ["PLATFORM_ACTS", "PlatformAct"]

Apply = Callable[[Simulation], int]

LIFE_OF_RENEWED: Final = timedelta(days=90)


@dataclass(frozen=True)
class PlatformAct:
    """A change by the platform."""

    kinds: tuple[str, ...]
    """The kinds of the changed objects."""
    does: str
    """Its description."""
    apply: Apply
    """Applies it to the whole account; returns the number of changed objects."""


def _each(simulation: Simulation, kind: str, change: respelling.Change) -> int:
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


def _act(
    kinds: tuple[str, ...], does: str, change: respelling.Change, objects: tuple[str, ...] = ()
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
        "droplet_agents_installed": _act(
            _DROPLET, "features gain `droplet_agent`", respelling.with_agent
        ),
        "image_slugs_retired": _act(
            _DROPLET, "the images of droplets lose their slugs", respelling.with_retired_image
        ),
        "backup_windows_moved": PlatformAct(
            _DROPLET, "the next backup is another day", _move_backup_windows
        ),
        "tags_cased": _act(TAGGED, "tags are in capitals", respelling.with_cased_tags),
        "firewall_rules_rewritten": _act(
            _FIREWALL,
            "rules are split by peer, in another order and notation",
            respelling.rewritten_firewall,
        ),
        "firewalls_waiting": _act(
            _FIREWALL, "rules are not applied to droplets yet", respelling.waiting_firewall
        ),
        "balancer_algorithms_left_out": _act(
            _BALANCER, "`algorithm` is not sent", respelling.without("algorithm")
        ),
        "certificates_renewed": PlatformAct(
            ("certificate", "load_balancer", "cdn_endpoint"),
            "Let's Encrypt's certificates get other ids under the same names",
            _renew_certificates,
        ),
        "trusted_sources_put_again": PlatformAct(
            _DATABASE, "trusted sources have other ids, times and order", _put_sources_again
        ),
        "database_versions_left_out": _act(
            _DATABASE, "`version` is not sent", respelling.without("version")
        ),
        "redis_renamed_valkey": _act(_DATABASE, "`redis` is called `valkey`", respelling.as_valkey),
        "database_maintenance_pending": _act(
            _DATABASE, "an upgrade is pending", respelling.with_pending_maintenance
        ),
        "caa_dots_dropped": _act(
            _DOMAIN, "CAA records lose their trailing dot", respelling.without_caa_dot, _RECORDS
        ),
        "records_respelled": _act(
            _DOMAIN,
            "null becomes 0 or an empty text, and IPv6 addresses are written out",
            respelling.respelled_record,
            _RECORDS,
        ),
        "app_specs_written_back": _act(
            ("app",),
            "sizes are renamed, routes become an ingress, features and alerts are added",
            respelling.written_back,
        ),
        "maintenance_policies_respelled": _act(
            _CLUSTER, "`4:00` is `04:00`, and a `duration` is sent", respelling.respelled_policy
        ),
        "pools_autoscaled": _act(
            _CLUSTER, "autoscaled pools have another size", respelling.scaled_pools
        ),
        "empty_descriptions_nulled": _act(
            ("volume", "vpc"), "an empty description is null", respelling.without_empty_description
        ),
    }
)
"""The acts by name."""
