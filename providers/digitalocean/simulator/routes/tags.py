"""Tags: counted from the objects that carry them, made, attached and taken off."""

import re

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.simulation import Simulation, simulation_of
from providers.digitalocean.simulator.state import Document, Row
from providers.digitalocean.simulator.web.errors import BadRequest, NotFound, Unprocessable
from providers.digitalocean.simulator.web.paging import cut, single
from providers.digitalocean.simulator.web.payload import payload, required

__all__ = ["routes"]

_NAME = re.compile(r"^[a-zA-Z0-9_\-:]{1,255}$")
_TAGGED = {
    "droplet": "droplets",
    "image": "images",
    "volume": "volumes",
    "snapshot": "volume_snapshots",
    "database": "databases",
}
_KINDS = {"droplet": "droplet", "image": "image", "volume": "volume", "volume_snapshot": "snapshot"}


def _counts(simulation: Simulation) -> dict[str, dict[str, int]]:
    """How many objects of each kind carry each tag; tags of nothing but their own too."""
    kinds = ", ".join(f"'{kind}'" for kind in _TAGGED)
    rows = simulation.store.connection.execute(
        "SELECT value, kind, count(*) FROM object, json_each(body, '$.tags') "
        f"WHERE kind IN ({kinds}) AND value IS NOT NULL GROUP BY value, kind"
    )
    counts: dict[str, dict[str, int]] = {
        document["name"]: {} for document in simulation.store.documents("tag")
    }
    for name, kind, number in rows:
        counts.setdefault(name, {})[kind] = number
    return dict(sorted(counts.items()))


def _document(name: str, counts: dict[str, int]) -> Document:
    by_kind = {key: {"count": counts.get(kind, 0)} for kind, key in _TAGGED.items()}
    return {"name": name, "resources": {"count": sum(counts.values()), **by_kind}}


async def _list(request: Request) -> Response:
    counts = _counts(simulation_of(request)).items()
    return cut(request, "tags", [orjson.dumps(_document(*entry)) for entry in counts])


def _requested(request: Request) -> tuple[str, dict[str, int]]:
    wanted = request.path_params["name"].lower()
    for name, counts in _counts(simulation_of(request)).items():
        if name.lower() == wanted:
            return name, counts
    raise NotFound


async def _read(request: Request) -> Response:
    return single("tag", orjson.dumps(_document(*_requested(request))))


async def _create(request: Request) -> Response:
    """201 with the tag, also when it was there already."""
    simulation = simulation_of(request)
    name = required(await payload(request), "name", str)
    if not _NAME.match(name):
        raise BadRequest("name may hold letters, numbers, colons, dashes and underscores.")
    if simulation.store.body("tag", name) is None:
        simulation.store.insert([Row("tag", "", name, name, orjson.dumps({"name": name}))])
    return single("tag", orjson.dumps(_document(name, _counts(simulation)[name])), 201)


async def _change(request: Request) -> Response:
    """Attach (POST) or take off (DELETE) a tag of the resources that the body lists."""
    simulation = simulation_of(request)
    name, _ = _requested(request)
    resources = required(await payload(request), "resources", list)
    with simulation.store.transaction():
        for resource in resources:
            _change_one(simulation, name, resource, attach=request.method == "POST")
    return Response(status_code=204)


def _change_one(simulation: Simulation, name: str, resource: Document, *, attach: bool) -> None:
    kind = _KINDS.get(resource.get("resource_type", ""))
    if kind is None:
        raise Unprocessable("resource_type must be droplet, image, volume or volume_snapshot")
    document = simulation.store.document(kind, str(resource.get("resource_id")))
    if document is None:
        raise NotFound
    kept = [tag for tag in document["tags"] or [] if tag.lower() != name.lower()]
    document["tags"] = [*kept, name] if attach else kept
    simulation.store.replace(kind, str(document["id"]), document, document["name"])


async def _delete(request: Request) -> Response:
    """The tag goes, and comes off whatever carries it."""
    simulation = simulation_of(request)
    name, counts = _requested(request)
    with simulation.store.transaction():
        for kind in counts:
            for document in simulation.store.documents(kind):
                if name in (document["tags"] or []):
                    document["tags"].remove(name)
                    identifier = str(document["id"])
                    simulation.store.replace(kind, identifier, document, document["name"])
        simulation.store.delete("tag", [name])
    return Response(status_code=204)


def routes() -> list[Route]:
    """Everything under `/v2/tags`."""
    return [
        Route("/v2/tags", _list, methods=["GET"]),
        Route("/v2/tags", _create, methods=["POST"]),
        Route("/v2/tags/{name}", _read, methods=["GET"]),
        Route("/v2/tags/{name}", _delete, methods=["DELETE"]),
        Route("/v2/tags/{name}/resources", _change, methods=["POST", "DELETE"]),
    ]
