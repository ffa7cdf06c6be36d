"""Writes of droplets, and their parts."""

import orjson
from starlette.requests import Request

from providers.digitalocean.simulator.acts.creation import DropletOrder, create_droplet
from providers.digitalocean.simulator.acts.droplet_actions import begin_action
from providers.digitalocean.simulator.acts.pending_actions import Effect
from providers.digitalocean.simulator.acts.scaling import remove_droplets
from providers.digitalocean.simulator.kinds import BY_NAME
from providers.digitalocean.simulator.routes.listing import query_for, stored_page
from providers.digitalocean.simulator.simulation import Simulation, simulation_of
from providers.digitalocean.simulator.state import Document, Query
from providers.digitalocean.simulator.web.errors import (
    PENDING_EVENT,
    NotFound,
    Unprocessable,
    found,
)
from providers.digitalocean.simulator.web.paging import single
from providers.digitalocean.simulator.web.payload import optional, payload, required
from providers.digitalocean.simulator.web.routing import Answer, Routes, json_answer
from providers.digitalocean.simulator.world.catalog import SIZES

__all__ = ["requested_droplet", "routes"]

routes = Routes()

_WITHOUT_ARGUMENT = frozenset(
    {
        "reboot",
        "power_cycle",
        "shutdown",
        "power_off",
        "power_on",
        "enable_backups",
        "disable_backups",
        "password_reset",
        "enable_ipv6",
    }
)


def requested_droplet(request: Request) -> Document:
    """The droplet in the path. Raises NotFound, also for a new one."""
    simulation = simulation_of(request)
    identifier = request.path_params["id"]
    document = found(simulation.store.document("droplet", identifier))
    if simulation.fresh.hides("droplet", identifier):
        raise NotFound
    return document


@routes.at("/v2/droplets", "POST")
async def _create(simulation: Simulation, request: Request) -> Answer:
    """202 with the droplet, still `new`, and a link to its action."""
    order = DropletOrder.read(await payload(request))
    made: list[Document] = []
    links: list[Document] = []
    with simulation.store.transaction():
        for name in order.names or (order.name,):
            droplet = create_droplet(simulation, order, name)
            effect = Effect("create", str(droplet["id"]))
            action = begin_action(simulation, droplet, effect, length=2.0)
            href = f"{request.url.scheme}://{request.url.netloc}/v2/actions/{action['id']}"
            made.append(droplet)
            links.append({"id": action["id"], "rel": "create", "href": href})
    for droplet in made:
        simulation.fresh.note("droplet", str(droplet["id"]))
    what = {"droplets": made} if order.names else {"droplet": made[0]}
    return json_answer({**what, "links": {"actions": links}}, 202)


def _require_idle(simulation: Simulation, droplet: Document) -> None:
    """Unprocessable while another action is running, or the platform has locked a droplet."""
    if droplet["locked"] or simulation.pending.of_droplet(str(droplet["id"])):
        raise Unprocessable(PENDING_EVENT)


@routes.at("/v2/droplets/{id}", "DELETE")
async def _delete(simulation: Simulation, request: Request) -> None:
    droplet = requested_droplet(request)
    if droplet["status"] != "new":  # its creation may be aborted
        _require_idle(simulation, droplet)
    remove_droplets(simulation, [str(droplet["id"])])


@routes.at("/v2/droplets", "DELETE")
async def _delete_tagged(simulation: Simulation, request: Request) -> None:
    """DELETE by `tag_name`, which is required, so that not all are deleted."""
    if not request.query_params.get("tag_name"):
        raise Unprocessable("tag_name is a required parameter")
    bodies, _ = simulation.store.page(query_for(BY_NAME["droplet"], request), 0, -1)
    remove_droplets(simulation, [str(orjson.loads(body)["id"]) for body in bodies])


def _effect(asked: Document, droplet: Document) -> Effect:
    kind = required(asked, "type", str)
    identifier = str(droplet["id"])
    if kind == "resize":
        size = required(asked, "size", str)
        _check_resize(size, droplet, disk=optional(asked, "disk", bool, False))
        return Effect(kind, identifier, size, optional(asked, "disk", bool, False))
    if kind in ("rename", "snapshot"):
        return Effect(kind, identifier, required(asked, "name", str))
    if kind not in _WITHOUT_ARGUMENT:
        raise Unprocessable(f"{kind} is not an action of this simulator")
    if kind in ("power_off", "shutdown") and droplet["status"] == "off":
        raise Unprocessable("Droplet is already powered off.")
    if kind == "power_on" and droplet["status"] == "active":
        raise Unprocessable("Droplet is already powered on.")
    return Effect(kind, identifier)


def _check_resize(size: str, droplet: Document, *, disk: bool) -> None:
    if size not in SIZES:
        raise Unprocessable("size: you specified an invalid size.")
    if droplet["status"] != "off":
        raise Unprocessable("Droplet must be powered off before it can be resized.")
    if size == droplet["size_slug"]:
        raise Unprocessable("Droplet already has this size.")
    if SIZES[size].disk < droplet["disk"]:
        raise Unprocessable("The disk of the new size is smaller than the Droplet's.")
    if disk and SIZES[size].disk == droplet["disk"]:
        raise Unprocessable("The disk is of the new size's already.")


@routes.at("/v2/droplets/{id}/actions", "POST")
async def _act(simulation: Simulation, request: Request) -> Answer:
    droplet = requested_droplet(request)
    _require_idle(simulation, droplet)
    action = begin_action(simulation, droplet, _effect(await payload(request), droplet))
    return single("action", orjson.dumps(action), 201)


@routes.at("/v2/droplets/{id}/actions")
async def _actions(simulation: Simulation, request: Request) -> Answer:
    query = Query("action", f"droplet:{requested_droplet(request)['id']}", newest_first=True)
    return stored_page(request, query, "actions")


@routes.at("/v2/droplets/{id}/actions/{action_id}")
async def _action(simulation: Simulation, request: Request) -> Answer:
    body = found(simulation.store.body("action", request.path_params["action_id"]))
    if str(orjson.loads(body)["resource_id"]) != request.path_params["id"]:
        raise NotFound
    return single("action", body)
