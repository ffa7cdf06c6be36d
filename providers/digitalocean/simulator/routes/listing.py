"""The lists and single reads that are alike for every kind."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.kinds import KINDS, Kind
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


def routes() -> list[Route]:
    """Lists of every declared kind, reads of those that have them, and the account."""
    usual = [kind for kind in KINDS if kind.listed]
    return [
        Route("/v2/account", _account, methods=["GET"]),
        *(_list_route(kind) for kind in usual),
        *(_read_route(kind) for kind in usual if kind.readable),
    ]
