"""The lists and single reads common to all kinds, and those of reserved IPs."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from providers.digitalocean.simulator.kinds import BY_NAME, KINDS, Kind
from providers.digitalocean.simulator.simulation import Simulation, scope_of, simulation_of
from providers.digitalocean.simulator.state import Query, Store
from providers.digitalocean.simulator.web.errors import NotFound, found
from providers.digitalocean.simulator.web.paging import (
    LinksWhenSingle,
    listing,
    requested_page,
    single,
    unpaged,
)
from providers.digitalocean.simulator.web.routing import Answer, Routes

__all__ = ["query_for", "routes", "stored_page"]

routes = Routes()


def query_for(kind: Kind, request: Request) -> Query:
    """The list that a request selects, with its filters."""
    # A client that sends all parameters sends an empty one for no filter.
    given = [f for f in kind.filters if request.query_params.get(f.parameter)]
    bucket: str | None = None
    if kind.name == "droplet":
        bucket = "gpu" if request.query_params.get("type") == "gpus" else "cpu"
    return Query(
        kind.name,
        bucket,
        " AND ".join(f.condition for f in given),
        tuple(request.query_params[f.parameter] for f in given),
        kind.newest_first,
    )


def stored_page(request: Request, query: Query, key: str) -> Response:
    """The page of a list that a request asks for, as its token may see it."""
    page, kind = requested_page(request), BY_NAME.get(query.kind)
    bodies, total = simulation_of(request).store.page(query, page.offset, page.size)
    bodies = scope_of(request).visible(kind, bodies) if kind else bodies
    return listing(request, key, bodies, page, total, kind.links if kind else LinksWhenSingle.EMPTY)


def _add_list(kind: Kind) -> None:
    @routes.at(kind.path)
    async def answer(simulation: Simulation, request: Request) -> Answer:
        query = query_for(kind, request)
        if kind.paged:
            return stored_page(request, query, kind.plural)
        bodies, _ = simulation.store.page(query, 0, -1)
        return unpaged(kind.plural, scope_of(request).visible(kind, bodies))


def _by_field(store: Store, kind: Kind, value: str) -> bytes | None:
    """The object with this other name."""
    if not kind.also_read_by:
        return None
    condition = f"json_extract(body, '$.{kind.also_read_by}') = ?"
    bodies, _ = store.page(Query(kind.name, None, condition, (value,)), 0, 1)
    return bodies[0] if bodies else None


def _add_read(kind: Kind) -> None:
    @routes.at(f"{kind.path}/{{id}}")
    async def answer(simulation: Simulation, request: Request) -> Answer:
        identifier = request.path_params["id"]
        body = simulation.store.body(kind.name, identifier) or _by_field(
            simulation.store, kind, identifier
        )
        if body is None or simulation.fresh.hides(kind.name, identifier):
            raise NotFound
        return single(kind.singular, scope_of(request).visible(kind, [body])[0])


@routes.at("/v2/account")
async def _account(simulation: Simulation, _: Request) -> Answer:
    return {"account": simulation.store.documents("account")[0]}


def _shown(request: Request, kind: Kind, body: bytes) -> bytes:
    """An address with its droplet, as far as the token may read both."""
    document = orjson.loads(body)
    token = scope_of(request)
    holder = document["droplet"]
    droplet = None
    if holder is not None:
        droplet = simulation_of(request).store.document("droplet", str(holder))
    document["droplet"] = droplet and token.narrowed(BY_NAME["droplet"], droplet)
    return orjson.dumps(token.narrowed(kind, document))


def _add_addresses(kind: Kind, path: str, name: str) -> None:
    @routes.at(path)
    async def listed(simulation: Simulation, request: Request) -> Answer:
        page = requested_page(request)
        bodies, total = simulation.store.page(Query(kind.name), page.offset, page.size)
        full = [_shown(request, kind, body) for body in bodies]
        return listing(request, f"{name}s", full, page, total)

    @routes.at(f"{path}/{{ip}}")
    async def read(simulation: Simulation, request: Request) -> Answer:
        body = found(simulation.store.body(kind.name, request.path_params["ip"]))
        return single(name, _shown(request, kind, body))


_usual = [kind for kind in KINDS if kind.listed]
for _kind in _usual:
    _add_list(_kind)
for _kind in _usual:
    if _kind.readable:
        _add_read(_kind)
_reserved_ip, _reserved_ipv6 = BY_NAME["reserved_ip"], BY_NAME["reserved_ipv6"]
_add_addresses(_reserved_ip, _reserved_ip.path, "reserved_ip")
_add_addresses(_reserved_ip, "/v2/floating_ips", "floating_ip")
_add_addresses(_reserved_ipv6, _reserved_ipv6.path, "reserved_ipv6")
