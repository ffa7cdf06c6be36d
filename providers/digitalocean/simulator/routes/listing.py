"""The lists and single reads that are alike for every kind, and those of reserved IPs."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.kinds import BY_NAME, KINDS, Kind
from providers.digitalocean.simulator.simulation import scope_of, simulation_of
from providers.digitalocean.simulator.state import Query, Store
from providers.digitalocean.simulator.web.errors import NotFound
from providers.digitalocean.simulator.web.paging import (
    Page,
    listing,
    requested_page,
    single,
    unpaged,
)

__all__ = ["query_for", "routes"]


def query_for(kind: Kind, request: Request) -> Query:
    """The list that a request asks for, its filters applied."""
    # A client that sends all parameters sends an empty one for no filter, as is the default.
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


def _list_route(kind: Kind) -> Route:
    async def answer(request: Request) -> Response:
        store = simulation_of(request).store
        if not kind.paged:
            bodies, _ = store.page(query_for(kind, request), 0, -1)
            bodies = scope_of(request).visible(kind, bodies)
            return unpaged(kind.plural, bodies)
        page: Page = requested_page(request)
        bodies, total = store.page(query_for(kind, request), page.offset, page.size)
        bodies = scope_of(request).visible(kind, bodies)
        return listing(request, kind.plural, bodies, page, total, kind.links)

    return Route(kind.path, answer, methods=["GET"])


def _by_field(store: Store, kind: Kind, value: str) -> bytes | None:
    """The object whose other name this is."""
    if not kind.also_read_by:
        return None
    condition = f"json_extract(body, '$.{kind.also_read_by}') = ?"
    bodies, _ = store.page(Query(kind.name, None, condition, (value,)), 0, 1)
    return bodies[0] if bodies else None


def _read_route(kind: Kind) -> Route:
    async def answer(request: Request) -> Response:
        simulation = simulation_of(request)
        identifier = request.path_params["id"]
        body = simulation.store.body(kind.name, identifier) or _by_field(
            simulation.store, kind, identifier
        )
        if body is None or simulation.fresh.hides(kind.name, identifier):
            raise NotFound
        return single(kind.singular, scope_of(request).visible(kind, [body])[0])

    return Route(f"{kind.path}/{{id}}", answer, methods=["GET"])


async def _account(request: Request) -> Response:
    return single("account", orjson.dumps(simulation_of(request).store.documents("account")[0]))


def _shown(request: Request, kind: Kind, body: bytes) -> bytes:
    """An address with the droplet that holds it, as the token may see both."""
    document = orjson.loads(body)
    token = scope_of(request)
    holder = document["droplet"]
    droplet = None
    if holder is not None:
        droplet = simulation_of(request).store.body("droplet", str(holder))
    whole = None if droplet is None else orjson.loads(droplet)
    document["droplet"] = None if whole is None else token.narrowed(BY_NAME["droplet"], whole)
    return orjson.dumps(token.narrowed(kind, document))


def _address_list(kind: Kind, path: str, name: str) -> Route:
    async def answer(request: Request) -> Response:
        page = requested_page(request)
        store = simulation_of(request).store
        bodies, total = store.page(Query(kind.name), page.offset, page.size)
        full = [_shown(request, kind, body) for body in bodies]
        return listing(request, f"{name}s", full, page, total)

    return Route(path, answer, methods=["GET"])


def _address_read(kind: Kind, path: str, name: str) -> Route:
    async def answer(request: Request) -> Response:
        body = simulation_of(request).store.body(kind.name, request.path_params["ip"])
        if body is None:
            raise NotFound
        return single(name, _shown(request, kind, body))

    return Route(f"{path}/{{ip}}", answer, methods=["GET"])


def routes() -> list[Route]:
    """Lists of every declared kind, reads of those that have them, and the account."""
    usual = [kind for kind in KINDS if kind.listed]
    reserved_ip, reserved_ipv6 = BY_NAME["reserved_ip"], BY_NAME["reserved_ipv6"]
    shown = (
        (reserved_ip, reserved_ip.path, "reserved_ip"),
        (reserved_ip, "/v2/floating_ips", "floating_ip"),
        (reserved_ipv6, reserved_ipv6.path, "reserved_ipv6"),
    )
    return [
        Route("/v2/account", _account, methods=["GET"]),
        *(_list_route(kind) for kind in usual),
        *(_read_route(kind) for kind in usual if kind.readable),
        *[route(*one) for one in shown for route in (_address_list, _address_read)],
    ]
