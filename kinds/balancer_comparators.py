"""When a load balancer's rules are the same: certificates are told apart by their names.

A certificate of Let's Encrypt gets another id at each renewal and keeps its name. So an id says
whether there is a certificate, and the name says which; where one side does not know the name,
because the token may not read certificates or a spec is older than the names, it is unknown.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from kinds.canonical import canonical
from kinds.comparators import by_default

__all__ = [
    "CERTIFICATE_ID",
    "CERTIFICATE_NAME",
    "by_certificate_name",
    "nameless_ids",
    "names_in",
    "whether_set",
    "with_names",
]

Json = Any

CERTIFICATE_ID = "certificate_id"
CERTIFICATE_NAME = "certificate_name"

UNSET_WHEN_FALSE = "tls_passthrough"

Certificate = tuple[bool, str]
"""Whether there is one, and its name; empty when there is none, or it is not known."""


def whether_set(expected: Json, actual: Json) -> bool:
    """Whether both have an id, or neither: which one it is, another field says."""
    if isinstance(expected, list | dict) or isinstance(actual, list | dict):
        return by_default(expected, actual)  # no ids
    return bool(expected) == bool(actual)


def by_certificate_name(expected: Json, actual: Json) -> bool:
    """Rules or domains in any order, each with its certificate by the name."""
    if not isinstance(expected, list) or not isinstance(actual, list):
        return canonical(expected or []) == canonical(actual or [])
    desired, live = _certificates(expected), _certificates(actual)
    return desired.keys() == live.keys() and all(
        len(desired[rest]) == len(live[rest])
        and all(map(_same_certificate, sorted(desired[rest]), sorted(live[rest])))
        for rest in desired
    )


def _certificates(rules: list[Json]) -> dict[bytes, list[Certificate]]:
    """The certificates of rules, by what else a rule says."""
    found: dict[bytes, list[Certificate]] = defaultdict(list)
    for rule in rules:
        rest, certificate = rule, (False, "")
        if isinstance(rule, dict):
            name = rule.get(CERTIFICATE_NAME)
            certificate = (bool(rule.get(CERTIFICATE_ID) or name), str(name or ""))
            rest = {
                key: value
                for key, value in rule.items()
                if key not in (CERTIFICATE_ID, CERTIFICATE_NAME)
                and not (key == UNSET_WHEN_FALSE and not value)
            }
        key = orjson.dumps(canonical(rest), option=orjson.OPT_SORT_KEYS)
        found[key].append(certificate)
    return found


def _same_certificate(one: Certificate, other: Certificate) -> bool:
    (is_there, name), (is_other_there, other_name) = one, other
    return is_there == is_other_there and (not name or not other_name or name == other_name)


def names_in(value: Json) -> dict[str, str]:
    """The names of certificates by their ids, as far as a value says them, at any depth."""
    return {
        str(holder[CERTIFICATE_ID]): str(holder[CERTIFICATE_NAME])
        for holder in _holders(value)
        if holder.get(CERTIFICATE_NAME)
    }


def nameless_ids(value: Json) -> set[str]:
    """The ids of certificates that a value names by nothing else, at any depth."""
    return {str(each[CERTIFICATE_ID]) for each in _holders(value) if CERTIFICATE_NAME not in each}


def with_names(value: Json, names: Mapping[str, str]) -> Json:
    """A value with the name beside each id of a certificate that is `names`' and has none."""
    if isinstance(value, list):
        return [with_names(element, names) for element in value]
    if not isinstance(value, dict):
        return value
    named = {key: with_names(member, names) for key, member in value.items()}
    name = names.get(str(value.get(CERTIFICATE_ID) or ""))
    return named if name is None or CERTIFICATE_NAME in value else {**named, CERTIFICATE_NAME: name}


def _holders(value: Json) -> Iterator[dict[str, Json]]:
    """The objects in a value that name a certificate by its id."""
    if isinstance(value, list):
        for element in value:
            yield from _holders(element)
    elif isinstance(value, dict):
        if value.get(CERTIFICATE_ID):
            yield value
        for member in value.values():
            yield from _holders(member)
