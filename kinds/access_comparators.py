"""Comparators of access rules: rules are equal if they allow the same connections.

The provider returns a firewall's rules split or joined, with ports and addresses respelled. It
gives a database's trusted sources new ids on every update, even with the same sources.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from itertools import pairwise
from typing import Any, Final

from kinds.canonical import canonical, scalar_text
from kinds.comparators import Comparator, by_default, normalised

__all__ = ["address_lists", "database_rules", "firewall_rules"]

Json = Any
Network = IPv4Network | IPv6Network

FIRST_PORT: Final = 1
LAST_PORT: Final = 65535
MAX_PORT_DIGITS: Final = 5
EVERY_PORT: Final = frozenset({"", "0", "all"})
"""The provider's notations of all ports, in addition to `1-65535`."""

SIDES: Final = ("sources", "destinations")
KNOWN: Final = frozenset({"protocol", "ports", *SIDES})
ADDRESSES: Final = "addresses"
WITHOUT_CASE: Final = frozenset({"tags"})
"""Types of peers whose names are case-insensitive."""

NOBODY: Final = frozenset({("", "")})
"""The peer of a rule without peers."""

SERVER_SET_FIELDS: Final = frozenset({"uuid", "cluster_uuid", "created_at"})
"""Fields of a trusted source that change with every update."""

PREFIXES: Final = ("ip:", "cidr:")
"""Prefixes of an address in the firewall of a load balancer."""

Peer = tuple[str, str]
"""A type of peer and its name: `("addresses", "10.0.0.0/8")`, `("tags", "web")`."""


@dataclass(frozen=True, slots=True)
class _Opening:
    """A range of ports, both ends inclusive, and its peers."""

    first: int
    last: int
    peers: frozenset[Peer]


class _UnknownRule(ValueError):
    """A rule of an unknown form: it is compared unchanged."""


def _allowed(value: Json) -> Json:
    """The connections that rules allow: by direction and protocol, port ranges with their peers."""
    if not isinstance(value, list):
        return value or []
    openings: dict[tuple[str, str], list[_Opening]] = defaultdict(list)
    strange: list[Json] = []
    for rule in value:
        try:
            for way, opening in _read(rule):
                openings[way].append(opening)
        except _UnknownRule:
            strange.append(rule)
    return strange + [
        {"side": side, "protocol": protocol, "ports": [run.first, run.last], "who": who}
        for (side, protocol), opened in openings.items()
        for run, who in _runs(opened)
    ]


def firewall_rules(expected: Json, actual: Json) -> bool:
    """Compares rules by what they allow, however they are split, ordered and written."""
    # Usually nothing changed, which the default comparison detects faster.
    return by_default(expected, actual) or by_default(_allowed(expected), _allowed(actual))


def _read(rule: Json) -> list[tuple[tuple[str, str], _Opening]]:
    if not isinstance(rule, dict) or any(rule[name] for name in rule.keys() - KNOWN):
        raise _UnknownRule
    protocol = rule.get("protocol")
    if not isinstance(protocol, str):
        raise _UnknownRule
    first, last = _ports(protocol.lower(), rule.get("ports"))
    by_side = {side: _peers(rule[side]) for side in SIDES if rule.get(side)}
    named = {side: peers for side, peers in by_side.items() if peers} or {"": NOBODY}
    return [
        ((side, protocol.lower()), _Opening(first, last, peers)) for side, peers in named.items()
    ]


def _ports(protocol: str, ports: Json) -> tuple[int, int]:
    if protocol == "icmp":  # has no ports
        return FIRST_PORT, LAST_PORT
    if isinstance(ports, bool | float | list | dict):
        raise _UnknownRule
    text = (scalar_text(ports) or "").lower()
    if text in EVERY_PORT:
        return FIRST_PORT, LAST_PORT
    low, dash, high = text.partition("-")
    if not (low.isdecimal() and (high if dash else low).isdecimal()):
        raise _UnknownRule
    if max(len(low), len(high)) > MAX_PORT_DIGITS:
        raise _UnknownRule
    first, last = max(int(low), FIRST_PORT), int(high if dash else low)
    if not first <= last <= LAST_PORT:
        raise _UnknownRule
    return first, last


def _peers(side: Json) -> frozenset[Peer]:
    if not isinstance(side, dict):
        raise _UnknownRule
    found: set[Peer] = set()
    for sort, members in side.items():
        if members is None:
            continue
        if not isinstance(members, list):
            raise _UnknownRule
        for member in members:
            if member is None or isinstance(member, list | dict):
                raise _UnknownRule
            text = scalar_text(member) or ""
            found.add((sort, text.lower() if sort in WITHOUT_CASE else text))
    return frozenset(found)


def _runs(openings: list[_Opening]) -> Iterator[tuple[_Opening, list[str]]]:
    """The longest ranges of ports with the same peers, and these peers."""
    edges = sorted({one.first for one in openings} | {one.last + 1 for one in openings})
    run: _Opening | None = None
    who: list[str] = []
    for first, following in pairwise(edges):
        peers = frozenset().union(
            *(one.peers for one in openings if one.first <= first <= one.last)
        )
        these = _who(peers)
        if run is not None and run.last + 1 == first and who == these:
            run = _Opening(run.first, following - 1, run.peers)
            continue
        if run is not None:
            yield run, who
        run, who = (_Opening(first, following - 1, peers), these) if peers else (None, [])
    if run is not None:
        yield run, who


def _who(peers: Iterable[Peer]) -> list[str]:
    """Sorted peers; addresses as the fewest networks that cover them."""
    networks: list[Network] = []
    others: set[str] = set()
    for sort, name in peers:
        network = _network(name) if sort == ADDRESSES else None
        if network is None:
            others.add(f"{sort} {name}")
        else:
            networks.append(network)
    ipv4 = collapse_addresses(one for one in networks if isinstance(one, IPv4Network))
    ipv6 = collapse_addresses(one for one in networks if isinstance(one, IPv6Network))
    return [*map(str, ipv4), *map(str, ipv6), *sorted(others)]


def _network(text: str) -> Network | None:
    """A network, or an address as a network of one; None for other peers."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _trusted(value: Json) -> Json:
    if not isinstance(value, list):
        return value or []
    sources = [_source(source) for source in value]
    return list({str(canonical([source])): source for source in sources}.values())


def _source(source: Json) -> Json:
    if not isinstance(source, dict):
        return source
    kind, name = source.get("type"), source.get("value")
    kind = kind.lower() if isinstance(kind, str) else kind
    if isinstance(name, str):
        if kind == "ip_addr" and (network := _network(name)) is not None:
            name = str(network)
        elif kind == "tag":
            name = name.lower()
    kept = {key: each for key, each in source.items() if key not in SERVER_SET_FIELDS and each}
    return {**kept, "type": kind, "value": name}


database_rules: Final[Comparator] = normalised(_trusted)
"""Trusted sources as a set, by type and value; ids and times are ignored."""


def _spelled_alike(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _spelled_alike(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_spelled_alike(element) for element in value]
    if not isinstance(value, str):
        return value
    prefix = next((each for each in PREFIXES if value.startswith(each)), "")
    network = _network(value.removeprefix(prefix))
    return value if network is None else f"{prefix and PREFIXES[-1]}{network}"


address_lists: Final[Comparator] = normalised(_spelled_alike)
"""An object with lists of addresses, with or without `/32`, in any notation."""
