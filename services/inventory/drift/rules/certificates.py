"""Which certificate a spec means, where it names one by an id that changes at each renewal.

A spec of a load balancer or CDN endpoint may have nothing but the id: one that was recorded by
hand, or before names were known. The name is added as soon as anything tells it; until then
another certificate in its place goes unseen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kinds.balancer_comparators import nameless_ids, names_in, with_names
from services.inventory.drift.rules.sweeping import Specified

__all__ = ["completed"]


def completed(page: Iterable[Specified], names: Mapping[str, str]) -> list[Specified]:
    """Those of a page whose specs lacked names, with them: of `names`, or of the live resource."""
    found: list[Specified] = []
    for one in page:
        nameless = nameless_ids(one.spec)
        known = {**names, **names_in(one.resource.attrs)} if nameless else {}
        if nameless & known.keys():
            found.append(replace(one, spec=with_names(one.spec, known)))
    return found
