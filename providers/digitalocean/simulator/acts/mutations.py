"""Changes that bypass the API, as by another tool or in the provider's console."""

from typing import Any

from providers.digitalocean.simulator.acts.scaling import remove_droplets
from providers.digitalocean.simulator.assignments import TYPE_OF_KIND, urn_of
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.world.catalog import SIZES
from providers.digitalocean.simulator.world.droplets import with_size

__all__ = ["delete_objects", "resize_droplet", "restart_bills", "set_fields", "touch"]

# A new name that replaces the one of the previous touch, and one more tag.
_NAME = "CASE instr(name, '.r') WHEN 0 THEN name ELSE substr(name, 1, instr(name, '.r') - 1) END"
_UNTOUCHED = (
    "CASE WHEN json_extract(body, '$.tags[#-1]') LIKE 'touched-%' "
    "THEN json_remove(body, '$.tags[#-1]') ELSE body END"
)


def touch(simulation: Simulation, kind: str, count: int | None) -> int:
    """Rename and tag the first `count` objects of a kind (all when None), in one statement."""
    number = simulation.store.next_number("touch_number")
    body = f"json_set({_UNTOUCHED}, '$.name', {_NAME} || '.r{number}')"
    body = (
        f"CASE json_type({body}, '$.tags') WHEN 'array' "
        f"THEN json_set({body}, '$.tags[#]', 'touched-{number}') ELSE {body} END"
    )
    changed = simulation.store.connection.execute(
        f"UPDATE object SET body = {body}, name = {_NAME} || '.r{number}' "
        "WHERE position IN (SELECT position FROM object WHERE kind = ? "
        "AND json_type(body, '$.name') IS NOT NULL ORDER BY position LIMIT ?)",
        (kind, -1 if count is None else count),
    )
    return changed.rowcount


def delete_objects(simulation: Simulation, kind: str, identifiers: list[str]) -> int:
    """Deletes objects and their parts; returns their number."""
    if kind == "droplet":
        return remove_droplets(simulation, identifiers)
    with simulation.store.transaction():
        if kind in TYPE_OF_KIND:
            simulation.assignments.remove([urn_of(kind, i) for i in identifiers])
        simulation.ledger.end(identifiers, simulation.clock.now())
        return simulation.store.delete(kind, identifiers)


def resize_droplet(simulation: Simulation, droplet: Document, size: str, *, disk: bool) -> Document:
    """Changes the size of a droplet, and its billing; returns its new document."""
    identifier = str(droplet["id"])
    resized = with_size(droplet, SIZES[size], disk=disk)
    with simulation.store.transaction():
        simulation.store.replace("droplet", identifier, resized, resized["name"])
        restart_bills(simulation, identifier, sku=size)
    return resized


def restart_bills(simulation: Simulation, identifier: str, **changes: str) -> None:
    """Ends a resource's open lifespans and begins new ones, with another `sku` or `name`."""
    now = simulation.clock.now().replace(microsecond=0)
    former = simulation.ledger.open_lifespans(identifier)
    simulation.ledger.end([identifier], now)
    simulation.ledger.add(old.since(now, **changes) for old in former)


def set_fields(simulation: Simulation, kind: str, identifier: str, fields: Document) -> bool:
    """Sets members of an object by dotted path (`region.slug`, `tags.0`); False if missing."""
    document = simulation.store.document(kind, identifier)
    if document is None:
        return False
    for path, value in fields.items():
        holder: Any = document
        *parents, last = path.split(".")
        for parent in parents:
            holder = holder[int(parent)] if isinstance(holder, list) else holder[parent]
        holder[int(last) if isinstance(holder, list) else last] = value
    simulation.store.replace(kind, identifier, document, str(document.get("name", identifier)))
    return True
