"""The usage lines: usage is priced by the day on which it happened.

The steps, in order: usage of the days that an item prices, allowance, hard cap, price by tiers or
units, minimum. Days of one plan at one price are priced together.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.errors import NoPriceInForce
from services.catalog.quoting.inputs import (
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Spans,
    Term,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.lines import Line, LineKind, ServiceDays, line, service_of
from services.catalog.quoting.models import MODELS, Part
from services.catalog.quoting.numbers import EXACT, ZERO, cents, quantity_text
from services.catalog.quoting.spans import intersection, shared_days
from services.catalog.vocabulary import UNITS, PricingModel

__all__ = ["minimum_shares", "usage_lines"]

OVERAGE_UNITS: Final = {
    kind: {unit: EXACT.divide(Decimal(1), Decimal(factor)) for unit, factor in units.items()}
    for kind, units in UNITS.items()
}
"""Exact conversion factors from the unit of a kind to its pricing units."""

DAY: Final = timedelta(days=1)


class Share(NamedTuple):
    """The days that one item prices together, with the latest version that has it.

    Without an item, days whose plan does not cover the kind.
    """

    version: VersionSnapshot
    item: PlanItem | None
    days: Spans
    service: ServiceDays


class Over(NamedTuple):
    """The usage over an allowance, multiplied by `scale` to make it a finite decimal."""

    used: Decimal
    allowance: Decimal
    over: Decimal
    scale: int


class Plans:
    """The terms with billed days and what they price together; shared by many subscriptions."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._terms = [
            (version, days, service)
            for version, days in terms
            if (service := service_of(days)) is not None
        ]
        self._shares: dict[str, list[Share]] = {}
        self.minimums = sorted({kind for version, _, _ in self._terms for kind in version.minimums})
        """The kinds for which a least amount is due, used or not."""

    def shares(self, kind: str) -> list[Share]:
        """The days of a month, grouped by the item that prices a kind on them.

        Terms of one plan at one price with the same item form one share, and so do all days whose
        plan does not cover the kind.
        """
        known = self._shares.get(kind)
        if known is None:
            known = self._shares[kind] = self._shared(kind)
        return known

    def _shared(self, kind: str) -> list[Share]:
        found: list[Share] = []
        for version, days, service in self._terms:
            item = version.item_of.get(kind)
            for place, share in enumerate(found):
                if share.item == item and (item is None or version.sells_as(share.version)):
                    both = (*share.days, *days)
                    found[place] = Share(version, item, both, service_of(both) or service)
                    break
            else:
                found.append(Share(version, item, days, service))
        return found


_plans: Final = lru_cache(maxsize=2048)(Plans)


class Month(NamedTuple):
    """The terms that price a month's usage, and its addons."""

    days: int
    plans: Plans
    addons: Sequence[HeldAddon]
    projected_from: date | None
    prices: Sequence[PriceSnapshot]


def usage_lines(inputs: QuoteInputs) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Overage and ad hoc lines, by kind and then in the order of the terms.

    Raises NoPriceInForce and AmountOutOfRange.
    """
    month = _month(inputs)
    overage: list[Line] = []
    ad_hoc: list[Line] = []
    used_kinds = _used_kinds(inputs, month)
    for kind in sorted(used_kinds):
        used = used_kinds[kind]
        for share in month.plans.shares(kind):
            if share.item is not None:
                overage += _overage(kind, share, share.item, used, month)
            else:
                ad_hoc += _ad_hoc(kind, share, used, month)
    return tuple(overage), tuple(ad_hoc)


def _month(inputs: QuoteInputs) -> Month:
    """The terms by day; for a projection, a whole month by the last terms."""
    terms, addons = inputs.terms, inputs.addons
    if inputs.projected_from is not None:
        terms = (Term(inputs.version, (inputs.month,)),)
        addons = tuple([held for held in addons if held.current])
    return Month(inputs.month.days, _plans(terms), addons, inputs.projected_from, inputs.prices)


def _used_kinds(inputs: QuoteInputs, month: Month) -> dict[str, list[UsageSeries]]:
    """The kinds with usage or a minimum, with their usage."""
    used: dict[str, list[UsageSeries]] = {}
    for series in inputs.usage:
        if series.projected_qty or series.is_used:
            used.setdefault(series.resource_kind, []).append(series)
    for kind in month.plans.minimums:
        used.setdefault(kind, [])
    return used


def _overage(
    kind: str, share: Share, item: PlanItem, used: Sequence[UsageSeries], month: Month
) -> list[Line]:
    """The lines of a plan item; none without overage or minimum."""
    over = _over_allowance(kind, share, used, month)
    is_minimum = item.pricing_model is PricingModel.MINIMUM
    if over.over <= 0 and not is_minimum:
        return []
    part = Part(share.service.days, month.days)
    made = _priced(kind, share, item, _capped(over, item, part), part) if over.over > 0 else []
    if is_minimum:
        made += _minimum(kind, share, item, made, part)
    return made


def _used(used: Sequence[UsageSeries], days: Spans) -> Decimal:
    """Step 1: the usage of some days; all of a projection."""
    if len(used) == 1 and used[0].projected_qty is not None:
        return used[0].projected_qty
    total = ZERO
    for series in used:
        if series.projected_qty is not None:
            total += series.projected_qty
        for run in series.runs:
            for span in days:
                first, until = max(run.first, span.start), min(run.end, span.end)
                if first < until:
                    total += run.qty * (until - first).days
    return total


def _over_allowance(kind: str, share: Share, used: Sequence[UsageSeries], month: Month) -> Over:
    """Step 2: subtracts the allowances of plan and addons, each prorated by its days."""
    days = share.service.days
    whole = days == month.days
    included = share.item.included_qty if share.item is not None else ZERO
    brought = ZERO
    for addon, held_on, _, _ in month.addons:
        if addon.resource_kind == kind:
            held_days = month.days
            if month.projected_from is None:
                held_days = shared_days(held_on, share.days)
            whole = whole and held_days == month.days
            brought += addon.qty * held_days
    if whole:
        scale, allowance = 1, included + brought / month.days if brought else included
        quantity = _used(used, share.days)
    else:
        scale, allowance = month.days, included * days + brought
        quantity = _used(used, share.days) * scale
    return Over(quantity, allowance, quantity - allowance, scale)


def _capped(over: Over, item: PlanItem, part: Part) -> Over:
    """Step 3: at most the hard cap, prorated by days."""
    if item.hard_cap_qty is None:
        return over
    cap = item.hard_cap_qty * part.days
    scale = part.month // over.scale
    # Both as a fraction of the month's days: `over.scale` is 1 or their number.
    if over.over * scale <= cap:
        return over
    return Over(over.used * scale, over.allowance * scale, cap, part.month)


def _priced(kind: str, share: Share, item: PlanItem, over: Over, part: Part) -> list[Line]:
    """Step 4: prices the overage by units, tiers or packages; one line per charge."""
    if not over.over:
        return []
    units = over.over * OVERAGE_UNITS[kind][item.overage_unit]
    used, _ = quantity_text(over.used, over.scale)
    allowance, _ = quantity_text(over.allowance, over.scale)
    made = []
    for charge in MODELS[item.pricing_model](item, units, over.scale, part):
        meta = _meta(kind, share, part)
        meta["used"], meta["allowance"] = used, allowance
        if item.pricing_model is not PricingModel.ALLOWANCE:
            meta["pricing_model"] = item.pricing_model.value
        if charge.tier:
            meta["tier"] = str(charge.tier)
        made.append(
            line(
                LineKind.OVERAGE,
                kind,
                f"Overage: {kind}",
                qty=charge.qty,
                over=charge.over,
                unit=charge.unit,
                unit_price=charge.unit_price_cents,
                base=charge.base,
                service=share.service,
                meta=meta,
            )
        )
    return made


def _minimum(
    kind: str, share: Share, item: PlanItem, made: Sequence[Line], part: Part
) -> list[Line]:
    """Step 5: adds the difference to the minimum, prorated by days, with or without usage."""
    least = cents(Decimal(item.amount_cents * part.days), part.month)
    missing = least - sum([one.amount_cents for one in made])
    if missing <= 0:
        return []
    meta = _meta(kind, share, part)
    meta["minimum_cents"], meta["pricing_model"] = str(least), item.pricing_model.value
    return [
        line(
            LineKind.OVERAGE,
            kind,
            f"Minimum: {kind}",
            qty=Decimal(1),
            over=1,
            unit="minimum",
            unit_price=Decimal(missing),
            base=1,
            service=share.service,
            meta=meta,
        )
    ]


def minimum_shares(terms: Sequence[Term]) -> Iterator[tuple[str, Share]]:
    """The kinds with a minimum but without usage, with the days of the minimum."""
    plans = Plans(terms)
    for kind in plans.minimums:
        for share in plans.shares(kind):
            if share.item is not None and share.item.pricing_model is PricingModel.MINIMUM:
                yield kind, share


def _ad_hoc(kind: str, share: Share, used: Sequence[UsageSeries], month: Month) -> list[Line]:
    """One line per unit price; addons are an allowance here too.

    The allowance is consumed in the order of the days.
    """
    over = _over_allowance(kind, share, used, month)
    if over.over <= 0:
        return []
    part = Part(share.service.days, month.days)
    return [
        _ad_hoc_line(kind, price, days, of_price, part)
        for price, days, of_price in _by_price(kind, share, used, over, month)
    ]


def _by_price(
    kind: str, share: Share, used: Sequence[UsageSeries], over: Over, month: Month
) -> list[tuple[PriceSnapshot, Spans, Over]]:
    """The overage by the price in force on its day. Raises NoPriceInForce."""
    prices = [price for price in month.prices if price.resource_kind == kind]
    if month.projected_from is not None:
        return [(_price_on(kind, prices, month.projected_from), share.days, over)]
    for price in prices:
        if all(_holds(price, run.first, run.end) for series in used for run in series.runs):
            return [(price, share.days, over)]
    left = over.allowance
    found: dict[str, tuple[PriceSnapshot, Decimal, Decimal]] = {}
    for day, qty in _days_of(used, share.days):
        quantity = qty * over.scale
        allowed = min(left, quantity)
        left -= allowed
        if allowed == quantity and not any(price.in_force(day) for price in prices):
            continue  # zero usage needs no price
        price = _price_on(kind, prices, day)
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


def _days_of(used: Sequence[UsageSeries], days: Spans) -> Iterable[tuple[date, Decimal]]:
    """The days with usage among some days, in order."""
    found: dict[date, Decimal] = {}
    for series in used:
        for run in series.runs:
            for number in range(run.days):
                day = run.first + number * DAY
                if run.qty and any(day in span for span in days):
                    found[day] = found.get(day, ZERO) + run.qty
    return sorted(found.items())


def _price_on(kind: str, prices: Sequence[PriceSnapshot], day: date) -> PriceSnapshot:
    for price in prices:
        if price.in_force(day):
            return price
    raise NoPriceInForce(kind, day)


def _holds(price: PriceSnapshot, first: date, end: date) -> bool:
    """Whether a price is in force on all days of a range."""
    return price.effective_from <= first and (
        price.effective_to is None or end <= price.effective_to
    )


def _ad_hoc_line(kind: str, price: PriceSnapshot, days: Spans, over: Over, part: Part) -> Line:
    meta = {"resource_price_id": price.id, "used": quantity_text(over.used, over.scale)[0]}
    if over.allowance:
        meta["allowance"] = quantity_text(over.allowance, over.scale)[0]
    if part.days != part.month:
        meta["proration"] = f"{part.days}/{part.month}"
    return line(
        LineKind.AD_HOC,
        kind,
        f"Usage: {kind}",
        qty=over.over * OVERAGE_UNITS[kind][price.unit],
        over=over.scale,
        unit=price.unit,
        unit_price=price.unit_price_cents,
        base=1,
        service=service_of(days),
        meta=meta,
    )


def _meta(kind: str, share: Share, part: Part) -> dict[str, str]:
    """The metadata that identifies the price of an overage line."""
    version = share.version.id
    meta = {"plan_item_id": f"{version}/{kind}", "plan_version_id": version}
    if part.days != part.month:
        meta["proration"] = f"{part.days}/{part.month}"
    return meta
