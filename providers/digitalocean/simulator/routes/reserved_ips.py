"""Reserved IPs, each with the whole droplet that holds it; also by their old name, floating IPs."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.errors import NotFound
from providers.digitalocean.simulator.paging import listing, requested_page, single
from providers.digitalocean.simulator.simulation import scope_of, simulation_of
from providers.digitalocean.simulator.state import Query, Store

__all__ = ["routes"]


def _with_droplet(store: Store, body: bytes, *, project: bool) -> bytes:
    document = orjson.loads(body)
    holder = document["droplet"]
    droplet = None if holder is None else store.body("droplet", str(holder))
    document["droplet"] = None if droplet is None else orjson.Fragment(droplet)
    if not project:
        del document["project_id"]
    return orjson.dumps(document)


def _list_route(name: str) -> Route:
    async def answer(request: Request) -> Response:
        store = simulation_of(request).store
        page = requested_page(request)
        bodies, total = store.page(Query("reserved_ip"), page.offset, page.size)
        project = scope_of(request).has("project:read")
        full = [_with_droplet(store, body, project=project) for body in bodies]
        return listing(request, f"{name}s", full, page, total)

    return Route(f"/v2/{name}s", answer, methods=["GET"])


def _read_route(name: str) -> Route:
    async def answer(request: Request) -> Response:
        store = simulation_of(request).store
        body = store.body("reserved_ip", request.path_params["ip"])
        if body is None:
            raise NotFound
        project = scope_of(request).has("project:read")
        return single(name, _with_droplet(store, body, project=project))

    return Route(f"/v2/{name}s/{{ip}}", answer, methods=["GET"])


def routes() -> list[Route]:
    """Everything under `/v2/reserved_ips` and `/v2/floating_ips`."""
    names = ("reserved_ip", "floating_ip")
    return [route(name) for name in names for route in (_list_route, _read_route)]
