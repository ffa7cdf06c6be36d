"""The lines for what was used: over the allowance of a plan item, or of a kind without one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.errors import NoPriceInForce
from services.catalog.quoting.v1.inputs import (
    PriceSnapshot,
    QuoteInputs,
    UsageFact,
    VersionSnapshot,
)
from services.catalog.quoting.v1.lines import Line, LineKind, line
from services.catalog.quoting.v1.models import MODELS, Charge
from services.catalog.quoting.v1.numbers import EXACT, NOUGHT, amount_text, text_of
from services.catalog.quoting.v1.shares import Share, Spread, projected, shares_of, spread_of
from services.catalog.quoting.v1.units import UNITS
from services.catalog.vocabulary import PricingModel
from services.common.values.periods import Period

__all__ = ["usage_lines"]

OVERAGE_UNITS: Final = {
    kind: {unit: EXACT.divide(Decimal(1), Decimal(factor)) for unit, factor in units.items()}
    for kind, units in UNITS.items()
}
"""What one unit of a kind is in each unit that it may be priced by: exact, or not declared."""


@dataclass(slots=True)
class _Sum:
    """What the shares of a version come to; everything over `month` times `parts`."""

    units: Decimal = NOUGHT
    amount: Decimal = NOUGHT
    allowance: Decimal = NOUGHT
    used: Decimal = NOUGHT
    unit: str = ""
    unit_price: Decimal = NOUGHT


def usage_lines(inputs: QuoteInputs) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Overage and ad hoc lines, each by kind and then in the order of the terms.

    Raises NoPriceInForce.
    """
    used = sorted((fact for fact in inputs.usage if fact.qty), key=lambda fact: fact.resource_kind)
    if not used:
        return (), ()
    if inputs.prices_on is not None:
        shares = [projected(inputs)]
    else:
        shares = shares_of(inputs)
        if not shares:
            return (), ()
    running = sum([share.days for share in shares]) + inputs.free_days
    spread = spread_of(inputs.month.days, running)
    by_version = _by_version(shares)
    overage: list[Line] = []
    ad_hoc: list[Line] = []
    for fact in used:
        for version, of_version in by_version:
            item = version.item_of.get(fact.resource_kind)
            if item is not None:
                overage += _overage(fact, item, version, of_version, spread)
            else:
                ad_hoc += _ad_hoc(fact, inputs, of_version, spread)
    return tuple(overage), tuple(ad_hoc)


def _by_version(shares: Sequence[Share]) -> list[tuple[VersionSnapshot, list[Share]]]:
    if len(shares) == 1:
        return [(shares[0].version, [shares[0]])]
    found: dict[str, list[Share]] = {}
    for share in shares:
        found.setdefault(share.version.id, []).append(share)
    return [(those[0].version, those) for those in found.values()]


def _overage(
    fact: UsageFact,
    item: PlanItem,
    version: VersionSnapshot,
    shares: Sequence[Share],
    spread: Spread,
) -> list[Line]:
    """The line of a plan item; none when nothing is over."""
    model = MODELS[item.pricing_model]
    to_units = OVERAGE_UNITS[fact.resource_kind][item.overage_unit]
    monthly, parts, sums = fact.qty * spread.times, spread.parts, _Sum()
    for share in shares:
        allowance = (item.included_qty + share.brought(fact.resource_kind)) * parts
        sums.allowance += allowance * share.days
        sums.used += monthly * share.days
        over = monthly - allowance
        if over <= 0:
            continue
        if item.hard_cap_qty is not None:
            over = min(over, item.hard_cap_qty * parts)
        if over:
            _add(sums, model(item, over * to_units, parts), share.days)
    if not sums.units:
        return []
    meta = {
        "plan_item_id": f"{version.id}/{fact.resource_kind}",
        "plan_version_id": version.id,
    }
    if item.pricing_model is not PricingModel.ALLOWANCE:
        meta["pricing_model"] = item.pricing_model.value
    return [
        _line(LineKind.OVERAGE, "Overage", fact.resource_kind, sums, shares, spread, meta),
    ]


def _ad_hoc(
    fact: UsageFact, inputs: QuoteInputs, shares: Sequence[Share], spread: Spread
) -> list[Line]:
    """A line for each price in force; what addons bring is an allowance here too."""
    monthly, parts = fact.qty * spread.times, spread.parts
    sums: dict[str, tuple[PriceSnapshot, _Sum]] = {}
    for share in shares:
        allowance = share.brought(fact.resource_kind) * parts
        over = monthly - allowance
        if over <= 0:
            continue
        for price, days in _prices(fact.resource_kind, inputs, share):
            _, so_far = sums.setdefault(price.id, (price, _Sum()))
            to_units = OVERAGE_UNITS[fact.resource_kind][price.unit]
            units = over * to_units
            of_price = price.unit_price_cents
            _add(so_far, Charge(units, price.unit, of_price, units * of_price), days)
            so_far.used += monthly * days
            so_far.allowance += allowance * days
    return [
        _line(
            LineKind.AD_HOC,
            "Usage",
            fact.resource_kind,
            summed,
            shares,
            spread,
            {"resource_price_id": price.id},
        )
        for price, summed in sums.values()
    ]


def _prices(kind: str, inputs: QuoteInputs, share: Share) -> list[tuple[PriceSnapshot, int]]:
    """The prices of a kind on the days of a share, each with its days. Raises NoPriceInForce."""
    of_kind = [price for price in inputs.prices if price.resource_kind == kind]
    if inputs.prices_on is not None:
        for price in of_kind:
            if _in_force(price, inputs.prices_on):
                return [(price, share.days)]
        raise NoPriceInForce(kind, inputs.prices_on)
    found = [(price, _days_of(price, share.spans)) for price in of_kind]
    found = [(price, days) for price, days in found if days]
    if sum(days for _, days in found) != share.days:
        raise NoPriceInForce(kind, _first_without(of_kind, share.spans))
    return found


def _in_force(price: PriceSnapshot, day: date) -> bool:
    until = price.effective_to
    return price.effective_from <= day and (until is None or day < until)


def _days_of(price: PriceSnapshot, spans: Sequence[Period]) -> int:
    days = 0
    for span in spans:
        end = span.end if price.effective_to is None else min(span.end, price.effective_to)
        days += max(0, (end - max(span.start, price.effective_from)).days)
    return days


def _first_without(prices: Sequence[PriceSnapshot], spans: Sequence[Period]) -> date:
    """The first day of spans on which none of the prices is in force, of which there is one."""
    days = (
        date.fromordinal(day)
        for span in spans
        for day in range(span.start.toordinal(), span.end.toordinal())
    )
    return next(day for day in days if not any(_in_force(price, day) for price in prices))


def _add(sums: _Sum, charge: Charge, days: int) -> None:
    sums.units += charge.units * days
    sums.amount += charge.amount * days
    sums.unit = charge.unit
    sums.unit_price = max(sums.unit_price, charge.unit_price_cents)


def _line(
    kind: LineKind,
    word: str,
    resource_kind: str,
    sums: _Sum,
    shares: Sequence[Share],
    spread: Spread,
    meta: dict[str, str],
) -> Line:
    over = spread.month * spread.parts
    qty, exact_qty = amount_text(sums.units, over)
    meta["used"] = amount_text(sums.used, over)[0]
    if sums.allowance or kind is LineKind.OVERAGE:
        meta["allowance"] = amount_text(sums.allowance, over)[0]
    if exact_qty:
        meta["exact_qty"] = exact_qty
    days = sum([share.days for share in shares])
    if days != spread.month:
        meta["proration"] = f"{days}/{spread.month}"
    return line(
        kind,
        resource_kind,
        f"{word}: {resource_kind}",
        qty=qty,
        unit=sums.unit,
        unit_price=text_of(sums.unit_price),
        amount=(sums.amount, over),
        meta=meta,
    )
