"""Projects made, changed, removed and filled."""

import uuid

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.assignments import resource_document
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.routes.projects import default_project, requested_project
from providers.digitalocean.simulator.simulation import Simulation, simulation_of
from providers.digitalocean.simulator.state import Document, Row
from providers.digitalocean.simulator.urns import exists
from providers.digitalocean.simulator.web.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    Unprocessable,
)
from providers.digitalocean.simulator.web.paging import single, unpaged
from providers.digitalocean.simulator.web.payload import optional, payload, required
from providers.digitalocean.simulator.world.build import Assignment

__all__ = ["routes"]

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
    """The writes under `/v2/projects`."""
    return [
        Route("/v2/projects", _create, methods=["POST"]),
        Route("/v2/projects/{id}", _replace, methods=["PUT"]),
        Route("/v2/projects/{id}", _patch, methods=["PATCH"]),
        Route("/v2/projects/{id}", _delete, methods=["DELETE"]),
        Route("/v2/projects/{id}/resources", _assign, methods=["POST"]),
    ]
