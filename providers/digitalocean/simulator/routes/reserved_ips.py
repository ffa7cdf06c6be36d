"""Reserved IPs, each with the whole droplet that holds it; also by their old name, floating IPs."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.errors import NotFound
from providers.digitalocean.simulator.kinds import BY_NAME
from providers.digitalocean.simulator.paging import listing, requested_page, single
from providers.digitalocean.simulator.simulation import scope_of, simulation_of
from providers.digitalocean.simulator.state import Query

__all__ = ["routes"]


def _shown(request: Request, body: bytes) -> bytes:
    """An address with the droplet that holds it, as the token may see both."""
    document = orjson.loads(body)
    token = scope_of(request)
    holder = document["droplet"]
    droplet = None
    if holder is not None:
        droplet = simulation_of(request).store.body("droplet", str(holder))
    whole = None if droplet is None else orjson.loads(droplet)
    document["droplet"] = None if whole is None else token.narrowed(BY_NAME["droplet"], whole)
    return orjson.dumps(token.narrowed(BY_NAME["reserved_ip"], document))


def _list_route(name: str) -> Route:
    async def answer(request: Request) -> Response:
        page = requested_page(request)
        store = simulation_of(request).store
        bodies, total = store.page(Query("reserved_ip"), page.offset, page.size)
        full = [_shown(request, body) for body in bodies]
        return listing(request, f"{name}s", full, page, total)

    return Route(f"/v2/{name}s", answer, methods=["GET"])


def _read_route(name: str) -> Route:
    async def answer(request: Request) -> Response:
        body = simulation_of(request).store.body("reserved_ip", request.path_params["ip"])
        if body is None:
            raise NotFound
        return single(name, _shown(request, body))

    return Route(f"/v2/{name}s/{{ip}}", answer, methods=["GET"])


def routes() -> list[Route]:
    """Everything under `/v2/reserved_ips` and `/v2/floating_ips`."""
    names = ("reserved_ip", "floating_ip")
    return [route(name) for name in names for route in (_list_route, _read_route)]
