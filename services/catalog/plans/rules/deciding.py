"""Refuses prices between which some usage is undecided: rows that tie. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache

from services.catalog.plans.rules.matches import Match, Tie, find_tie, label, named
from services.catalog.plans.rules.plans import UnitPrice, VersionTerms
from services.common.errors import FailedPrecondition
from services.common.values.effective_dates import Span

__all__ = ["check_items_decide", "check_prices_decide"]


def check_items_decide(terms: VersionTerms, field: str = "") -> None:
    """Raises FailedPrecondition, naming both, if two items tie for some usage.

    `field` is the path of the terms in the input.
    """
    of_kind: defaultdict[str, list[int]] = defaultdict(list)
    for position, item in enumerate(terms.items):
        of_kind[item.resource_kind].append(position)
    for kind, positions in of_kind.items():
        matches = [terms.items[position].match for position in positions]
        tie = find_tie(matches)
        if tie is not None:
            one, other = positions[tie.one], positions[tie.other]
            raise _refused(
                f"{field}items[{other}].match",
                f"{named(kind, matches[tie.other])} ties with items[{one}],"
                f" {named(kind, matches[tie.one])}, for {_fact(tie.dimensions)}",
            )


def check_prices_decide(prices: Iterable[UnitPrice], field: str = "match") -> None:
    """Raises FailedPrecondition, naming both, if two prices tie for some usage on some day.

    Prices of one match may overlap, because the one that is set last holds.
    """
    lines: defaultdict[tuple[str, str], defaultdict[Match, list[Span]]]
    lines = defaultdict(lambda: defaultdict(list))
    for price in prices:
        span = Span(price.effective_from, price.effective_to)
        lines[price.resource_kind, price.currency][price.match].append(span)
    for (kind, currency), spans in lines.items():
        if len(spans) > 1:
            _check_line(kind, currency, spans, field)


def _check_line(
    kind: str, currency: str, spans: Mapping[Match, Sequence[Span]], field: str
) -> None:
    """Checks each day from which other rows are in force than before."""
    edges = {
        day
        for of_match in spans.values()
        for span in of_match
        for day in (span.start, span.end)
        if day is not None
    }
    for day in sorted(edges):
        matches = tuple(
            match for match, of_match in spans.items() if any(day in span for span in of_match)
        )
        tie = _tie(matches)
        if tie is not None:
            raise _refused(
                field,
                f"the resource price {named(kind, matches[tie.other])} in {currency} ties with"
                f" {named(kind, matches[tie.one])} on {day}, for {_fact(tie.dimensions)}",
                day,
            )


# Cached, because most changes of a table of prices keep its matches.
@lru_cache(maxsize=256)
def _tie(matches: tuple[Match, ...]) -> Tie | None:
    return find_tie(matches)


def _fact(dimensions: Mapping[str, str]) -> str:
    """A usage fact in words: `region=syd1,size=s-1vcpu-1gb`."""
    said = tuple((key, (value,)) for key, value in sorted(dimensions.items()))
    return label(said) or "all usage"


def _refused(field: str, reason: str, day: date | None = None) -> FailedPrecondition:
    return FailedPrecondition(
        f"{field}: {reason}: make one of them more specific, or set one for what both match",
        reason="MATCH_TIE",
        metadata={"field": field} | ({"day": day.isoformat()} if day else {}),
    )
