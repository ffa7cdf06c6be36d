"""A month cut into shares on which the same terms hold, and usage spread over its days.

A share is priced as a month by its terms would be, times its part of the month. So every
amount is additive over days: a month that is cut in two at any day comes to the same.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import gcd

from services.catalog.quoting.v1.inputs import HeldAddon, QuoteInputs, Term, VersionSnapshot
from services.catalog.quoting.v1.numbers import NOUGHT
from services.common.values.periods import Period

__all__ = ["Share", "Spread", "days_in", "projected", "shares_of", "spread_of"]


@dataclass(frozen=True, slots=True)
class Share:
    """Days on which one version and the same addons hold."""

    version: VersionSnapshot
    addons: tuple[HeldAddon, ...]
    days: int
    spans: tuple[Period, ...]

    def brought(self, kind: str) -> Decimal:
        """What the addons add to the allowance of a kind, in a whole month."""
        brought = NOUGHT
        for held in self.addons:
            if held.addon.resource_kind == kind:
                brought += held.addon.qty
        return brought


@dataclass(frozen=True, slots=True)
class Spread:
    """How usage is brought to a month of so many days: it is taken `times / parts` times."""

    month: int
    times: int
    parts: int


def spread_of(month: int, running: int) -> Spread:
    """Usage that falls evenly on `running` days, which are at least one, in a month of `month`."""
    common = gcd(month, running)
    return Spread(month, month // common, running // common)


def projected(inputs: QuoteInputs) -> Share:
    """The whole month by the terms that hold from here on."""
    addons = tuple(held for held in inputs.addons if held.current)
    return Share(inputs.term.version, addons, inputs.month.days, (inputs.month,))


def shares_of(inputs: QuoteInputs) -> list[Share]:
    """The shares of the billed days, those of a version together, in the order of the terms."""
    return [
        share for term in (*inputs.former, inputs.term) for share in _of_term(term, inputs.addons)
    ]


def days_in(spans: Iterable[Period]) -> int:
    """How many days spans have together."""
    return sum(span.days for span in spans)


def _of_term(term: Term, addons: Sequence[HeldAddon]) -> list[Share]:
    if all(held.days == term.days for held in addons):  # the most usual month, sooner
        if not term.days:
            return []
        return [Share(term.version, tuple(addons), days_in(term.days), term.days)]
    held_on: dict[tuple[int, ...], list[Period]] = {}
    for span in term.days:
        for piece in _pieces(span, addons):
            held = tuple(
                place
                for place, addon in enumerate(addons)
                if any(piece.start in days for days in addon.days)
            )
            held_on.setdefault(held, []).append(piece)
    return [
        Share(term.version, tuple(addons[place] for place in held), days_in(spans), tuple(spans))
        for held, spans in held_on.items()
    ]


def _pieces(span: Period, addons: Sequence[HeldAddon]) -> list[Period]:
    """The span, cut wherever an addon begins or ends."""
    edges = {edge for held in addons for days in held.days for edge in (days.start, days.end)}
    inside = sorted(edge for edge in edges if span.start < edge < span.end)
    cuts = [span.start, *inside, span.end]
    return [Period(start, end) for start, end in itertools.pairwise(cuts)]
