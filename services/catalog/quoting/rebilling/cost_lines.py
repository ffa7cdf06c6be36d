"""The rebilled lines of rules on cost lines: what the provider billed for a deployment, marked up.

A cost line is priced by the rule of its days' plan, for the part of its days that the subscription
bills; trial days are free. A rule that does not take all leaves the days on which a plan item, an
addon or a resource price may cover the usage of a cost, as it leaves the usage of these days: so
each day is billed once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from services.catalog.plans.rules.matches import Match, rank
from services.catalog.quoting.errors import NoExchangeRate
from services.catalog.quoting.inputs import QuoteInputs, Spans, Term, UsageSeries
from services.catalog.quoting.lines import Line, LineKind, ServiceDays, line
from services.catalog.quoting.numbers import text_of
from services.catalog.quoting.rebilling.snapshots import (
    CostRun,
    CostSeries,
    ListPriceSnapshot,
    Rebilling,
    RuleSnapshot,
)
from services.catalog.quoting.spans import days_in, shared_days
from services.common.values.money import in_minor_units, plain, whole_cents
from services.common.values.periods import Period

__all__ = [
    "cost_lines",
    "is_sold",
    "rule_on_costs",
    "rule_on_usage",
    "usage_dimensions",
    "with_product",
]


DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class _Group:
    """The costs of one line: those of a product and size that one rule prices."""

    rule: RuleSnapshot
    costs: CostSeries
    usd: Fraction = Fraction(0)
    charges: Fraction = Fraction(0)
    days: set[date] = field(default_factory=set)

    def add(self, run: CostRun, days: Spans) -> None:
        """Adds the part of some cost lines that falls on some of their days."""
        part = Fraction(days_in(days), run.days)
        self.usd += Fraction(run.usd) * part
        self.charges += run.charges * part
        self.days.update(span.start + number * DAY for span in days for number in range(span.days))

    @property
    def service(self) -> ServiceDays:
        """The days of its costs."""
        return ServiceDays(min(self.days), max(self.days) + timedelta(days=1), len(self.days))


def cost_lines(inputs: QuoteInputs) -> tuple[Line, ...]:
    """The lines of each rule, product and size, in this order; none for a projection.

    Raises NoExchangeRate and AmountOutOfRange.
    """
    rebilling = inputs.rebilling
    if rebilling is None or inputs.projected_from is not None:
        return ()
    groups: dict[tuple[str, str], _Group] = {}
    for term in inputs.terms:
        for costs in rebilling.costs:
            for rule, taken in _days_by_rule(inputs, rebilling, term, costs).items():
                group = groups.setdefault((rule.code, costs.label), _Group(rule, costs))
                for run in costs.runs:
                    days = tuple(both for day in taken if (both := run.span.overlap(day)))
                    if days:
                        group.add(run, days)
    return tuple(
        one for _, group in sorted(groups.items()) for one in _lines(inputs, rebilling, group)
    )


def _days_by_rule(
    inputs: QuoteInputs, rebilling: Rebilling, term: Term, costs: CostSeries
) -> dict[RuleSnapshot, list[Period]]:
    """The days of a term on which rules on cost lines price costs."""
    found: dict[RuleSnapshot, list[Period]] = {}
    for day in (span.start + number * DAY for span in term.days for number in range(span.days)):
        rule = rule_on_costs(rebilling, term, costs, day)
        one = Period(day, day + DAY)
        if rule is not None and (rule.takes_all or not _is_covered(inputs, term, costs, (one,))):
            found.setdefault(rule, []).append(one)
    return found


def rule_on_costs(
    rebilling: Rebilling, term: Term, costs: CostSeries, day: date
) -> RuleSnapshot | None:
    """The rule on cost lines that prices costs of a day; None if none, or one on list prices.

    The most specific of all rules wins; one on list prices only on days with such a price of usage.
    """
    fact = {"tenant": rebilling.tenant_id, "plan": term.version.plan_code} | costs.facts
    won = _winner(
        [
            *(
                (rule, fact | {"meter": price.meter})
                for rule in rebilling.rules
                for price in rebilling.list_prices
                if price.in_force(day) and _is_for(price, costs)
            ),
            *((rule, fact) for rule in rebilling.bill_rules),
        ]
    )
    return won if won in rebilling.bill_rules else None


def _is_for(price: ListPriceSnapshot, costs: CostSeries) -> bool:
    """Whether a list price may be for the usage behind costs."""
    size = dict(price.dimensions).get("size")
    return price.meter in costs.meters and size in (None, costs.sku)


def rule_on_usage(
    rebilling: Rebilling, on_list: RuleSnapshot | None, fact: Mapping[str, str]
) -> RuleSnapshot | None:
    """The rule on cost lines that replaces the price of usage; None if the one on list prices wins.

    `fact` has the usage's tenant, plan, meter and size.
    """
    facts: list[tuple[RuleSnapshot, Mapping[str, str]]] = []
    if on_list is not None:
        facts.append((on_list, fact))
    facts += [
        (rule, with_product(rule, fact))
        for rule in rebilling.bill_rules
        if fact["meter"] in rule.meters
    ]
    won = _winner(facts)
    return won if won in rebilling.bill_rules else None


def with_product(rule: RuleSnapshot, fact: Mapping[str, str]) -> Mapping[str, str]:
    """A fact about usage of one of a rule's meters, with a product of the rule's scope."""
    products = dict(rule.match).get("product")
    return fact if products is None else {**fact, "product": products[0]}


def _may_cover(match: Match, known: Mapping[str, str]) -> bool:
    """Whether a price may be for usage of which not every dimension is known."""
    return rank(tuple((key, allowed) for key, allowed in match if key in known), known) is not None


def _winner(facts: Iterable[tuple[RuleSnapshot, Mapping[str, str]]]) -> RuleSnapshot | None:
    best, best_rank = None, (-1, 0)
    for rule, fact in facts:
        found = rank(rule.match, fact)
        if found is not None and found > best_rank:
            best, best_rank = rule, found
    return best


def _is_covered(inputs: QuoteInputs, term: Term, costs: CostSeries, days: Spans) -> bool:
    return any(is_sold(inputs, term, meter, _dimensions(costs), days) for meter in costs.meters)


def is_sold(
    inputs: QuoteInputs, term: Term, meter: str, known: Mapping[str, str], days: Spans
) -> bool:
    """Whether a plan item, addon or resource price may cover a meter on any of some days."""
    return (
        any(_may_cover(item.match, known) for item in term.version.rows_of.get(meter, ()))
        or any(
            held.addon.resource_kind == meter and shared_days(held.days, days)
            for held in inputs.addons
        )
        or any(
            price.resource_kind == meter
            and _may_cover(price.match, known)
            and any(
                price.effective_from < day.end
                and (price.effective_to is None or price.effective_to > day.start)
                for day in days
            )
            for price in inputs.prices
        )
    )


def usage_dimensions(series: UsageSeries) -> Mapping[str, str]:
    """The dimensions of usage that cost lines have too."""
    return {key: value for key, value in series.dimensions if key == "size"}


def _dimensions(costs: CostSeries) -> dict[str, str]:
    return {"size": costs.sku} if costs.sku else {}


def _lines(inputs: QuoteInputs, rebilling: Rebilling, group: _Group) -> Sequence[Line]:
    """A line for the costs, one for the fixed amounts, and one for what step and floor add."""
    markup = group.rule.markup
    if not group.usd and not group.charges:
        return ()
    rate = Decimal(1) if inputs.currency == "USD" else rebilling.exchange_rate
    if rate is None:
        raise NoExchangeRate(group.costs.resource_kind, inputs.currency, rebilling.rate_on)
    per_dollar = markup.per_dollar(rate, inputs.currency)
    fixed = Fraction(markup.fixed_cents)
    meta = {
        "costs_hash": group.costs.lines_hash,
        "exchange_rate": text_of(rate),
        "product": group.costs.product,
        "rate_on": rebilling.rate_on.isoformat(),
        "rebilling_rule": group.rule.code,
        "rebilling_rule_id": group.rule.id,
    }
    made = []
    if group.usd:
        # The tenant sees the quantity, so it is the price and not the cost.
        unit_price = in_minor_units(1, inputs.currency)
        price = group.usd * per_dollar / unit_price
        costs = meta | {"cost_usd": _text(group.usd)}
        made.append(_line(group, costs, "", price, inputs.currency, unit_price))
    if fixed and group.charges:
        made.append(_line(group, meta, "fixed", group.charges, "cost_line", fixed))
    if group.usd > 0:
        exact = markup.rounded(group.usd * per_dollar + group.charges * fixed)
        more = whole_cents(exact) - sum(one.amount_cents for one in made)
        # Rounding each line may leave a cent of difference, which is no line of its own.
        if more and (markup.step_cents or markup.floor_cents):
            made.append(_line(group, meta, "rounding", Fraction(1), "rounding", Fraction(more)))
    return made


def _text(amount: Fraction) -> str:
    try:
        return plain(amount)
    except ValueError:  # a third of a cost
        return str(amount)


def _line(
    group: _Group,
    meta: Mapping[str, str],
    part: str,
    qty: Fraction,
    unit: str,
    unit_price: Fraction,
) -> Line:
    costs = group.costs
    return line(
        LineKind.REBILLED,
        costs.resource_kind,
        f"Rebilled: {costs.label}" + (f" ({part})" if part else ""),
        qty=Decimal(qty.numerator),
        over=qty.denominator,
        unit=unit,
        unit_price=Decimal(plain(unit_price)),
        base=1,
        service=group.service,
        meta={**meta, "part": part} if part else dict(meta),
        dimensions=tuple(_dimensions(costs).items()),
    )
