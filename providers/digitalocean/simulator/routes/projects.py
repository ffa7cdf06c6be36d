"""Projects and what is in them, read and written."""

import uuid

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.assignments import URN_TYPES, exists, resource_document
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.simulation import Simulation, scope_of, simulation_of
from providers.digitalocean.simulator.state import Document, Query, Row
from providers.digitalocean.simulator.web.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    Unprocessable,
)
from providers.digitalocean.simulator.web.paging import (
    LinksWhenSingle,
    listing,
    requested_page,
    single,
    unpaged,
)
from providers.digitalocean.simulator.web.payload import optional, payload, required
from providers.digitalocean.simulator.world.build import Assignment

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


_PURPOSES = frozenset(
    {
        "Just trying out DigitalOcean",
        "Class project / Educational purposes",
        "Website or blog",
        "Web Application",
        "Service or API",
        "Mobile Application",
        "Machine learning / AI / Data processing",
        "IoT",
        "Operational / Developer tooling",
    }
)
_ENVIRONMENTS = frozenset({"Development", "Staging", "Production"})


def _purpose(text: str) -> str:
    """A purpose that is not on the API's list is stored as `Other: …`."""
    return text if text in _PURPOSES or text.startswith("Other: ") else f"Other: {text}"


def _environment(text: str) -> str:
    if text and text.capitalize() not in _ENVIRONMENTS:
        raise Unprocessable("environment must be Development, Staging or Production")
    return text.capitalize()


def _refuse_taken(simulation: Simulation, name: str, own_id: str = "") -> None:
    for other in simulation.store.documents("project"):
        if other["name"] == name and other["id"] != own_id:
            raise Conflict("name is already in use")


async def _create(request: Request) -> Response:
    simulation = simulation_of(request)
    asked = await payload(request)
    name = required(asked, "name", str)
    purpose = _purpose(required(asked, "purpose", str))
    environment = _environment(optional(asked, "environment", str, ""))
    now = render_instant(simulation.clock.now())
    owner = default_project(simulation)
    document: Document = {
        "id": str(uuid.uuid4()),
        "owner_uuid": owner["owner_uuid"],
        "owner_id": owner["owner_id"],
        "name": name,
        "description": optional(asked, "description", str, ""),
        "purpose": purpose,
        "environment": environment or "Development",
        "is_default": False,
        "created_at": now,
        "updated_at": now,
    }
    with simulation.store.transaction():
        _refuse_taken(simulation, name)
        row = Row("project", "", document["id"], name, orjson.dumps(document))
        simulation.store.insert([row])
    return single("project", orjson.dumps(document), 201)


async def _replace(request: Request) -> Response:
    """PUT: every field must be given."""
    asked = await payload(request)
    for name in ("name", "description", "purpose", "environment"):
        required(asked, name, str)
    required(asked, "is_default", bool)
    return _change(request, asked)


async def _patch(request: Request) -> Response:
    return _change(request, await payload(request))


def _change(request: Request, asked: Document) -> Response:
    simulation = simulation_of(request)
    with simulation.store.transaction():
        before = requested_project(request)
        after = {
            **before,
            "name": optional(asked, "name", str, before["name"]),
            "description": optional(asked, "description", str, before["description"]),
            "purpose": _purpose(optional(asked, "purpose", str, before["purpose"])),
            "environment": _environment(optional(asked, "environment", str, before["environment"])),
            "is_default": optional(asked, "is_default", bool, before["is_default"]),
            "updated_at": render_instant(simulation.clock.now()),
        }
        _refuse_taken(simulation, after["name"], after["id"])
        _hand_over_default(simulation, before, after)
        simulation.store.replace("project", after["id"], after, after["name"])
    return single("project", orjson.dumps(after))


def _hand_over_default(simulation: Simulation, before: Document, after: Document) -> None:
    """There is always one default project: a new one takes over, the last one stays."""
    if before["is_default"] and not after["is_default"]:
        raise Unprocessable("a default project cannot be unset; make another one default")
    if after["is_default"] and not before["is_default"]:
        former = default_project(simulation) | {"is_default": False}
        simulation.store.replace("project", former["id"], former, former["name"])


async def _delete(request: Request) -> Response:
    simulation = simulation_of(request)
    project = requested_project(request)
    _, held = simulation.assignments.page(project["id"], 0, 1)
    if held or project["is_default"]:
        raise PreconditionFailed("cannot delete a project with resources, or the default one")
    simulation.store.delete("project", [project["id"]])
    return Response(status_code=204)


async def _assign(request: Request) -> Response:
    """Move resources into a project; the answer has a status for each."""
    simulation = simulation_of(request)
    project_id = requested_project(request)["id"]
    urns = required(await payload(request), "resources", list)
    if not all(isinstance(urn, str) and urn.count(":") >= 2 for urn in urns):
        raise NotFound("a resource is not a URN")
    now = render_instant(simulation.clock.now())
    answers: list[bytes] = []
    with simulation.store.transaction():
        for urn in urns:
            if not exists(simulation.store, urn):
                answers.append(resource_document(urn, now, "not_found"))
            elif simulation.assignments.project_of(urn) == project_id:
                answers.append(resource_document(urn, now, "already_assigned"))
            else:
                simulation.assignments.add([Assignment(urn, project_id, now)])
                answers.append(resource_document(urn, now, "assigned"))
    return unpaged("resources", answers)


def routes() -> list[Route]:
    """Everything under `/v2/projects`."""
    return [
        Route("/v2/projects", _list, methods=["GET"]),
        Route("/v2/projects/default/resources", _default_resources, methods=["GET"]),
        Route("/v2/projects/{id}", _read, methods=["GET"]),
        Route("/v2/projects/{id}/resources", _resources, methods=["GET"]),
        Route("/v2/projects", _create, methods=["POST"]),
        Route("/v2/projects/{id}", _replace, methods=["PUT"]),
        Route("/v2/projects/{id}", _patch, methods=["PATCH"]),
        Route("/v2/projects/{id}", _delete, methods=["DELETE"]),
        Route("/v2/projects/{id}/resources", _assign, methods=["POST"]),
    ]
