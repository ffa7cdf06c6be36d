"""Which usage of a subscription's month is sold: decided by kind, dimensions and day. Pure.

Usage is sold on a day if a plan item of the day's version matches it, an addon of its kind is held,
a resource price that matches it was ever set, or a rebilling rule has a list price for it. Other
usage of billed days is not priced and stops no invoice: it is listed as unbilled.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from services.catalog.plans.rules.matches import rank
from services.catalog.quotes.rules.from_cost import rebilled_days, rebilled_kinds
from services.catalog.quoting.inputs import HeldAddon, Spans, Term, UsageRun, UsageSeries
from services.common.values.periods import Period

if TYPE_CHECKING:
    from services.catalog.quotes.rules.snapshots import Known

__all__ = ["divided_usage", "partly_sold_kinds", "sold_kinds"]

DAY: Final = timedelta(days=1)


def divided_usage(
    usage: Sequence[UsageSeries],
    terms: Sequence[Term],
    addons: Sequence[HeldAddon],
    known: "Known",
    tenant_id: str,
) -> tuple[tuple[UsageSeries, ...], tuple[UsageSeries, ...]]:
    """The usage to price, and the usage of billed days that nothing prices.

    Usage of days that are not billed stays with the former, which the engine leaves out.
    """
    if known.priced is None:
        return tuple(usage), ()
    sold: list[UsageSeries] = []
    unsold: list[UsageSeries] = []
    for series in usage:
        if _ever_priced(series, terms, known):
            sold.append(series)
            continue
        days = [*_sold_days(series, terms, addons, known, tenant_id, usage)]
        left = _runs_outside(series, terms, days)
        if left:
            unsold.append(replace(series, runs=left))
        if days:
            gone = {run.first + place * DAY for run in left for place in range(run.days)}
            sold.append(replace(series, runs=_without(series, gone)) if gone else series)
    return tuple(sold), tuple(unsold)


def sold_kinds(
    terms: Sequence[Term], addons: Sequence[HeldAddon], known: "Known", tenant_id: str, month: date
) -> AbstractSet[str]:
    """The kinds of which some usage may be sold; others never are.

    A price that ended is a gap that somebody must fill; a kind that never had one is not sold.
    """
    if known.priced is None:
        return frozenset(known.meters)
    currency = terms[-1].version.currency
    sold = {*known.priced.get(currency, ()), *known.matched.get(currency, ())}
    sold.update(*(term.version.rows_of for term in terms))
    sold.update(held.addon.resource_kind for held in addons)
    return sold | rebilled_kinds(terms, known.costs, tenant_id, month)


def partly_sold_kinds(
    kinds: Iterable[str], terms: Sequence[Term], known: "Known"
) -> AbstractSet[str]:
    """The kinds of which some usage may not be sold, by its dimensions or its day."""
    if known.priced is None:
        return frozenset()
    priced = known.priced.get(terms[-1].version.currency, ())
    return {
        kind
        for kind in kinds
        if kind not in priced and not all(kind in term.version.item_of for term in terms)
    }


def _ever_priced(series: UsageSeries, terms: Sequence[Term], known: "Known") -> bool:
    """Whether usage is sold on every day."""
    kind, currency = series.resource_kind, terms[-1].version.currency
    if known.priced is not None and kind in known.priced.get(currency, ()):
        return True
    if all(kind in term.version.item_of for term in terms):
        return True
    matches = known.matched.get(currency, {}).get(kind, ())
    return any(rank(match, dict(series.dimensions)) is not None for match in matches)


def _sold_days(
    series: UsageSeries,
    terms: Sequence[Term],
    addons: Sequence[HeldAddon],
    known: "Known",
    tenant_id: str,
    usage: Sequence[UsageSeries],
) -> Iterator[Period]:
    for term in terms:
        if term.version.item_for(series.resource_kind, series.dimensions) is not None:
            yield from term.days
    for held in addons:
        if held.addon.resource_kind == series.resource_kind:
            yield from held.days
    yield from rebilled_days(series, terms, known.costs, tenant_id, usage)


def _runs_outside(
    series: UsageSeries, terms: Sequence[Term], sold: Sequence[Period]
) -> tuple[UsageRun, ...]:
    """The usage of billed days outside some days."""
    billed: Spans = tuple(span for term in terms for span in term.days)
    return _merged(
        (day, run)
        for run in series.runs
        if run.qty
        for day in (run.first + place * DAY for place in range(run.days))
        if any(day in span for span in billed) and not any(day in span for span in sold)
    )


def _without(series: UsageSeries, gone: AbstractSet[date]) -> tuple[UsageRun, ...]:
    return _merged(
        (day, run)
        for run in series.runs
        for day in (run.first + place * DAY for place in range(run.days))
        if day not in gone
    )


def _merged(days: Iterable[tuple[date, UsageRun]]) -> tuple[UsageRun, ...]:
    """Days of runs as runs; days of one run that follow each other stay together."""
    found: list[tuple[UsageRun, UsageRun]] = []
    for day, of in days:
        if found and found[-1][1] is of and found[-1][0].end == day:
            found[-1] = replace(found[-1][0], days=found[-1][0].days + 1), of
        else:
            found.append((UsageRun(day, 1, of.qty), of))
    return tuple(run for run, _ in found)
