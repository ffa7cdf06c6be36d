"""Compares load balancers' rules: certificates are identified by name.

A certificate of Let's Encrypt gets another id at each renewal and keeps its name. So an id shows
whether there is a certificate, and the name which one. If a name is unknown, because the token may
not read certificates or the spec is older than this field, equal ids are equal, and different ids
are undecidable.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
    "with_names_of",
]

Json = Any

CERTIFICATE_ID = "certificate_id"
CERTIFICATE_NAME = "certificate_name"

UNSET_WHEN_FALSE = "tls_passthrough"


@dataclass(frozen=True, slots=True)
class _Certificate:
    """The certificate of a rule; both empty where it has none."""

    id: str
    name: str
    """Also empty if it is unknown."""


NO_CERTIFICATE = _Certificate("", "")


def whether_set(expected: Json, actual: Json) -> bool:
    """Compares whether there is an id; another field compares the ids themselves."""
    if isinstance(expected, list | dict) or isinstance(actual, list | dict):
        return by_default(expected, actual)  # no ids
    return bool(expected) == bool(actual)


def by_certificate_name(expected: Json, actual: Json) -> bool | None:
    """Compares rules or domains in any order, with certificates by name.

    None if the result depends on unknown names.
    """
    if not isinstance(expected, list) or not isinstance(actual, list):
        return canonical(expected or []) == canonical(actual or [])
    names = {**names_in(expected), **names_in(actual)}
    desired, live = _certificates(expected, names), _certificates(actual, names)
    if desired.keys() != live.keys():
        return False
    answers = [_same_certificates(desired[rest], live[rest]) for rest in desired]
    return False if False in answers else None if None in answers else True


def _same_certificates(desired: list[_Certificate], live: list[_Certificate]) -> bool | None:
    """Whether otherwise equal rules have the same certificates, in any order.

    Unknown names match any: the rules differ only if no assignment makes both sides equal.
    """
    if len(desired) != len(live):
        return False
    wanted, found = Counter(desired), Counter(live)
    shared = wanted & found
    wanted, found = wanted - shared, found - shared
    missing, extra = _by_name(wanted), _by_name(found)
    shared_names = missing & extra
    missing, extra = missing - shared_names, extra - shared_names
    for side in (wanted, found):
        if NO_CERTIFICATE in side:
            return False
    if missing.total() > _nameless(found) or extra.total() > _nameless(wanted):
        return False
    return None if _nameless(wanted) or _nameless(found) else True


def _by_name(certificates: Counter[_Certificate]) -> Counter[str]:
    names: Counter[str] = Counter()
    for certificate, count in certificates.items():
        if certificate.name:
            names[certificate.name] += count
    return names


def _nameless(certificates: Counter[_Certificate]) -> int:
    return sum(count for certificate, count in certificates.items() if not certificate.name)


def _certificates(rules: list[Json], names: Mapping[str, str]) -> dict[bytes, list[_Certificate]]:
    """The certificates of rules, grouped by the rest of the rule; `names` are by id."""
    found: dict[bytes, list[_Certificate]] = defaultdict(list)
    for rule in rules:
        rest, certificate = rule, NO_CERTIFICATE
        if isinstance(rule, dict):
            identifier = str(rule.get(CERTIFICATE_ID) or "")
            name = str(rule.get(CERTIFICATE_NAME) or names.get(identifier, ""))
            # With a name, the id is irrelevant.
            certificate = _Certificate("" if name else identifier, name)
            rest = {
                key: value
                for key, value in rule.items()
                if key not in (CERTIFICATE_ID, CERTIFICATE_NAME)
                and not (key == UNSET_WHEN_FALSE and not value)
            }
        key = orjson.dumps(canonical(rest), option=orjson.OPT_SORT_KEYS)
        found[key].append(certificate)
    return found


def names_in(value: Json) -> dict[str, str]:
    """The names of certificates by id, at any depth of a value."""
    return {
        str(holder[CERTIFICATE_ID]): str(holder[CERTIFICATE_NAME])
        for holder in _holders(value)
        if holder.get(CERTIFICATE_NAME)
    }


def nameless_ids(value: Json) -> set[str]:
    """The ids of certificates without a name, at any depth of a value."""
    return {str(each[CERTIFICATE_ID]) for each in _holders(value) if CERTIFICATE_NAME not in each}


def with_names(value: Json, names: Mapping[str, str]) -> Json:
    """A value in which certificates without a name get theirs from `names`."""
    if isinstance(value, list):
        return [with_names(element, names) for element in value]
    if not isinstance(value, dict):
        return value
    named = {key: with_names(member, names) for key, member in value.items()}
    name = names.get(str(value.get(CERTIFICATE_ID) or ""))
    return named if name is None or CERTIFICATE_NAME in value else {**named, CERTIFICATE_NAME: name}


def with_names_of(value: Json, before: Json) -> Json:
    """A value in which certificates without a name keep the name that they had before."""
    nameless = nameless_ids(value)
    known = names_in(before) if nameless else {}
    return with_names(value, known) if nameless & known.keys() else value


def _holders(value: Json) -> Iterator[dict[str, Json]]:
    """The objects in a value that have a certificate id."""
    if isinstance(value, list):
        for element in value:
            yield from _holders(element)
    elif isinstance(value, dict):
        if value.get(CERTIFICATE_ID):
            yield value
        for member in value.values():
            yield from _holders(member)
