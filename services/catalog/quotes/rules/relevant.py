"""Keeps of prices by dimension what can price the usage of a quote: a table may have many rows."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from services.catalog.plans.rules.matches import rank
from services.catalog.quoting.inputs import (
    ChangeInputs,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageSeries,
    VersionSnapshot,
)

__all__ = ["could_price", "with_relevant_items"]

UsageKeys = frozenset[tuple[str, tuple[tuple[str, str], ...]]]
"""The kinds of usage with their dimensions."""


def with_relevant_items(inputs: QuoteInputs) -> QuoteInputs:
    """Leaves out the items with a match that price none of the usage and have no minimum.

    The price does not depend on them, so they are not part of the frozen inputs.
    """
    change = inputs.change
    replaced = () if change is None else change.replaced
    if not any(term.version.matched_kinds for term in (*inputs.terms, *replaced)):
        return inputs
    used = frozenset((series.resource_kind, series.dimensions) for series in inputs.usage)
    return replace(
        inputs,
        terms=_terms(inputs.terms, used),
        change=None if change is None else ChangeInputs(_terms(replaced, used)),
    )


def could_price(price: PriceSnapshot, usage: Sequence[UsageSeries]) -> bool:
    """Whether a price matches some usage of its kind."""
    return any(
        series.resource_kind == price.resource_kind
        and rank(price.match, dict(series.dimensions)) is not None
        for series in usage
    )


def _terms(terms: Sequence[Term], used: UsageKeys) -> tuple[Term, ...]:
    return tuple(
        Term(_relevant(term.version, used), term.days) if term.version.matched_kinds else term
        for term in terms
    )


# Cached, so that equal versions are one object, by which other caches find them.
@lru_cache(maxsize=1024)
def _relevant(version: VersionSnapshot, used: UsageKeys) -> VersionSnapshot:
    won = {version.item_for(kind, dimensions) for kind, dimensions in used}
    items = (item for item in version.items if not item.match or item.is_minimum or item in won)
    return replace(version, items=tuple(items))
