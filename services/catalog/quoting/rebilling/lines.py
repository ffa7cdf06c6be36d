"""The rebilled lines: usage priced from the provider's list prices.

A rule takes the usage of its scope that no plan item, addon or resource price covers, or all of it
if it says so, on the days on which a list price is for it. The most specific rule wins, and of list
prices the one with most dimensions. The usage that a rule on cost lines takes has no line: the cost
lines of it have (`cost_lines`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from services.catalog.plans.rules.matches import Match, rank, winner, words
from services.catalog.quoting.errors import NoExchangeRate, NoListPrice
from services.catalog.quoting.inputs import QuoteInputs, Spans, Term, UsageRun, UsageSeries
from services.catalog.quoting.lines import Line, LineKind, line, service_of
from services.catalog.quoting.numbers import ZERO, text_of
from services.catalog.quoting.rebilling.cost_lines import is_sold, rule_on_usage, usage_dimensions
from services.catalog.quoting.rebilling.snapshots import ListPriceSnapshot, Rebilling, RuleSnapshot
from services.catalog.quoting.units import base_unit, meter_meta
from services.common.values.money import plain
from services.common.values.periods import Period

__all__ = ["Taken", "divided", "left_to_bill", "rebilled_lines"]

DAY: Final = timedelta(days=1)


class Taken(NamedTuple):
    """Usage of one series that a rule prices: a quantity with its days."""

    rule: RuleSnapshot
    series: UsageSeries
    day: date
    days: Spans
    qty: Decimal


def divided(inputs: QuoteInputs) -> tuple[QuoteInputs, Sequence[Taken]]:
    """The inputs without the usage that rules take, and what those on list prices take, by day."""
    rebilling = inputs.rebilling
    if rebilling is None:
        return inputs, ()
    left: list[UsageSeries] = []
    taken: list[Taken] = []
    for series in inputs.usage:
        if inputs.projected_from is not None:
            rule = _taking(inputs, rebilling, inputs.terms[-1], series, inputs.projected_from)
            if rule is None or not series.projected_qty:
                left.append(series)
            else:
                whole = (inputs.month,)
                day = inputs.projected_from
                if rule not in rebilling.bill_rules:
                    taken.append(Taken(rule, series, day, whole, series.projected_qty))
            continue
        runs: list[UsageRun] = []
        for day, qty in _days_of(series):
            rule = _rule_on(inputs, rebilling, series, day)
            if rule is None or not qty:
                runs.append(UsageRun(day, 1, qty))
            elif rule not in rebilling.bill_rules:
                taken.append(Taken(rule, series, day, (Period(day, day + DAY),), qty))
        left.append(replace(series, runs=tuple(runs)))
    return replace(inputs, usage=tuple(left)), taken


def left_to_bill(inputs: QuoteInputs) -> list[str]:
    """The kinds of usage that rules on cost lines take, sorted."""
    rebilling = inputs.rebilling
    if rebilling is None or not rebilling.bill_rules:
        return []
    found: set[str] = set()
    for series in inputs.usage:
        if inputs.projected_from is not None:
            rules = [_taking(inputs, rebilling, inputs.terms[-1], series, inputs.projected_from)]
        else:
            rules = [_rule_on(inputs, rebilling, series, day) for day, _ in _days_of(series)]
        if any(rule in rebilling.bill_rules for rule in rules if rule is not None):
            found.add(series.resource_kind)
    return sorted(found)


def rebilled_lines(inputs: QuoteInputs, taken: Sequence[Taken]) -> tuple[Line, ...]:
    """A line for each rule, dimensions and list price, in this order.

    Raises NoListPrice for usage without a list price, NoExchangeRate, and AmountOutOfRange.
    """
    rebilling = inputs.rebilling
    if rebilling is None:
        return ()
    found: dict[tuple[str, str, str], tuple[Taken, ListPriceSnapshot, Decimal, Spans]] = {}
    for one in taken:
        price = _list_price(rebilling, one)
        key = (one.rule.code, one.series.label, price.id)
        _, _, qty, days = found.get(key, (one, price, ZERO, ()))
        found[key] = one, price, qty + one.qty, (*days, *one.days)
    return tuple(
        _line(inputs, rebilling, one, price, qty, days)
        for _, (one, price, qty, days) in sorted(found.items(), key=lambda entry: entry[0])
    )


def _rule_on(
    inputs: QuoteInputs, rebilling: Rebilling, series: UsageSeries, day: date
) -> RuleSnapshot | None:
    for term in inputs.terms:
        if any(day in span for span in term.days):
            return _taking(inputs, rebilling, term, series, day)
    return None


def _taking(
    inputs: QuoteInputs, rebilling: Rebilling, term: Term, series: UsageSeries, day: date
) -> RuleSnapshot | None:
    """The rule that prices usage on a day of a term; None if something else does, or nothing."""
    fact = {
        "tenant": rebilling.tenant_id,
        "plan": term.version.plan_code,
        "meter": series.resource_kind,
    }
    size = dict(series.dimensions).get("size")
    if size is not None:
        fact["sku"] = size
    rule = winner(rebilling.rules, fact)
    if rule is not None and not _list_prices(rebilling, series, day):
        rule = None
    on_bill = rule_on_usage(rebilling, rule, fact) if rebilling.bill_rules else None
    if on_bill is not None:
        known, days = usage_dimensions(series), (Period(day, day + DAY),)
        if on_bill.takes_all or not is_sold(inputs, term, series.resource_kind, known, days):
            return on_bill
        return None
    if rule is not None and (rule.takes_all or not _is_covered(inputs, term, series, day)):
        return rule
    return None


def _is_covered(inputs: QuoteInputs, term: Term, series: UsageSeries, day: date) -> bool:
    kind = series.resource_kind
    if term.version.item_for(kind, series.dimensions) is not None:
        return True
    if any(
        held.addon.resource_kind == kind
        and (held.current if inputs.projected_from else any(day in span for span in held.days))
        for held in inputs.addons
    ):
        return True
    dimensions = dict(series.dimensions)
    return any(
        price.resource_kind == kind
        and price.in_force(day)
        and rank(price.match, dimensions) is not None
        for price in inputs.prices
    )


def _days_of(series: UsageSeries) -> Iterator[tuple[date, Decimal]]:
    for run in series.runs:
        for number in range(run.days):
            yield run.first + number * DAY, run.qty


def _list_prices(
    rebilling: Rebilling, series: UsageSeries, day: date
) -> Sequence[ListPriceSnapshot]:
    return [
        price
        for price in rebilling.list_prices
        if price.is_for(series.resource_kind, series.dimensions) and price.in_force(day)
    ]


def _list_price(rebilling: Rebilling, one: Taken) -> ListPriceSnapshot:
    kind = one.series.resource_kind
    matching = _list_prices(rebilling, one.series, one.day)
    if not matching:
        raise NoListPrice(kind, one.day, one.series.label, one.rule.code)
    return max(matching, key=lambda price: (len(price.dimensions), price.id))


def _line(
    inputs: QuoteInputs,
    rebilling: Rebilling,
    one: Taken,
    price: ListPriceSnapshot,
    qty: Decimal,
    days: Spans,
) -> Line:
    kind, rule = one.series.resource_kind, one.rule
    rate = Decimal(1) if inputs.currency == "USD" else rebilling.exchange_rate
    if rate is None:
        raise NoExchangeRate(kind, inputs.currency, rebilling.rate_on)
    unit_usd = Fraction(price.usd) / Fraction(price.per_qty)
    cents = rule.markup.of(unit_usd, rate, inputs.currency)
    unit_price, base = _priced(cents, price.per_qty)
    meta = {
        "exchange_rate": text_of(rate),
        "list_price_id": price.id,
        "list_price_per_qty": text_of(price.per_qty),
        "list_price_usd": text_of(price.usd),
        "rate_on": rebilling.rate_on.isoformat(),
        "rebilling_rule": rule.code,
        "rebilling_rule_id": rule.id,
    }
    made = line(
        LineKind.REBILLED,
        kind,
        f"Rebilled: {words(kind, _as_match(one.series))}"
        if rebilling.names_values
        else f"Rebilled: {kind}",
        qty=qty,
        over=1,
        unit=base_unit(kind, inputs.meters),
        unit_price=unit_price,
        base=base,
        service=service_of(days),
        meta=meta | meter_meta(kind, inputs.meters),
    )
    return made._replace(dimensions=one.series.dimensions)


def _as_match(series: UsageSeries) -> Match:
    return tuple((key, (value,)) for key, value in series.dimensions)


def _priced(cents: Fraction, per_qty: Decimal) -> tuple[Decimal, int]:
    """A unit price as a finite decimal for a whole number of units.

    For as many as the list price is for, if one unit has no finite price.
    """
    base = cents.denominator
    for prime in (2, 5):
        while base % prime == 0:
            base //= prime
    if base > 1 and per_qty == int(per_qty) and not int(per_qty) % base:
        base = int(per_qty)
    return Decimal(plain(cents * base)), base
