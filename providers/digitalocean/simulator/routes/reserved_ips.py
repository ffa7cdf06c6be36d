"""Reserved IPs of both versions, by their old name too, each with the droplet that holds it."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.kinds import BY_NAME, Kind
from providers.digitalocean.simulator.simulation import scope_of, simulation_of
from providers.digitalocean.simulator.state import Query
from providers.digitalocean.simulator.web.errors import NotFound
from providers.digitalocean.simulator.web.paging import listing, requested_page, single

__all__ = ["routes"]


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


def _list_route(kind: Kind, path: str, name: str) -> Route:
    async def answer(request: Request) -> Response:
        page = requested_page(request)
        store = simulation_of(request).store
        bodies, total = store.page(Query(kind.name), page.offset, page.size)
        full = [_shown(request, kind, body) for body in bodies]
        return listing(request, f"{name}s", full, page, total)

    return Route(path, answer, methods=["GET"])


def _read_route(kind: Kind, path: str, name: str) -> Route:
    async def answer(request: Request) -> Response:
        body = simulation_of(request).store.body(kind.name, request.path_params["ip"])
        if body is None:
            raise NotFound
        return single(name, _shown(request, kind, body))

    return Route(f"{path}/{{ip}}", answer, methods=["GET"])


def routes() -> list[Route]:
    """Everything under `/v2/reserved_ips`, `/v2/floating_ips` and `/v2/reserved_ipv6`."""
    reserved_ip, reserved_ipv6 = BY_NAME["reserved_ip"], BY_NAME["reserved_ipv6"]
    shown = (
        (reserved_ip, reserved_ip.path, "reserved_ip"),
        (reserved_ip, "/v2/floating_ips", "floating_ip"),
        (reserved_ipv6, reserved_ipv6.path, "reserved_ipv6"),
    )
    return [route(*one) for one in shown for route in (_list_route, _read_route)]
