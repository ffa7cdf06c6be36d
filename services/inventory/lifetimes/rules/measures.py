"""By what a resource of a kind is metered: how much it holds, and what tells it apart."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from kinds import RESOURCE_KINDS
from kinds.metering import Measure

__all__ = ["MEASURES", "METERED_FIELDS", "sampled"]

Attrs = Mapping[str, Any]

DAY: Final = len("2026-04-01")
"""Of an instant in ISO form."""

NOTABLE_SHARE: Final = 100
"""A sampled measure that changes by more than one part of so many is a sample of its own."""


MEASURES: Final[Mapping[str, Measure]] = {
    kind.name: rule.measure
    for kind in RESOURCE_KINDS.values()
    for rule in kind.meters
    if rule.measure is not None
} | {
    "database": Measure("storage_size_mib", Decimal(1024)),
    "volume": Measure("size_gigabytes"),
}
"""By kind; a kind that is not here has no such measure."""

METERED_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    kind.name: frozenset().union(*(rule.fields - {"size"} for rule in kind.meters))
    for kind in RESOURCE_KINDS.values()
    if kind.meters
}
"""By kind the fields by which it is metered, beside its status, its size and its measure."""


def sampled(kind: str, known: Attrs, sighted: Attrs) -> Attrs:
    """The attributes to keep of a sighting, where the kind's measure changes all the time.

    Of a UTC day the first measurement is kept, and each that differs from the one kept by
    more than 1 %: that is as fine as anybody bills by, and the history gets a change a day
    of a busy bucket, not one for every look at it. A measurement that says the same as the
    one kept makes it younger. What could not be measured is not here: it keeps its known
    value before it comes here.
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
