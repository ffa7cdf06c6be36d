"""When a load balancer's rules are the same: certificates are told apart by their names.

A certificate of Let's Encrypt gets another id at each renewal and keeps its name. So an id says
whether there is a certificate, and the name says which; where one side does not know the name,
because the token may not read certificates or a spec is older than the names, it is unknown.
"""

from collections import defaultdict
from typing import Any

import orjson

from kinds.canonical import canonical
from kinds.comparators import by_default

__all__ = ["CERTIFICATE_ID", "CERTIFICATE_NAME", "by_certificate_name", "whether_set"]

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
