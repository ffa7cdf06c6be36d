"""Parts of one object: a droplet's images and firewalls, records, pools, members."""

from collections.abc import Callable
from decimal import Decimal

import orjson
from starlette.requests import Request

from providers.digitalocean.simulator.assignments import urn_of
from providers.digitalocean.simulator.billing.lines import cents, monthly_of_storage
from providers.digitalocean.simulator.kinds import BY_NAME
from providers.digitalocean.simulator.routes.droplet_writes import requested_droplet
from providers.digitalocean.simulator.routes.listing import stored_page
from providers.digitalocean.simulator.simulation import Simulation, scope_of, simulation_of
from providers.digitalocean.simulator.state import Document, Query
from providers.digitalocean.simulator.web.errors import NotFound, found
from providers.digitalocean.simulator.web.paging import cut, single, unpaged
from providers.digitalocean.simulator.web.routing import Answer, Routes

__all__ = ["routes"]

routes = Routes()


def _part_list(path: str, parent: str, query: Callable[[str], Query], key: str) -> None:
    """A paged list of what belongs to an object of the kind `parent`."""

    @routes.at(path)
    async def answer(simulation: Simulation, request: Request) -> Answer:
        identifier = request.path_params["id"]
        found(simulation.store.body(parent, identifier))
        return stored_page(request, query(identifier), key)


def _records(domain: str) -> Query:
    return Query("domain_record", domain)


def _volume_snapshots(volume_id: str) -> Query:
    return Query("snapshot", "volume", "json_extract(body, '$.resource_id') = ?", (volume_id,))


@routes.at("/v2/domains/{id}/records/{record_id}")
async def _record(simulation: Simulation, request: Request) -> Answer:
    store = simulation.store
    bodies, _ = store.page(_records(request.path_params["id"]), 0, -1)
    for body in bodies:
        if str(orjson.loads(body)["id"]) == request.path_params["record_id"]:
            return single("domain_record", body)
    raise NotFound


@routes.at("/v2/droplets/{id}/firewalls")
async def _droplet_firewalls(simulation: Simulation, request: Request) -> Answer:
    droplet = requested_droplet(request)
    holding = [
        orjson.dumps(firewall)
        for firewall in simulation.store.documents("firewall")
        if droplet["id"] in firewall["droplet_ids"] or set(firewall["tags"]) & set(droplet["tags"])
    ]
    return cut(request, "firewalls", holding)


@routes.at("/v2/droplets/{id}/neighbors")
@routes.at("/v2/droplets/{id}/kernels")
async def _nothing_of_a_droplet(_: Simulation, request: Request) -> Answer:
    """Kernels and neighbours: empty for every droplet."""
    requested_droplet(request)
    key = {"kernels": "kernels", "neighbors": "droplets"}[request.url.path.rsplit("/", 1)[1]]
    return cut(request, key, [])


@routes.at("/v2/volumes/snapshots/{id}")
async def _snapshot_of_a_volume(simulation: Simulation, request: Request) -> Answer:
    body = found(simulation.store.body("snapshot", request.path_params["id"]))
    if orjson.loads(body)["resource_type"] != "volume":
        raise NotFound
    return single("snapshot", body)


@routes.at("/v2/vpcs/{id}/members")
async def _vpc_members(simulation: Simulation, request: Request) -> Answer:
    """The members of a VPC, by URN."""
    identifier = request.path_params["id"]
    store = simulation.store
    found(store.body("vpc", identifier))
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
"""The kinds in a network, each with the field that names it."""


@routes.at("/v2/databases/{id}/replicas")
async def _replicas(simulation: Simulation, request: Request) -> Answer:
    """The read-only replicas of a database, unpaged."""
    store = simulation.store
    identifier = request.path_params["id"]
    found(store.body("database", identifier))
    kind = BY_NAME["database_replica"]
    bodies, _ = store.page(Query(kind.name, identifier), 0, -1)
    bodies = scope_of(request).visible(kind, bodies)
    return unpaged("replicas", bodies)


def _pools(request: Request) -> list[Document]:
    store = simulation_of(request).store
    cluster = found(store.document("kubernetes_cluster", request.path_params["id"]))
    cluster = scope_of(request).narrowed(BY_NAME["kubernetes_cluster"], cluster)
    pools: list[Document] = cluster["node_pools"]
    return pools


@routes.at("/v2/kubernetes/clusters/{id}/node_pools")
async def _pool_list(_: Simulation, request: Request) -> Answer:
    return cut(request, "node_pools", [orjson.dumps(pool) for pool in _pools(request)])


@routes.at("/v2/kubernetes/clusters/{id}/node_pools/{pool_id}")
async def _pool(_: Simulation, request: Request) -> Answer:
    for pool in _pools(request):
        if pool["id"] == request.path_params["pool_id"]:
            return single("node_pool", orjson.dumps(pool))
    raise NotFound


@routes.at("/v2/droplets/{id}/destroy_with_associated_resources")
async def _associated(simulation: Simulation, request: Request) -> Answer:
    """What would be deleted with a droplet, with monthly costs."""
    droplet = requested_droplet(request)
    store = simulation.store
    volumes = [d for d in store.documents("volume") if droplet["id"] in d["droplet_ids"]]
    snapshots = [d for d in store.documents("snapshot") if d["resource_id"] == str(droplet["id"])]
    addresses = [
        {"id": d["ip"], "name": d["ip"], "cost": "5.00"}
        for d in store.documents("reserved_ip")
        if d["droplet"] == droplet["id"]
    ]
    held = {volume["id"] for volume in volumes}
    volume_snapshots = [one for one in store.documents("snapshot") if one["resource_id"] in held]
    return {
        "reserved_ips": addresses,
        "floating_ips": addresses,
        "snapshots": [_cost(snapshot, "snapshot") for snapshot in snapshots],
        "volumes": [_cost(volume, "volume") for volume in volumes],
        "volume_snapshots": [_cost(one, "volume_snapshot") for one in volume_snapshots],
    }


def _cost(document: Document, kind: str) -> Document:
    gigabytes = Decimal(str(document["size_gigabytes"]))
    price = cents(monthly_of_storage(kind, gigabytes))
    return {"id": str(document["id"]), "name": document["name"], "cost": str(price)}


_part_list("/v2/droplets/{id}/backups", "droplet", lambda i: Query("droplet_backup", i), "backups")
_part_list(
    "/v2/droplets/{id}/snapshots", "droplet", lambda i: Query("droplet_snapshot", i), "snapshots"
)
_part_list("/v2/volumes/{id}/snapshots", "volume", _volume_snapshots, "snapshots")
_part_list("/v2/domains/{id}/records", "domain", _records, "domain_records")
