"""The lines of usage that no plan item covers, at the unit prices in force on its days."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from services.catalog.plans.rules.matches import Match, values_text, words
from services.catalog.quoting.errors import NoPriceInForce
from services.catalog.quoting.inputs import PriceSnapshot, Spans, UsageRun, UsageSeries
from services.catalog.quoting.lines import Line, LineKind, line, service_of
from services.catalog.quoting.models import Part
from services.catalog.quoting.numbers import ZERO, quantity_text
from services.catalog.quoting.shares import (
    Month,
    Over,
    Share,
    Used,
    over_allowance,
)
from services.catalog.quoting.spans import intersection
from services.catalog.quoting.units import MeterSnapshot, in_units, meter_meta
from services.catalog.quoting.values import price_on, priced_runs

__all__ = ["ad_hoc_lines"]

DAY: Final = timedelta(days=1)


def ad_hoc_lines(kind: str, share: Share, used: Used, month: Month) -> list[Line]:
    """One line per unit price; addons are an allowance of usage at prices without a match.

    The allowance is consumed in the order of the days. Raises NoPriceInForce.
    """
    of_kind = [price for price in month.prices if price.resource_kind == kind]
    part = Part(share.service.days, month.days)
    made = []
    for match, of_match in _by_match(used, of_kind, month.projected_from):
        over = over_allowance(kind, share, of_match, month, match)
        if over.over <= 0:
            continue
        prices = [price for price in of_kind if price.match == match]
        made += [
            _line(kind, price, days, of_price, part, month.meters)
            for price, days, of_price in _by_price(kind, prices, share, of_match, over, month)
        ]
    return made


def _by_match(
    used: Used, prices: Sequence[PriceSnapshot], projected_from: date | None
) -> Iterable[tuple[Match, Used]]:
    """The usage by the match of its price; usage without a price is with the rest."""
    if not any(price.match for price in prices):
        return [((), used)]
    found: dict[Match, list[tuple[UsageSeries, Spans]]] = {(): []}
    for series, days in used:
        if projected_from is not None:
            price = price_on(projected_from, series.dimensions, prices)
            found.setdefault(price.match if price else (), []).append((series, days))
            continue
        runs: dict[Match, list[UsageRun]] = {}
        for run, price in priced_runs(series, prices):
            runs.setdefault(price.match if price else (), []).append(run)
        for match, of_match in runs.items():
            found.setdefault(match, []).append((replace(series, runs=tuple(of_match)), days))
    return sorted(found.items())


def _by_price(
    kind: str,
    prices: Sequence[PriceSnapshot],
    share: Share,
    used: Used,
    over: Over,
    month: Month,
) -> list[tuple[PriceSnapshot, Spans, Over]]:
    """The overage by the price in force on its day. Raises NoPriceInForce."""
    if month.projected_from is not None:
        return [(_price_on(kind, prices, month.projected_from, used), share.days, over)]
    for price in prices:
        if all(_holds(price, run.first, run.end) for series, _ in used for run in series.runs):
            return [(price, share.days, over)]
    left = over.allowance
    found: dict[str, tuple[PriceSnapshot, Decimal, Decimal]] = {}
    for day, qty in _days_of(used):
        quantity = qty * over.scale
        allowed = min(left, quantity)
        left -= allowed
        if allowed == quantity and not any(price.in_force(day) for price in prices):
            continue  # zero usage needs no price
        price = _price_on(kind, prices, day, used)
        _, used_so_far, allowed_so_far = found.get(price.id, (price, ZERO, ZERO))
        found[price.id] = price, used_so_far + quantity, allowed_so_far + allowed
    return [
        (
            price,
            intersection(share.days, price.effective_from, price.effective_to),
            Over(quantity, allowed, quantity - allowed, over.scale),
        )
        for price, quantity, allowed in found.values()
        if quantity > allowed
    ]


def _days_of(used: Used) -> Iterable[tuple[date, Decimal]]:
    """The days with usage, in order."""
    found: dict[date, Decimal] = {}
    for day, run, _ in _used_days(used):
        found[day] = found.get(day, ZERO) + run.qty
    return sorted(found.items())


def _used_days(used: Used) -> Iterator[tuple[date, UsageRun, UsageSeries]]:
    for series, days in used:
        for run in series.runs:
            for number in range(run.days):
                day = run.first + number * DAY
                if run.qty and any(day in span for span in days):
                    yield day, run, series


def _price_on(kind: str, prices: Sequence[PriceSnapshot], day: date, used: Used) -> PriceSnapshot:
    for price in prices:
        if price.in_force(day):
            return price
    labels = [series.label for used_on, _, series in _used_days(used) if used_on == day]
    projected = [series.label for series, _ in used if series.projected_qty]
    raise NoPriceInForce(kind, day, next(iter((*labels, *projected)), ""))


def _holds(price: PriceSnapshot, first: date, end: date) -> bool:
    """Whether a price is in force on all days of a range."""
    return price.effective_from <= first and (
        price.effective_to is None or end <= price.effective_to
    )


def _line(
    kind: str,
    price: PriceSnapshot,
    days: Spans,
    over: Over,
    part: Part,
    meters: tuple[MeterSnapshot, ...],
) -> Line:
    meta = {"resource_price_id": price.id, "used": quantity_text(over.used, over.scale)[0]}
    if over.allowance:
        meta["allowance"] = quantity_text(over.allowance, over.scale)[0]
    if part.days != part.month:
        meta["proration"] = f"{part.days}/{part.month}"
    qty, scale = in_units(over.over, over.scale, kind, price.unit, meters)
    return line(
        LineKind.AD_HOC,
        kind,
        f"Usage: {words(kind, price.match)}",
        qty=qty,
        over=scale,
        unit=price.unit,
        unit_price=price.unit_price_cents,
        base=1,
        service=service_of(days),
        meta=meta | meter_meta(kind, meters) if meters else meta,
        dimensions=values_text(price.match),
    )
