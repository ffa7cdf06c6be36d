"""Copies objects of any kind under new ids, for measurements."""

from ipaddress import IPv4Address, IPv6Address
from itertools import cycle, islice
from typing import Any, Final

import orjson

from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document, Row
from providers.digitalocean.simulator.web.errors import Unprocessable
from providers.digitalocean.simulator.world.build import Ids

__all__ = ["clone_objects"]

_FIRST_ADDRESSES: Final = {
    "reserved_ip": IPv4Address("198.18.0.0"),
    "reserved_ipv6": IPv6Address("2001:2::"),
    "load_balancer": IPv4Address("100.64.0.0"),
}
"""The first `ip` of copies, in ranges that are not assigned on the Internet."""

_REFUSED: Final = {
    "account": "there is one account",
    "droplet": "droplets are scaled",
    "region": "the provider decides which regions there are",
    "size": "the provider decides which sizes there are",
}
"""The kinds that cannot be copied, and why."""

_DEFAULTS: Final = ("default", "is_default")
"""Flags that only one of many objects has."""


def clone_objects(simulation: Simulation, kind: str, count: int) -> int:
    """Copies objects of a kind; the copies are in no project and on no bill.

    Unprocessable for a kind without objects or that cannot be copied, and for a count below 1;
    then nothing is created.
    """
    if kind in _REFUSED:
        raise Unprocessable(f"kind: {kind} cannot be cloned: {_REFUSED[kind]}")
    if count < 1:
        raise Unprocessable("count must be at least 1")
    store = simulation.store
    originals = store.connection.execute(
        "SELECT bucket, id, body FROM object WHERE kind = ? ORDER BY position LIMIT 100", (kind,)
    ).fetchall()
    if not originals:
        raise Unprocessable(f"kind: there is no {kind} to make more of")
    ids = Ids(int(store.fact("seed") or "0"))
    copies = islice(cycle(originals), count)
    with store.transaction():
        first = store.next_number(f"clone_{kind}", count)
        store.insert(
            _copy(ids, kind, Row(kind, bucket, identifier, "", body.encode()), first + number)
            for number, (bucket, identifier, body) in enumerate(copies)
        )
    return count


def _copy(ids: Ids, kind: str, original: Row, number: int) -> Row:
    document: Document = orjson.loads(original.body)
    held = _identifier_field(document, original.id)
    if kind in _FIRST_ADDRESSES:
        document["ip"] = str(_FIRST_ADDRESSES[kind] + number)
    if "name" in document:
        document["name"] = f"clone-{number}.{document['name']}"
    if held not in ("ip", "name"):
        document[held] = _identifier(ids, kind, document[held], number)
    identifier = str(document[held])
    document |= _own_fields(ids, kind, document, number)
    if not original.id.isdecimal():  # the object's id is its address
        document |= {
            name: value.replace(original.id, identifier)
            for name, value in document.items()
            if isinstance(value, str) and name not in (held, "name")
        }
    name = str(document.get("name", identifier))
    return Row(kind, original.bucket, identifier, name, orjson.dumps(document))


def _identifier_field(document: Document, identifier: str) -> str:
    """The field with the id under which an object is stored and read."""
    return next(name for name, value in document.items() if str(value) == identifier)


def _own_fields(ids: Ids, kind: str, document: Document, number: int) -> Document:
    """What no two objects have in common, and what a copy has not yet."""
    own: Document = {name: False for name in _DEFAULTS if name in document}
    if kind in ("reserved_ip", "reserved_ipv6"):
        own["droplet"] = None
    if kind == "image":
        own["slug"] = None  # only the provider's own images have one
    if "uuid" in document:
        own["uuid"] = ids.uuid("clone", kind, number)
    if "fingerprint" in document:
        digits = ids.uuid("clone", kind, number).replace("-", "")
        own["fingerprint"] = ":".join(digits[at : at + 2] for at in range(0, 32, 2))
    return own


def _identifier(ids: Ids, kind: str, original: Any, number: int) -> str | int:
    """Of the sort of the original: a number, a number as text, or a UUID."""
    numbered = 900_000_000 + number
    if isinstance(original, int):
        return numbered
    return str(numbered) if original.isdecimal() else ids.uuid("clone", kind, number)
