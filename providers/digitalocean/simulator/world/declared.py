"""The products of the account, from their declarations in a file."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final

import orjson
import yaml

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.world.build import Place, World
from providers.digitalocean.simulator.world.catalog import REGIONS, region_document
from providers.digitalocean.simulator.world.fleets import FleetDroplet, default_vpc
from providers.digitalocean.simulator.world.network import CERTIFICATE_ID
from providers.digitalocean.simulator.world.projects import owner_uuid

__all__ = ["add_products"]

DECLARED: Final = Path(__file__).with_name("products.yaml")
"""Its header documents the declarations."""


@cache
def _declared() -> dict[str, list[Document]]:
    parts: dict[str, list[Document]] = yaml.safe_load(DECLARED.read_text())
    return parts


class _LookUp:
    """Resolves `{name[key]}` in a text by a function of the key."""

    def __init__(self, found: Callable[[str], Any]) -> None:
        self._found = found

    def __getitem__(self, key: str | int) -> Any:
        return self._found(str(key))


def add_products(world: World, fleets: list[FleetDroplet], part: str = "products") -> None:
    """Adds every product of a part of the declarations, and bills those that are not free."""
    for declared in _declared()[part]:
        for words in declared.get("each", [{"name": declared.get("name")}]):
            _add(world, fleets, declared, words)


def _add(
    world: World, fleets: list[FleetDroplet], declared: Document, words: Mapping[str, Any]
) -> None:
    kind = declared["kind"]
    share = {key: declared[key] for key in ("earliest", "latest") if key in declared}
    identifier, created = world.begin(kind, words["name"], **share)
    known = _known(world, fleets, words, identifier, created)
    known = {**_filled(words, known), **known}
    document = _filled(declared["document"], known) | words.get("also", {})
    row_id = _filled(declared.get("id", "{id}"), known)
    world.add(kind, row_id, document, bucket=_filled(declared.get("bucket", ""), known))
    if "urn" in declared:
        world.assign(f"do:{declared['urn']}:{row_id}", words["project"], created)
    if "bill" in declared:
        bill = _filled(declared["bill"], {**known, **words})
        region = bill.get("region", document.get("region", ""))
        place = Place(words["name"], region, bill["project"])
        sku, quantity = bill.get("sku", ""), Decimal(bill.get("quantity", 1))
        world.bill(kind, row_id, place, created, sku=sku, quantity=quantity)


def _known(
    world: World,
    fleets: list[FleetDroplet],
    words: Mapping[str, Any],
    identifier: str,
    created: datetime,
) -> dict[str, Any]:
    """The values of fields in texts, in addition to the product's own."""
    name, region, scheme = words["name"], words.get("region", ""), words.get("scheme", "postgresql")
    known: dict[str, Any] = {
        "name": name,
        "id": identifier,
        "at": render_instant(created),
        "created": created,
        "now": world.now,
        "owner": owner_uuid(world),
        "certificate": CERTIFICATE_ID,
        "own_secret": world.ids.secret(name),
        "own_project": world.project_id(words.get("project", "")),
        "own_vpc": default_vpc(world, region),
        "connection": {"protocol": scheme, **_login(world, name, scheme, private=False)},
        "private_connection": {"protocol": scheme, **_login(world, name, scheme, private=True)},
    }
    if region in REGIONS:
        known["prefix"] = REGIONS[region].prefix
        known["own_region"] = orjson.Fragment(region_document(REGIONS[region]))
    looked_up: dict[str, Callable[[str], Any]] = {
        "after": lambda days: render_instant(created + timedelta(days=int(days))),
        "uuid": lambda names: world.ids.uuid(*names.split("/")),
        "rule": lambda rule: world.ids.uuid("database rule", name, *rule.split("/")),
        "secret": lambda names: world.ids.secret(*names.split("/")),
        "secret_of": lambda purpose: world.ids.secret(purpose, name),
        "secret_for": lambda purpose: world.ids.secret(name, purpose),
        "vpc": lambda region: default_vpc(world, region),
        "project": world.project_id,
        "droplet": lambda role: next(m.droplet.id for m in fleets if m.fleet.role == role),
        "droplets": lambda tag: [m.droplet.id for m in fleets if tag in m.droplet.tags],
        "login": lambda scheme: _login(world, name, scheme, private=False),
        "private_login": lambda scheme: _login(world, name, scheme, private=True),
    }
    return known | {key: _LookUp(found) for key, found in looked_up.items()}


def _login(world: World, name: str, scheme: str, *, private: bool) -> Document:
    """The connection of a database or a replica, with its password."""
    password = world.ids.secret(name)
    host = f"{'private-' if private else ''}{name}-do-user-16432871-0.db.ondigitalocean.com"
    return {
        "uri": f"{scheme}://doadmin:{password}@{host}:25060/defaultdb?sslmode=require",
        "database": "defaultdb",
        "host": host,
        "port": 25060,
        "user": "doadmin",
        "password": password,
        "ssl": True,
    }


def _filled(value: Any, known: Mapping[str, Any]) -> Any:
    """A declared value with its fields resolved; a single field keeps its type."""
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
