"""Projects and what is in them, read."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.simulation import Simulation, scope_of, simulation_of
from providers.digitalocean.simulator.state import Document, Query
from providers.digitalocean.simulator.urns import URN_TYPES
from providers.digitalocean.simulator.web.errors import NotFound
from providers.digitalocean.simulator.web.paging import (
    LinksWhenSingle,
    listing,
    requested_page,
    single,
)

__all__ = ["default_project", "requested_project", "routes"]


def default_project(simulation: Simulation) -> Document:
    """The project that takes whatever is put nowhere else."""
    return next(d for d in simulation.store.documents("project") if d["is_default"])


def requested_project(request: Request) -> Document:
    """The project that the path names; `default` is one too. NotFound when there is none."""
    identifier = request.path_params.get("id", "default")
    simulation = simulation_of(request)
    if identifier == "default":
        return default_project(simulation)
    document = simulation.store.document("project", identifier)
    if document is None:
        raise NotFound
    return document


async def _list(request: Request) -> Response:
    page = requested_page(request)
    bodies, total = simulation_of(request).store.page(Query("project"), page.offset, page.size)
    return listing(request, "projects", bodies, page, total)


async def _read(request: Request) -> Response:
    return single("project", orjson.dumps(requested_project(request)))


def _hidden_types(request: Request) -> list[str]:
    """The types of URNs that the token may not see: a project shows only what it may."""
    token = scope_of(request)
    return [urn_type for urn_type, kind in URN_TYPES.items() if not token.sees(kind)]


async def _resources(request: Request) -> Response:
    page = requested_page(request)
    project_id = requested_project(request)["id"]
    bodies, total = simulation_of(request).assignments.page(
        project_id, page.offset, page.size, hidden=_hidden_types(request)
    )
    return listing(request, "resources", bodies, page, total, LinksWhenSingle.EMPTY_PAGES)


async def _default_resources(request: Request) -> Response:
    """All of them at once: this one list does not page."""
    project_id = default_project(simulation_of(request))["id"]
    bodies, total = simulation_of(request).assignments.page(
        project_id, 0, -1, hidden=_hidden_types(request)
    )
    body = b'{"resources":[%s],"links":{},"meta":{"total":%d}}' % (b",".join(bodies), total)
    return Response(body, media_type="application/json")


def routes() -> list[Route]:
    """Everything under `/v2/projects`."""
    return [
        Route("/v2/projects", _list, methods=["GET"]),
        Route("/v2/projects/default/resources", _default_resources, methods=["GET"]),
        Route("/v2/projects/{id}", _read, methods=["GET"]),
        Route("/v2/projects/{id}/resources", _resources, methods=["GET"]),
    ]
