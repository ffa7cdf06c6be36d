"""More of any kind, for measurements: copies of what there is, under ids of their own."""

from ipaddress import IPv4Address, IPv6Address
from itertools import cycle, islice
from typing import Any

import orjson

from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document, Row
from providers.digitalocean.simulator.web.errors import Unprocessable
from providers.digitalocean.simulator.world.ids import Ids

__all__ = ["clone_objects"]

_FIRST_ADDRESSES = {
    "reserved_ip": IPv4Address("198.18.0.0"),
    "reserved_ipv6": IPv6Address("2001:2::"),
}
"""Of the ranges that are set aside for benchmarks."""

_IDENTIFIERS = ("namespace", "uuid", "access_key")
"""Where kinds have their ids that have no `id`; without any of them the name is the id."""


def clone_objects(simulation: Simulation, kind: str, count: int) -> int:
    """Make so many more of a kind; they are in no project and on no bill.

    Unprocessable for a kind of which there is none, or that has a bulk of its own.
    """
    store = simulation.store
    originals = store.connection.execute(
        "SELECT bucket, body FROM object WHERE kind = ? ORDER BY position LIMIT 100", (kind,)
    ).fetchall()
    if not originals or kind == "droplet":
        raise Unprocessable(f"there is no {kind} to make more of; droplets are scaled")
    ids = Ids(int(store.fact("seed") or "0"))
    first = store.next_number(f"clone_{kind}", count)
    copies = islice(cycle(originals), count)
    with store.transaction():
        store.insert(
            _copy(ids, kind, bucket, orjson.loads(body), first + number)
            for number, (bucket, body) in enumerate(copies)
        )
    return count


def _copy(ids: Ids, kind: str, bucket: str, document: Document, number: int) -> Row:
    if "ip" in document:
        first = _FIRST_ADDRESSES[kind]
        document |= {"ip": str(first + number), "droplet": None}
        return _row(kind, bucket, document["ip"], document)
    name = f"clone-{number}.{document['name']}" if "name" in document else ""
    document |= {"name": name} if name else {}
    if "id" not in document:
        held = next((field for field in _IDENTIFIERS if field in document), "")
        if not held:
            return _row(kind, bucket, name, document)
        document[held] = ids.uuid("clone", kind, number)
        return _row(kind, bucket, document[held], document)
    document["id"] = _identifier(ids, kind, document["id"], number)
    return _row(kind, bucket, str(document["id"]), document)


def _identifier(ids: Ids, kind: str, original: Any, number: int) -> str | int:  # noqa: ANN401
    """Of the sort of the original: a number, a number as text, or a UUID."""
    numbered = 900_000_000 + number
    if isinstance(original, int):
        return numbered
    return str(numbered) if original.isdecimal() else ids.uuid("clone", kind, number)


def _row(kind: str, bucket: str, identifier: str, document: Document) -> Row:
    return Row(
        kind, bucket, identifier, str(document.get("name", identifier)), orjson.dumps(document)
    )
