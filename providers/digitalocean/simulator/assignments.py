"""The project of each resource: read and changed by URN."""

from collections.abc import Sequence

import orjson

from providers.digitalocean.simulator.kinds import BY_NAME
from providers.digitalocean.simulator.state import Store, as_set
from providers.digitalocean.simulator.world.build import Assignment

__all__ = ["TYPE_OF_KIND", "URN_TYPES", "Assignments", "exists", "urn_of"]

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
    """The URN of a resource in projects; reserved IPs keep their old type's name."""
    return f"do:{TYPE_OF_KIND[kind]}:{identifier}"


def exists(store: Store, urn: str) -> bool:
    """Whether a URN names an existing resource."""
    _, urn_type, identifier = urn.split(":", 2)
    kind = URN_TYPES.get(urn_type)
    return kind is not None and store.body(kind, identifier) is not None


class Assignments:
    """The assignment table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, assignments: list[Assignment]) -> None:
        """Assigns resources to projects in bulk; a resource of another project moves."""
        with self._store.transaction():
            self._store.connection.executemany(
                "INSERT INTO assignment (urn, project_id, assigned_at) VALUES (?, ?, ?) "
                "ON CONFLICT (urn) DO UPDATE "
                "SET project_id = excluded.project_id, assigned_at = excluded.assigned_at",
                [(a.urn, a.project_id, a.assigned_at) for a in assignments],
            )

    def remove(self, urns: list[str]) -> None:
        """Removes deleted resources, in one statement."""
        self._store.connection.execute(
            "DELETE FROM assignment WHERE urn IN (SELECT value FROM json_each(?))", (as_set(urns),)
        )

    def project_of(self, urn: str) -> str | None:
        """The id of a resource's project."""
        found = self._store.connection.execute(
            "SELECT project_id FROM assignment WHERE urn = ?", (urn,)
        ).fetchone()
        return None if found is None else str(found[0])

    def page(
        self, project_id: str, offset: int, limit: int, *, hidden: Sequence[str] = ()
    ) -> tuple[list[bytes], int]:
        """A page of a project's resources in the API's format, and their total.

        Resources with a URN of a `hidden` type are left out.
        """
        unseen = "".join(" AND urn NOT LIKE ?" for _ in hidden)
        given = (project_id, *(f"do:{urn_type}:%" for urn_type in hidden))
        (total,) = self._store.connection.execute(
            f"SELECT count(*) FROM assignment WHERE project_id = ?{unseen}", given
        ).fetchone()
        found = self._store.connection.execute(
            f"SELECT urn, assigned_at FROM assignment WHERE project_id = ?{unseen} "
            "ORDER BY position LIMIT ? OFFSET ?",
            (*given, limit, offset),
        )
        return [resource_document(urn, at) for urn, at in found], int(total)


def resource_document(urn: str, assigned_at: str, status: str = "ok") -> bytes:
    """One assigned resource."""
    _, urn_type, identifier = urn.split(":", 2)
    links = {"self": _url(urn_type, identifier)}
    return orjson.dumps({"urn": urn, "assigned_at": assigned_at, "links": links, "status": status})


def _url(urn_type: str, identifier: str) -> str:
    if urn_type == "space":
        return f"https://{identifier}.digitaloceanspaces.com"
    kind = BY_NAME.get(URN_TYPES.get(urn_type, ""))
    path = f"/v2/{urn_type}" if kind is None else kind.path
    # Reserved IPs have a path only under their old type.
    path = "/v2/floating_ips" if urn_type == "floatingip" else path
    return f"https://api.digitalocean.com{path}/{identifier}"
