"""Tags: counted from tagged objects, created, attached and removed."""

import re

import orjson
from starlette.requests import Request

from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document, Row
from providers.digitalocean.simulator.web.errors import BadRequest, NotFound, Unprocessable, found
from providers.digitalocean.simulator.web.paging import cut
from providers.digitalocean.simulator.web.payload import payload, required
from providers.digitalocean.simulator.web.routing import Answer, Routes, json_answer

__all__ = ["routes"]

routes = Routes()

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
    """The number of objects of each kind with each tag, unused tags included."""
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


@routes.at("/v2/tags")
async def _list(simulation: Simulation, request: Request) -> Answer:
    counts = _counts(simulation).items()
    return cut(request, "tags", [orjson.dumps(_document(*entry)) for entry in counts])


def _requested(simulation: Simulation, request: Request) -> tuple[str, dict[str, int]]:
    wanted = request.path_params["name"].lower()
    for name, counts in _counts(simulation).items():
        if name.lower() == wanted:
            return name, counts
    raise NotFound


@routes.at("/v2/tags/{name}")
async def _read(simulation: Simulation, request: Request) -> Answer:
    return {"tag": _document(*_requested(simulation, request))}


@routes.at("/v2/tags", "POST")
async def _create(simulation: Simulation, request: Request) -> Answer:
    """201 with the tag, also if it existed."""
    name = required(await payload(request), "name", str)
    if not _NAME.match(name):
        raise BadRequest("name may hold letters, numbers, colons, dashes and underscores.")
    if simulation.store.body("tag", name) is None:
        simulation.store.insert([Row("tag", "", name, name, orjson.dumps({"name": name}))])
    return json_answer({"tag": _document(name, _counts(simulation)[name])}, 201)


@routes.at("/v2/tags/{name}/resources", "POST", "DELETE")
async def _change(simulation: Simulation, request: Request) -> None:
    """Attaches (POST) or removes (DELETE) a tag of the resources in the body."""
    name, _ = _requested(simulation, request)
    resources = required(await payload(request), "resources", list)
    with simulation.store.transaction():
        for resource in resources:
            _change_one(simulation, name, resource, attach=request.method == "POST")


def _change_one(simulation: Simulation, name: str, resource: Document, *, attach: bool) -> None:
    kind = _KINDS.get(resource.get("resource_type", ""))
    if kind is None:
        raise Unprocessable("resource_type must be droplet, image, volume or volume_snapshot")
    document = found(simulation.store.document(kind, str(resource.get("resource_id"))))
    kept = [tag for tag in document["tags"] or [] if tag.lower() != name.lower()]
    document["tags"] = [*kept, name] if attach else kept
    simulation.store.replace(kind, str(document["id"]), document, document["name"])


@routes.at("/v2/tags/{name}", "DELETE")
async def _delete(simulation: Simulation, request: Request) -> None:
    """Deletes the tag, also from all resources."""
    name, counts = _requested(simulation, request)
    with simulation.store.transaction():
        for kind in counts:
            for document in simulation.store.documents(kind):
                if name in (document["tags"] or []):
                    document["tags"].remove(name)
                    identifier = str(document["id"])
                    simulation.store.replace(kind, identifier, document, document["name"])
        simulation.store.delete("tag", [name])
