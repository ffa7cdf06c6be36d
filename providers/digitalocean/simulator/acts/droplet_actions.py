"""Droplet actions, from the request to their effect after a time on the simulator's clock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import orjson

from providers.digitalocean.simulator.acts.mutations import resize_droplet, restart_bills
from providers.digitalocean.simulator.acts.pending_actions import Effect, Pending
from providers.digitalocean.simulator.billing.ledger import Lifespan
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document, Row
from providers.digitalocean.simulator.world.droplets import DropletImage, Origin

__all__ = ["begin_action", "settle", "take_snapshot"]


def begin_action(
    simulation: Simulation, droplet: Document, effect: Effect, length: float = 1.0
) -> Document:
    """Starts an action; `length` is in units of the configured action time. Its document."""
    now = simulation.clock.now()
    number = simulation.store.next_number("action_id", 7)
    action: Document = {
        "id": number,
        "status": "in-progress",
        "type": effect.action,
        "started_at": render_instant(now),
        "completed_at": None,
        "resource_id": droplet["id"],
        "resource_type": "droplet",
        "region": droplet["region"],
        "region_slug": droplet["region"]["slug"],
    }
    due = now + timedelta(seconds=simulation.pace.action_seconds * length)
    with simulation.store.transaction():
        bucket = f"droplet:{droplet['id']}"
        row = Row("action", bucket, str(number), effect.action, orjson.dumps(action))
        simulation.store.insert([row])
        simulation.pending.add(Pending(number, due, effect))
        _lock(simulation, str(droplet["id"]), locked=True)
    return action


def settle(simulation: Simulation) -> None:
    """Completes every due action."""
    for pending in simulation.pending.due(simulation.clock.now()):
        with simulation.store.transaction():
            _complete(simulation, pending)
            simulation.pending.remove(pending.action_id)


def _complete(simulation: Simulation, pending: Pending) -> None:
    droplet = simulation.store.document("droplet", pending.effect.droplet_id)
    if droplet is not None:
        effect = _EFFECTS.get(pending.effect.action)
        if effect is not None:
            effect(simulation, droplet, pending)
        _lock(simulation, pending.effect.droplet_id, locked=False)
    action = simulation.store.document("action", str(pending.action_id))
    if action is not None:
        # An action on a droplet that was deleted meanwhile fails.
        action["status"] = "errored" if droplet is None else "completed"
        action["completed_at"] = render_instant(pending.due)
        simulation.store.replace("action", str(pending.action_id), action, action["type"])


def _lock(simulation: Simulation, identifier: str, *, locked: bool) -> None:
    """A droplet is locked from the beginning of an action to its end."""
    droplet = simulation.store.document("droplet", identifier)
    if droplet is not None:
        _save(simulation, droplet | {"locked": locked})


def _save(simulation: Simulation, droplet: Document) -> None:
    simulation.store.replace("droplet", str(droplet["id"]), droplet, droplet["name"])


def _to_status(status: str) -> Callable[[Simulation, Document, Pending], None]:
    def apply(simulation: Simulation, droplet: Document, _pending: Pending) -> None:
        _save(simulation, droplet | {"status": status, "locked": False})

    return apply


def _boot(simulation: Simulation, droplet: Document, _pending: Pending) -> None:
    features = sorted({*droplet["features"], "droplet_agent"})
    _save(simulation, droplet | {"status": "active", "locked": False, "features": features})


def _resize(simulation: Simulation, droplet: Document, pending: Pending) -> None:
    effect = pending.effect
    resize_droplet(simulation, droplet, effect.argument, disk=effect.disk)


def _rename(simulation: Simulation, droplet: Document, pending: Pending) -> None:
    _save(simulation, droplet | {"name": pending.effect.argument})
    restart_bills(simulation, str(droplet["id"]), name=pending.effect.argument)


def _snapshot(simulation: Simulation, droplet: Document, pending: Pending) -> None:
    number = take_snapshot(simulation, droplet, pending.effect.argument, pending.due)
    _save(simulation, droplet | {"snapshot_ids": [*droplet["snapshot_ids"], number]})


def _enable_backups(simulation: Simulation, droplet: Document, pending: Pending) -> None:
    features = sorted({*droplet["features"], "backups"})
    window = {
        "start": render_instant(pending.due + timedelta(days=1)),
        "end": render_instant(pending.due + timedelta(days=1, hours=23)),
    }
    _save(simulation, droplet | {"features": features, "next_backup_window": window})
    billed = simulation.ledger.open_lifespans(str(droplet["id"]))
    if all(lifespan.kind != "backup" for lifespan in billed):
        simulation.ledger.add(one.since(pending.due, kind="backup") for one in billed)


def _disable_backups(simulation: Simulation, droplet: Document, pending: Pending) -> None:
    features = [feature for feature in droplet["features"] if feature != "backups"]
    _save(simulation, droplet | {"features": features, "next_backup_window": None})
    simulation.ledger.end([str(droplet["id"])], pending.due.replace(microsecond=0), "backup")


_EFFECTS: dict[str, Callable[[Simulation, Document, Pending], None]] = {
    "create": _boot,
    "power_off": _to_status("off"),
    "shutdown": _to_status("off"),
    "power_on": _to_status("active"),
    "power_cycle": _to_status("active"),
    "resize": _resize,
    "rename": _rename,
    "snapshot": _snapshot,
    "enable_backups": _enable_backups,
    "disable_backups": _disable_backups,
}


def take_snapshot(simulation: Simulation, droplet: Document, name: str, at: datetime) -> int:
    """Adds a snapshot of a droplet and starts billing it; returns its id."""
    number = simulation.store.next_number("image_id", 13)
    size = round(droplet["disk"] * 0.113, 2)
    origin = Origin.of_document(droplet)
    image = DropletImage(number, name, "snapshot", origin, render_instant(at), size)
    simulation.store.insert(image.rows())
    lifespan = Lifespan(
        "snapshot",
        str(number),
        f"5a400000-0000-4000-8000-{number:012x}",
        name,
        droplet["region"]["slug"],
        simulation.project_name(f"do:droplet:{droplet['id']}"),
        at.replace(microsecond=0),
        quantity=Decimal(str(size)),
    )
    simulation.ledger.add([lifespan])
    return number
