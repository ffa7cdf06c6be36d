"""The products of which the account has one or two, made from their declarations in a file."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any, Final

import yaml

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.world.build import World
from providers.digitalocean.simulator.world.fleets import FleetDroplet, default_vpc
from providers.digitalocean.simulator.world.products.databases import login
from providers.digitalocean.simulator.world.projects import owner_uuid

__all__ = ["add_products"]

DECLARED: Final = Path(__file__).parents[1] / "products.yaml"
"""Its head says what a declaration may have."""


class _LookUp:
    """What `{name[key]}` in a text is: a function of the key."""

    def __init__(self, found: Callable[[str], Any]) -> None:
        self._found = found

    def __getitem__(self, key: str | int) -> Any:
        return self._found(str(key))


def add_products(world: World, fleets: list[FleetDroplet]) -> None:
    """Adds every declared product, and bills those that are not free."""
    droplets = {made.fleet.role: made.droplet.id for made in reversed(fleets)}
    for declared in yaml.safe_load(DECLARED.read_text()):
        for words in declared.get("each", [{"name": declared.get("name")}]):
            _add(world, droplets, declared, words)


def _add(
    world: World, droplets: Mapping[str, int], declared: Document, words: Mapping[str, Any]
) -> None:
    kind, name = declared["kind"], words["name"]
    share = {key: declared[key] for key in ("earliest", "latest") if key in declared}
    identifier, created = world.begin(kind, name, **share)
    known = {
        **words,
        "id": identifier,
        "at": render_instant(created),
        "created": created,
        "now": world.now,
        "owner": owner_uuid(world),
        "own_secret": world.ids.secret(name),
        "own_project": world.project_id(words.get("project", "")),
        "after": _LookUp(lambda days: render_instant(created + timedelta(days=int(days)))),
        "uuid": _LookUp(lambda names: world.ids.uuid(*names.split("/"))),
        "secret": _LookUp(lambda names: world.ids.secret(*names.split("/"))),
        "secret_of": _LookUp(lambda purpose: world.ids.secret(purpose, name)),
        "vpc": _LookUp(lambda region: default_vpc(world, region)),
        "project": _LookUp(world.project_id),
        "droplet": _LookUp(lambda role: droplets[role]),
        "login": _LookUp(lambda scheme: login(world, name, scheme, private=False)),
        "private_login": _LookUp(lambda scheme: login(world, name, scheme, private=True)),
    }
    document = _filled(declared["document"], known)
    row_id = _filled(declared.get("id", "{id}"), known)
    world.add(kind, row_id, document, bucket=_filled(declared.get("bucket", ""), known))
    if "bill" in declared:
        bill = _filled(declared["bill"], {**known, **words})
        world.bill(
            kind,
            row_id,
            name,
            bill.get("region", document.get("region", "")),
            bill["project"],
            created,
            sku=bill.get("sku", ""),
            quantity=Decimal(bill.get("quantity", 1)),
        )


def _filled(value: Any, known: Mapping[str, Any]) -> Any:
    """A declared value with its fields filled in; one that is a field alone keeps its type."""
    if isinstance(value, dict):
        return {key: _filled(one, known) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, known) for one in value]
    if not isinstance(value, str):
        return value
    parts = list(Formatter().parse(value))
    if len(parts) == 1 and parts[0][1] and not parts[0][0] and not parts[0][2]:
        return Formatter().get_field(parts[0][1], (), known)[0]
    return value.format_map(known)
