"""Projects and their resources, read and written."""

import uuid

import orjson
from starlette.requests import Request
from starlette.responses import Response

from providers.digitalocean.simulator.assignments import URN_TYPES, exists, resource_document
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.routes.listing import stored_page
from providers.digitalocean.simulator.simulation import Simulation, scope_of, simulation_of
from providers.digitalocean.simulator.state import Document, Query, Row
from providers.digitalocean.simulator.web.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    Unprocessable,
    found,
)
from providers.digitalocean.simulator.web.paging import (
    LinksWhenSingle,
    listing,
    requested_page,
    single,
    unpaged,
)
from providers.digitalocean.simulator.web.payload import optional, payload, required
from providers.digitalocean.simulator.web.routing import Answer, Routes
from providers.digitalocean.simulator.world.build import Assignment

__all__ = ["default_project", "requested_project", "routes"]

routes = Routes()


def default_project(simulation: Simulation) -> Document:
    """The project for resources without another."""
    return next(d for d in simulation.store.documents("project") if d["is_default"])


def requested_project(request: Request) -> Document:
    """The project in the path; `default` is allowed. NotFound if there is none."""
    identifier = request.path_params.get("id", "default")
    simulation = simulation_of(request)
    if identifier == "default":
        return default_project(simulation)
    return found(simulation.store.document("project", identifier))


@routes.at("/v2/projects")
async def _list(_: Simulation, request: Request) -> Answer:
    return stored_page(request, Query("project"), "projects")


@routes.at("/v2/projects/{id}")
async def _read(_: Simulation, request: Request) -> Answer:
    return single("project", orjson.dumps(requested_project(request)))


def _hidden_types(request: Request) -> list[str]:
    """The types of URNs hidden from the token."""
    token = scope_of(request)
    return [urn_type for urn_type, kind in URN_TYPES.items() if not token.sees(kind)]


@routes.at("/v2/projects/default/resources")
async def _default_resources(simulation: Simulation, request: Request) -> Answer:
    """All at once: this list is not paged."""
    project_id = default_project(simulation)["id"]
    bodies, total = simulation.assignments.page(project_id, 0, -1, hidden=_hidden_types(request))
    body = b'{"resources":[%s],"links":{},"meta":{"total":%d}}' % (b",".join(bodies), total)
    return Response(body, media_type="application/json")


@routes.at("/v2/projects/{id}/resources")
async def _resources(simulation: Simulation, request: Request) -> Answer:
    page = requested_page(request)
    project_id = requested_project(request)["id"]
    bodies, total = simulation.assignments.page(
        project_id, page.offset, page.size, hidden=_hidden_types(request)
    )
    return listing(request, "resources", bodies, page, total, LinksWhenSingle.EMPTY_PAGES)


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


@routes.at("/v2/projects", "POST")
async def _create(simulation: Simulation, request: Request) -> Answer:
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


@routes.at("/v2/projects/{id}", "PUT")
async def _replace(_: Simulation, request: Request) -> Answer:
    """PUT: every field must be given."""
    asked = await payload(request)
    for name in ("name", "description", "purpose", "environment"):
        required(asked, name, str)
    required(asked, "is_default", bool)
    return _change(request, asked)


@routes.at("/v2/projects/{id}", "PATCH")
async def _patch(_: Simulation, request: Request) -> Answer:
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
    """There is always one default project: a new one replaces it, the last one stays."""
    if before["is_default"] and not after["is_default"]:
        raise Unprocessable("a default project cannot be unset; make another one default")
    if after["is_default"] and not before["is_default"]:
        former = default_project(simulation) | {"is_default": False}
        simulation.store.replace("project", former["id"], former, former["name"])


@routes.at("/v2/projects/{id}", "DELETE")
async def _delete(simulation: Simulation, request: Request) -> None:
    project = requested_project(request)
    _, held = simulation.assignments.page(project["id"], 0, 1)
    if held or project["is_default"]:
        raise PreconditionFailed("cannot delete a project with resources, or the default one")
    simulation.store.delete("project", [project["id"]])


@routes.at("/v2/projects/{id}/resources", "POST")
async def _assign(simulation: Simulation, request: Request) -> Answer:
    """Moves resources into a project; the response has a status for each."""
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
