"""Control API of the account: scale, mutate, reset, platform acts, and its true state for tests."""

from starlette.requests import Request
from starlette.responses import Response

from providers.digitalocean.simulator.acts.cloning import clone_objects
from providers.digitalocean.simulator.acts.creation import DropletOrder, create_droplet
from providers.digitalocean.simulator.acts.mutations import (
    delete_objects,
    resize_droplet,
    set_fields,
    touch,
)
from providers.digitalocean.simulator.acts.platform_acts import PLATFORM_ACTS
from providers.digitalocean.simulator.acts.scaling import scale_to
from providers.digitalocean.simulator.clock import parse_instant, wall_time
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.start import reset_world
from providers.digitalocean.simulator.state import Document, Query
from providers.digitalocean.simulator.web.errors import NotFound, Unprocessable
from providers.digitalocean.simulator.web.payload import optional, payload, required
from providers.digitalocean.simulator.web.routing import Answer, Routes
from providers.digitalocean.simulator.world.catalog import SIZES

__all__ = ["routes"]

routes = Routes()


@routes.at("/_simulator/scale", "POST")
async def _scale(simulation: Simulation, request: Request) -> Answer:
    """`{"droplets": n}`."""
    droplets = required(await payload(request), "droplets", int)
    return {"droplets": scale_to(simulation, droplets)}


@routes.at("/_simulator/reset", "POST")
async def _reset(simulation: Simulation, request: Request) -> Answer:
    """`{"seed"?, "now"?, "scale"?}`: a new world; faults, tokens and limits are reset."""
    asked = await payload(request)
    now = parse_instant(asked["now"]) if "now" in asked else simulation.config.now or wall_time()
    reset_world(simulation, optional(asked, "seed", int, simulation.config.seed), now)
    scale = optional(asked, "scale", int, 0)
    if scale:
        scale_to(simulation, scale)
    return {"now": now.isoformat()}


@routes.at("/_simulator/mutate", "POST")
async def _mutate(simulation: Simulation, request: Request) -> Answer:
    """One change or a bulk of them, by `do`: touch, delete, create, clone, resize or set."""
    asked = await payload(request)
    do = required(asked, "do", str)
    if do not in _MUTATIONS:
        raise Unprocessable(f"do must be one of {', '.join(_MUTATIONS)}")
    return _MUTATIONS[do](simulation, asked)


def _touch(simulation: Simulation, asked: Document) -> Document:
    count = asked.get("count")
    changed = touch(simulation, optional(asked, "kind", str, "droplet"), count)
    return {"changed": changed}


def _ids(asked: Document) -> list[str]:
    return [str(identifier) for identifier in required(asked, "ids", list)]


def _delete(simulation: Simulation, asked: Document) -> Document:
    kind = optional(asked, "kind", str, "droplet")
    return {"changed": delete_objects(simulation, kind, _ids(asked))}


def _create(simulation: Simulation, asked: Document) -> Document:
    """Creates droplets that are active at once, in a project if given."""
    order = DropletOrder.read(asked | {"image": asked.get("image", "ubuntu-24-04-x64")})
    project = asked.get("project_id")
    names = [order.name] if order.name else list(order.names)
    made = [
        create_droplet(simulation, order, name, status="active", project_id=project)
        for name in names
    ]
    return {"changed": len(made), "ids": [document["id"] for document in made]}


def _resize(simulation: Simulation, asked: Document) -> Document:
    size = required(asked, "size", str)
    if size not in SIZES:
        raise Unprocessable("size is unknown")
    disk = optional(asked, "disk", bool, False)
    found = [simulation.store.document("droplet", identifier) for identifier in _ids(asked)]
    resized = [resize_droplet(simulation, droplet, size, disk=disk) for droplet in found if droplet]
    return {"changed": len(resized)}


def _set(simulation: Simulation, asked: Document) -> Document:
    kind, identifier = required(asked, "kind", str), str(asked.get("id"))
    try:
        if not set_fields(simulation, kind, identifier, required(asked, "fields", dict)):
            raise NotFound
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Unprocessable(f"no such place in the object: {error}") from error
    return {"changed": 1}


def _clone(simulation: Simulation, asked: Document) -> Document:
    kind, count = required(asked, "kind", str), required(asked, "count", int)
    return {"changed": clone_objects(simulation, kind, count)}


_MUTATIONS = {
    "clone": _clone,
    "touch": _touch,
    "delete": _delete,
    "create": _create,
    "resize": _resize,
    "set": _set,
}


@routes.at("/_simulator/truth")
async def _truth(simulation: Simulation, request: Request) -> Answer:
    """The objects of a `kind`, with all fields; `ids` selects some."""
    store = simulation.store
    kind = request.query_params.get("kind", "droplet")
    picked = request.query_params.get("ids")
    if picked is None:
        bodies, total = store.page(Query(kind), 0, -1)
    else:
        found = [store.body(kind, identifier) for identifier in picked.split(",")]
        bodies = [body for body in found if body is not None]
        total = len(bodies)
    body = b'{"objects":[%s],"total":%d}' % (b",".join(bodies), total)
    return Response(body, media_type="application/json")


@routes.at("/_simulator/truth/kinds")
async def _kinds(simulation: Simulation, _: Request) -> Answer:
    """The number of objects of each kind."""
    counted = simulation.store.connection.execute(
        "SELECT kind, count(*) FROM object GROUP BY kind ORDER BY kind"
    )
    return {"kinds": dict(counted)}


@routes.at("/_simulator/truth/assignments")
async def _assignments(simulation: Simulation, _: Request) -> Answer:
    """Every resource's project: `{urn: project_id}`."""
    rows = simulation.store.connection.execute("SELECT urn, project_id FROM assignment")
    return {"assignments": dict(rows)}


@routes.at("/_simulator/platform")
async def _acts(_: Simulation, __: Request) -> Answer:
    """The platform acts by name, with the kinds that show each."""
    return {
        "acts": {
            name: {"kinds": list(act.kinds), "does": act.does}
            for name, act in PLATFORM_ACTS.items()
        }
    }


@routes.at("/_simulator/platform", "POST")
async def _act(simulation: Simulation, request: Request) -> Answer:
    """`{"acts"?: [names]}`, by default all; returns the number of objects that each changed."""
    names = optional(await payload(request), "acts", list, list(PLATFORM_ACTS))
    if unknown := [str(name) for name in names if name not in PLATFORM_ACTS]:
        raise Unprocessable(f"acts: not an act of the platform: {', '.join(unknown)}")
    return {"changed": {name: PLATFORM_ACTS[name].apply(simulation) for name in names}}
