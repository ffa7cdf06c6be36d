"""What prices a month's usage together: an item on its days, or the days that no item covers."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from services.catalog.plans.rules.matches import Match
from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.inputs import (
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Spans,
    Term,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.lines import ServiceDays, service_of
from services.catalog.quoting.numbers import ZERO
from services.catalog.quoting.spans import shared_days
from services.catalog.quoting.units import MeterSnapshot
from services.catalog.vocabulary import PricingModel

__all__ = [
    "Month",
    "Over",
    "Plans",
    "Share",
    "Used",
    "minimum_shares",
    "month_of",
    "over_allowance",
]

Used = Sequence[tuple[UsageSeries, Spans]]
"""Usage with the days of it that count."""


class Share(NamedTuple):
    """The days that one item prices together, with the latest version that has it.

    Without an item, the usage that the plan of these days does not cover.
    """

    version: VersionSnapshot
    item: PlanItem | None
    days: Spans
    service: ServiceDays
    terms: tuple[int, ...]
    """The places of the terms that the days are of."""


class Over(NamedTuple):
    """The usage over an allowance, multiplied by `scale` to make it a finite decimal."""

    used: Decimal
    allowance: Decimal
    over: Decimal
    scale: int


class _Places(NamedTuple):
    """The places of a kind's shares, for a plan may have a share for each size."""

    by_match: dict[tuple[int, Match | None], int]
    """By the place of a term and the match of its item."""
    minimums: list[int]
    """Those for which a least amount is due."""


class Plans:
    """The terms with billed days and what they price together; shared by many subscriptions."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._terms = [
            (version, days, service)
            for version, days in terms
            if (service := service_of(days)) is not None
        ]
        self._shares: dict[str, list[Share]] = {}
        self._places: dict[str, _Places] = {}
        self._matched = frozenset[str]().union(
            *(version.matched_kinds for version, _, _ in self._terms)
        )
        self.minimums = sorted({kind for version, _, _ in self._terms for kind in version.minimums})
        """The kinds for which a least amount is due, used or not."""

    def priced(self, kind: str, used: Sequence[UsageSeries]) -> Iterator[tuple[Share, Used]]:
        """The shares of a kind with the usage that each prices.

        Each fact goes to the most specific item of the version of its day. Shares without usage are
        left out if they have a match and no minimum.
        """
        shares = self.shares(kind)
        if kind not in self._matched:
            for share in shares:
                yield share, [(series, share.days) for series in used]
            return
        places = self._places_of(kind)
        priced: dict[int, list[tuple[UsageSeries, Spans]]] = {
            place: [] for place in places.minimums
        }
        for term, (version, days, _) in enumerate(self._terms):
            for series in used:
                item = version.item_for(kind, series.dimensions)
                place = places.by_match[term, None if item is None else item.match]
                priced.setdefault(place, []).append((series, days))
        for place in sorted(priced):
            yield shares[place], priced[place]

    def _places_of(self, kind: str) -> "_Places":
        known = self._places.get(kind)
        if known is None:
            shares = self.shares(kind)
            known = self._places[kind] = _Places(
                {
                    (term, None if share.item is None else share.item.match): place
                    for place, share in enumerate(shares)
                    for term in share.terms
                },
                [
                    place
                    for place, share in enumerate(shares)
                    if share.item is not None and share.item.is_minimum
                ],
            )
        return known

    def shares(self, kind: str) -> list[Share]:
        """The days of a month, grouped by the item that prices a kind on them.

        Terms of one plan at one price with the same item form one share, and so do all days whose
        plan does not cover all of the kind.
        """
        known = self._shares.get(kind)
        if known is None:
            known = self._shares[kind] = self._shared(kind)
        return known

    def _shared(self, kind: str) -> list[Share]:
        found: list[Share] = []
        for term, (version, days, service) in enumerate(self._terms):
            rows: tuple[PlanItem | None, ...] = version.rows_of.get(kind, ())
            if kind not in version.item_of:
                rows = (*rows, None)
            for item in rows:
                for place, share in enumerate(found):
                    if share.item == item and (item is None or version.sells_as(share.version)):
                        both = (*share.days, *days)
                        terms = (*share.terms, term)
                        found[place] = Share(
                            version, item, both, service_of(both) or service, terms
                        )
                        break
                else:
                    found.append(Share(version, item, days, service, (term,)))
        return found


_plans: Final = lru_cache(maxsize=2048)(Plans)


class Month(NamedTuple):
    """The terms that price a month's usage, and its addons."""

    days: int
    plans: Plans
    addons: Sequence[HeldAddon]
    projected_from: date | None
    prices: Sequence[PriceSnapshot]
    meters: tuple[MeterSnapshot, ...]


def month_of(inputs: QuoteInputs) -> Month:
    """The terms by day; for a projection, a whole month by the last terms."""
    terms, addons = inputs.terms, inputs.addons
    if inputs.projected_from is not None:
        terms = (Term(inputs.version, (inputs.month,)),)
        addons = tuple([held for held in addons if held.current])
    return Month(
        inputs.month.days,
        _plans(terms),
        addons,
        inputs.projected_from,
        inputs.prices,
        inputs.meters,
    )


def minimum_shares(terms: Sequence[Term]) -> Iterator[Share]:
    """The items with a minimum, with its days."""
    plans = Plans(terms)
    for kind in plans.minimums:
        for share in plans.shares(kind):
            if share.item is not None and share.item.pricing_model is PricingModel.MINIMUM:
                yield share


def over_allowance(kind: str, share: Share, used: Used, month: Month, match: Match = ()) -> Over:
    """Step 2: subtracts the allowances of plan and addons, each prorated by its days.

    What addons add is for the usage that no match is for.
    """
    days = share.service.days
    whole = days == month.days
    included = share.item.included_qty if share.item is not None else ZERO
    brought = ZERO
    for addon, held_on, _, _ in month.addons:
        if addon.resource_kind == kind and not match:
            held_days = month.days
            if month.projected_from is None:
                held_days = shared_days(held_on, share.days)
            whole = whole and held_days == month.days
            brought += addon.qty * held_days
    if whole:
        scale, allowance = 1, included + brought / month.days if brought else included
        quantity = _sum_of(used)
    else:
        scale, allowance = month.days, included * days + brought
        quantity = _sum_of(used) * scale
    return Over(quantity, allowance, quantity - allowance, scale)


def _sum_of(used: Used) -> Decimal:
    """Step 1: the usage of some days; all of a projection."""
    if len(used) == 1 and used[0][0].projected_qty is not None:
        return used[0][0].projected_qty
    total = ZERO
    for series, days in used:
        if series.projected_qty is not None:
            total += series.projected_qty
        for run in series.runs:
            for span in days:
                first, until = max(run.first, span.start), min(run.end, span.end)
                if first < until:
                    total += run.qty * (until - first).days
    return total
