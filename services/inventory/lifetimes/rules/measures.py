"""Metered measures and attributes of kinds."""

from collections.abc import Mapping
from typing import Any, Final

from kinds import RESOURCE_KINDS
from kinds.metering import Measure

__all__ = ["MEASURES", "METERED_FIELDS", "sampled"]

Attrs = Mapping[str, Any]

DAY: Final = len("2026-04-01")
"""Length of the date in an ISO timestamp."""

NOTABLE_SHARE: Final = 100
"""A sampled measure is stored again if it changes by more than 1 / this number."""


MEASURES: Final[Mapping[str, Measure]] = {
    kind.name: rule.measure
    for kind in RESOURCE_KINDS.values()
    for rule in kind.meters
    if rule.measure is not None
}
"""Measures by kind; other kinds have none."""

METERED_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    kind.name: frozenset().union(*(rule.fields - {"size"} for rule in kind.meters))
    for kind in RESOURCE_KINDS.values()
    if kind.meters
}
"""Metered attributes by kind, besides status, size and measure."""


def sampled(kind: str, known: Attrs, sighted: Attrs) -> Attrs:
    """The attributes of a sighting to store, for kinds whose measure changes constantly.

    Stores the first measurement of a UTC day, and each that differs from the stored one by more
    than 1 %. This is precise enough for billing and limits the history of a busy bucket. An equal
    measurement only updates its time. Failed measurements keep the known value earlier on.
    """
    measure = MEASURES.get(kind)
    if measure is None or not measure.sampled_with:
        return sighted
    together = (measure.attr, *measure.sampled_with)
    if not all(name in attrs for name in together for attrs in (known, sighted)):
        return sighted
    before, now = known[measure.attr], sighted[measure.attr]
    if type(before) is not int or type(now) is not int:
        return sighted
    at = measure.sampled_with[0]
    another_day = str(known[at])[:DAY] != str(sighted[at])[:DAY]
    if now == before or another_day or abs(now - before) * NOTABLE_SHARE > before:
        return sighted
    return {**sighted, **{name: known[name] for name in together}}
