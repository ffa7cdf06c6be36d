"""What belongs to one object: a droplet's images and firewalls, records, pools, members."""

from collections.abc import Callable
from decimal import Decimal

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.assignments import urn_of
from providers.digitalocean.simulator.billing.lines import cents, monthly_of_storage
from providers.digitalocean.simulator.kinds import BY_NAME
from providers.digitalocean.simulator.routes.droplet_writes import requested_droplet
from providers.digitalocean.simulator.simulation import scope_of, simulation_of
from providers.digitalocean.simulator.state import Document, Query
from providers.digitalocean.simulator.web.errors import NotFound
from providers.digitalocean.simulator.web.paging import (
    cut,
    listing,
    requested_page,
    single,
    unpaged,
)

__all__ = ["routes"]


def _part_list(path: str, parent: str, query: Callable[[str], Query], key: str) -> Route:
    """A paged list of what belongs to an object of the kind `parent`."""

    async def answer(request: Request) -> Response:
        identifier = request.path_params["id"]
        store = simulation_of(request).store
        if store.body(parent, identifier) is None:
            raise NotFound
        page = requested_page(request)
        asked = query(identifier)
        bodies, total = store.page(asked, page.offset, page.size)
        if asked.kind in BY_NAME:
            bodies = scope_of(request).visible(BY_NAME[asked.kind], bodies)
        return listing(request, key, bodies, page, total)

    return Route(path, answer, methods=["GET"])


def _records(domain: str) -> Query:
    return Query("domain_record", domain)


def _volume_snapshots(volume_id: str) -> Query:
    return Query("snapshot", "volume", "json_extract(body, '$.resource_id') = ?", (volume_id,))


def _volume_snapshots_of(request: Request, volume_ids: list[str]) -> list[Document]:
    store = simulation_of(request).store
    return [s for s in store.documents("snapshot") if s["resource_id"] in volume_ids]


async def _record(request: Request) -> Response:
    store = simulation_of(request).store
    bodies, _ = store.page(_records(request.path_params["id"]), 0, -1)
    for body in bodies:
        if str(orjson.loads(body)["id"]) == request.path_params["record_id"]:
            return single("domain_record", body)
    raise NotFound


async def _droplet_firewalls(request: Request) -> Response:
    droplet = requested_droplet(request)
    holding = [
        orjson.dumps(firewall)
        for firewall in simulation_of(request).store.documents("firewall")
        if droplet["id"] in firewall["droplet_ids"] or set(firewall["tags"]) & set(droplet["tags"])
    ]
    return cut(request, "firewalls", holding)


async def _nothing_of_a_droplet(request: Request) -> Response:
    """Kernels and neighbours: no droplet of the account has any."""
    requested_droplet(request)
    key = {"kernels": "kernels", "neighbors": "droplets"}[request.url.path.rsplit("/", 1)[1]]
    return cut(request, key, [])


async def _snapshot_of_a_volume(request: Request) -> Response:
    body = simulation_of(request).store.body("snapshot", request.path_params["id"])
    if body is None or orjson.loads(body)["resource_type"] != "volume":
        raise NotFound
    return single("snapshot", body)


async def _vpc_members(request: Request) -> Response:
    """The members of a VPC, by URN."""
    identifier = request.path_params["id"]
    store = simulation_of(request).store
    if store.body("vpc", identifier) is None:
        raise NotFound
    members = [
        orjson.dumps(
            {
                "urn": urn_of(kind, str(document["id"])),
                "name": document["name"],
                "created_at": document["created_at"],
            }
        )
        for kind, field in _IN_A_VPC.items()
        for document in store.documents(kind)
        if document.get(field) == identifier
    ]
    return cut(request, "members", members)


_IN_A_VPC = {
    "droplet": "vpc_uuid",
    "load_balancer": "vpc_uuid",
    "kubernetes_cluster": "vpc_uuid",
    "database": "private_network_uuid",
}
"""The kinds that live in a network, each with the field that names it."""


async def _replicas(request: Request) -> Response:
    """The read-only replicas of a database, all at once."""
    store = simulation_of(request).store
    identifier = request.path_params["id"]
    if store.body("database", identifier) is None:
        raise NotFound
    kind = BY_NAME["database_replica"]
    bodies, _ = store.page(Query(kind.name, identifier), 0, -1)
    bodies = scope_of(request).visible(kind, bodies)
    return unpaged("replicas", bodies)


def _pools(request: Request) -> list[Document]:
    cluster = simulation_of(request).store.document("kubernetes_cluster", request.path_params["id"])
    if cluster is None:
        raise NotFound
    cluster = scope_of(request).narrowed(BY_NAME["kubernetes_cluster"], cluster)
    pools: list[Document] = cluster["node_pools"]
    return pools


async def _pool_list(request: Request) -> Response:
    return cut(request, "node_pools", [orjson.dumps(pool) for pool in _pools(request)])


async def _pool(request: Request) -> Response:
    for pool in _pools(request):
        if pool["id"] == request.path_params["pool_id"]:
            return single("node_pool", orjson.dumps(pool))
    raise NotFound


async def _associated(request: Request) -> Response:
    """What would go with a droplet, each with its monthly cost."""
    droplet = requested_droplet(request)
    store = simulation_of(request).store
    volumes = [d for d in store.documents("volume") if droplet["id"] in d["droplet_ids"]]
    snapshots = [d for d in store.documents("snapshot") if d["resource_id"] == str(droplet["id"])]
    addresses = [
        {"id": d["ip"], "name": d["ip"], "cost": "5.00"}
        for d in store.documents("reserved_ip")
        if d["droplet"] == droplet["id"]
    ]
    volume_snapshots = _volume_snapshots_of(request, [volume["id"] for volume in volumes])
    return Response(
        orjson.dumps(
            {
                "reserved_ips": addresses,
                "floating_ips": addresses,
                "snapshots": [_cost(snapshot, "snapshot") for snapshot in snapshots],
                "volumes": [_cost(volume, "volume") for volume in volumes],
                "volume_snapshots": [_cost(s, "volume_snapshot") for s in volume_snapshots],
            }
        ),
        media_type="application/json",
    )


def _cost(document: Document, kind: str) -> Document:
    gigabytes = Decimal(str(document["size_gigabytes"]))
    price = cents(monthly_of_storage(kind, gigabytes))
    return {"id": str(document["id"]), "name": document["name"], "cost": str(price)}


def routes() -> list[Route]:
    """Lists and reads below one object."""
    droplet = "/v2/droplets/{id}"
    cluster = "/v2/kubernetes/clusters/{id}"
    return [
        _part_list(
            f"{droplet}/backups", "droplet", lambda i: Query("droplet_backup", i), "backups"
        ),
        _part_list(
            f"{droplet}/snapshots", "droplet", lambda i: Query("droplet_snapshot", i), "snapshots"
        ),
        Route(f"{droplet}/firewalls", _droplet_firewalls, methods=["GET"]),
        Route(f"{droplet}/kernels", _nothing_of_a_droplet, methods=["GET"]),
        Route(f"{droplet}/neighbors", _nothing_of_a_droplet, methods=["GET"]),
        Route(f"{droplet}/destroy_with_associated_resources", _associated, methods=["GET"]),
        Route("/v2/volumes/snapshots/{id}", _snapshot_of_a_volume, methods=["GET"]),
        Route("/v2/vpcs/{id}/members", _vpc_members, methods=["GET"]),
        _part_list("/v2/volumes/{id}/snapshots", "volume", _volume_snapshots, "snapshots"),
        _part_list("/v2/domains/{id}/records", "domain", _records, "domain_records"),
        Route("/v2/domains/{id}/records/{record_id}", _record, methods=["GET"]),
        Route("/v2/databases/{id}/replicas", _replicas, methods=["GET"]),
        Route(f"{cluster}/node_pools", _pool_list, methods=["GET"]),
        Route(f"{cluster}/node_pools/{{pool_id}}", _pool, methods=["GET"]),
    ]
