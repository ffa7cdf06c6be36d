"""Adds to a quote's inputs what prices it from cost: rules, list prices, cost lines, the rate."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from services.catalog.list_prices.rules.list_prices import ListPrice
from services.catalog.plans.rules.matches import PREFIX, rank
from services.catalog.quoting.inputs import QuoteInputs, Term, UsageSeries
from services.catalog.quoting.rebilling.cost_lines import with_product
from services.catalog.quoting.rebilling.snapshots import (
    CostSeries,
    ListPriceSnapshot,
    Rebilling,
    RuleSnapshot,
)
from services.catalog.quoting.spans import intersection
from services.catalog.rebilling.rules.products import meters_beside, meters_of_scope
from services.catalog.rebilling.rules.rebilling import Basis, LateBill, NewRule, RebillingRule
from services.common.values.periods import Period, month_of

__all__ = [
    "KnownCosts",
    "is_sold_from_cost",
    "known_costs",
    "late_bills",
    "list_price_snapshots",
    "rebilled_days",
    "rebilled_kinds",
    "with_rebilling",
]


@dataclass(frozen=True, slots=True)
class KnownCosts:
    """The rebilling rules of both bases, the list prices, and exchange rates by currency."""

    rules: Sequence[tuple[NewRule, RuleSnapshot]]
    list_prices: Sequence[ListPriceSnapshot]
    rates: Mapping[str, Decimal | None] = field(default_factory=dict)
    """Units of a currency for a USD on the first day of the month; None if no rate is set."""

    def of(self, currency: str, month: date, basis: Basis = Basis.LIST) -> list[RuleSnapshot]:
        """The rules of a currency and a basis in force in a month, by its first day."""
        return [snapshot for _, snapshot in self._in_force(currency, month, basis)]

    def late_bills(self, terms: Sequence[Term], tenant_id: str, month: date) -> set[LateBill]:
        """What the rules on cost lines that may price a subscription do without the bill.

        Empty if no rule may.
        """
        found = set()
        for rule, snapshot in self._in_force(terms[-1].version.currency, month, Basis.BILL):
            scope = tuple((key, said) for key, said in snapshot.match if key in ("tenant", "plan"))
            facts = ({"tenant": tenant_id, "plan": term.version.plan_code} for term in terms)
            if any(rank(scope, fact) is not None for fact in facts):
                found.add(rule.late_bill or LateBill.WAIT)
        return found

    def _in_force(
        self, currency: str, month: date, basis: Basis
    ) -> Iterator[tuple[NewRule, RuleSnapshot]]:
        for rule, snapshot in self.rules:
            if (
                rule.basis is basis
                and rule.currency == currency
                and rule.effective_from <= month
                and (rule.effective_to is None or month < rule.effective_to)
            ):
                yield rule, snapshot


def known_costs(rules: Sequence[RebillingRule], prices: Iterable[ListPrice]) -> KnownCosts | None:
    """What prices from cost; None without rules."""
    if not rules:
        return None
    return KnownCosts(
        [(one.rule, _snapshot(one)) for one in rules],
        list_price_snapshots(prices),
    )


def list_price_snapshots(prices: Iterable[ListPrice]) -> list[ListPriceSnapshot]:
    """The inputs of list prices."""
    return [
        ListPriceSnapshot(
            str(one.id),
            one.price.meter,
            one.price.dimensions,
            one.price.usd,
            one.price.per_qty,
            one.effective_from,
            one.effective_to,
        )
        for one in prices
    ]


def with_rebilling(
    inputs: QuoteInputs,
    known: KnownCosts | None,
    tenant_id: str,
    costs: Sequence[CostSeries] = (),
) -> QuoteInputs:
    """The inputs with the rules that may price their usage, and the list prices of that usage.

    Also with the costs of its deployment that a rule on cost lines may price. Unchanged if no rule
    may: then a quote does not depend on rebilling.
    """
    if known is None:
        return inputs
    used = [series for series in inputs.usage if series.is_used]
    prices = tuple(
        price
        for price in known.list_prices
        if _meets(price, inputs)
        and any(price.is_for(one.resource_kind, one.dimensions) for one in used)
    )
    listed = [one for one in used if _is_listed(one, prices)]
    rules = tuple(
        _narrowed(rule, tenant_id)
        for rule in known.of(inputs.currency, inputs.month.start)
        if _may_price(rule, inputs.terms, listed, tenant_id)
    )
    on_bill = [
        rule
        for rule in known.of(inputs.currency, inputs.month.start, Basis.BILL)
        if any(_may_replace(rule, inputs.terms, one, tenant_id) for one in used)
        or any(_may_rebill(rule, inputs.terms, one, tenant_id) for one in costs)
    ]
    if not (rules or on_bill):
        return inputs
    rebilling = Rebilling(
        tenant_id,
        rules,
        prices,
        known.rates.get(inputs.currency),
        inputs.month.start,
        tuple(_narrowed(rule, tenant_id) for rule in on_bill),
        tuple(
            one
            for one in costs
            if any(_may_rebill(rule, inputs.terms, one, tenant_id) for rule in on_bill)
        ),
        names_values=True,
    )
    return replace(inputs, rebilling=rebilling)


def late_bills(inputs: QuoteInputs, known: KnownCosts | None, tenant_id: str) -> set[LateBill]:
    """What the rules on the cost lines of a subscription do without the bill; empty without any."""
    if known is None:
        return set()
    return known.late_bills(inputs.terms, tenant_id, inputs.month.start)


def rebilled_kinds(
    terms: Sequence[Term], known: KnownCosts | None, tenant_id: str, month: date
) -> AbstractSet[str]:
    """The kinds of usage that a rule may price: those with list prices, or with cost lines."""
    if known is None:
        return frozenset()
    listed = {price.meter for price in known.list_prices}
    found = set()
    for rule in known.of(terms[-1].version.currency, month):
        scope = tuple((key, values) for key, values in rule.match if key != "sku")
        for kind in listed:
            facts = _facts(terms, [UsageSeries(kind)], tenant_id)
            if any(rank(scope, fact) is not None for fact in facts):
                found.add(kind)
    for rule in known.of(terms[-1].version.currency, month, Basis.BILL):
        scope = tuple((key, values) for key, values in rule.match if key != "sku")
        whole = replace(rule, match=scope)
        found |= {
            kind for kind in rule.meters if _may_replace(whole, terms, UsageSeries(kind), tenant_id)
        }
    return found


def rebilled_days(
    series: UsageSeries,
    terms: Iterable[Term],
    known: KnownCosts | None,
    tenant_id: str,
    usage: Sequence[UsageSeries] = (),
) -> Iterator[Period]:
    """The billed days on which a rule prices usage: those with a list price for it.

    A rule on cost lines prices all days, unless one on list prices takes the costs behind the usage
    by another meter of the product. `usage` is that of the deployment, as far as known.
    """
    if known is None:
        return
    listed = [
        one for one in known.list_prices if one.is_for(series.resource_kind, series.dimensions)
    ]
    for term in terms:
        if not term.days:
            continue
        currency, month = term.version.currency, month_of(term.days[0].start).start
        on_bill = known.of(currency, month, Basis.BILL)
        replacing = [rule for rule in on_bill if _may_replace(rule, [term], series, tenant_id)]
        if replacing:
            beside = _prices_beside(series, known, month, usage)
            on_list = known.of(currency, month)
            if not any(_outranks(on_list, replacing, term, one, tenant_id) for one in beside):
                yield from term.days
            continue
        rules = known.of(currency, month) if listed else ()
        if any(_may_price(rule, [term], [series], tenant_id) for rule in rules):
            for price in listed:
                yield from intersection(term.days, price.effective_from, price.effective_to)


def is_sold_from_cost(
    series: UsageSeries, term: Term, known: KnownCosts | None, tenant_id: str
) -> bool:
    """Whether a rule in force prices usage from its list price or its cost lines.

    In the month of a term's days.
    """
    return any(rebilled_days(series, [term], known, tenant_id))


def _is_listed(series: UsageSeries, prices: Iterable[ListPriceSnapshot]) -> bool:
    return any(price.is_for(series.resource_kind, series.dimensions) for price in prices)


def _may_price(
    rule: RuleSnapshot, terms: Iterable[Term], used: Sequence[UsageSeries], tenant_id: str
) -> bool:
    return any(rank(rule.match, fact) is not None for fact in _facts(terms, used, tenant_id))


def _may_replace(
    rule: RuleSnapshot, terms: Iterable[Term], series: UsageSeries, tenant_id: str
) -> bool:
    """Whether a rule on cost lines may take usage."""
    return series.resource_kind in rule.meters and any(
        rank(rule.match, with_product(rule, fact)) is not None
        for fact in _facts(terms, [series], tenant_id)
    )


def _prices_beside(
    series: UsageSeries, known: KnownCosts, month: date, usage: Sequence[UsageSeries]
) -> Iterator[UsageSeries]:
    """Usage with a list price in the month, of the other meters of the product.

    By the list prices themselves where the usage of the meter is not known.
    """
    others = meters_beside(series.resource_kind)
    period = month_of(month)
    for price in known.list_prices if others else ():
        until = price.effective_to
        if (
            price.meter in others
            and price.effective_from < period.end
            and (until is None or until > period.start)
        ):
            used = [one for one in usage if one.resource_kind == price.meter]
            if not used or any(price.is_for(one.resource_kind, one.dimensions) for one in used):
                yield UsageSeries(price.meter, dimensions=price.dimensions)


def _outranks(
    on_list: Sequence[RuleSnapshot],
    on_bill: Sequence[RuleSnapshot],
    term: Term,
    priced: UsageSeries,
    tenant_id: str,
) -> bool:
    """Whether a rule on list prices takes usage, and with it its costs, from rules on cost lines.

    As `rule_on_costs` decides.
    """
    [fact] = _facts([term], [priced], tenant_id)
    taking = [found for rule in on_list if (found := rank(rule.match, fact)) is not None]
    left = [
        found
        for rule in on_bill
        if (found := rank(rule.match, with_product(rule, fact))) is not None
    ]
    return bool(taking) and max(taking) > max(left, default=(-1, 0))


def _may_rebill(
    rule: RuleSnapshot, terms: Iterable[Term], costs: CostSeries, tenant_id: str
) -> bool:
    """Whether a rule on cost lines may price costs."""
    return any(
        rank(rule.match, {"tenant": tenant_id, "plan": term.version.plan_code} | costs.facts)
        is not None
        for term in terms
    )


def _narrowed(rule: RuleSnapshot, tenant_id: str) -> RuleSnapshot:
    """The rule without the other tenants of its scope, who are not the tenant's business.

    It is as specific as before.
    """
    match = tuple(
        (key, _of_tenant(values, tenant_id) if key == "tenant" else values)
        for key, values in rule.match
    )
    return replace(rule, match=match)


def _of_tenant(values: tuple[str, ...], tenant_id: str) -> tuple[str, ...]:
    if tenant_id in values:
        return (tenant_id,)
    return tuple(
        one for one in values if one.endswith(PREFIX) and tenant_id.startswith(one[: -len(PREFIX)])
    )


def _facts(
    terms: Iterable[Term], used: Sequence[UsageSeries], tenant_id: str
) -> Iterator[dict[str, str]]:
    for term in terms:
        for series in used:
            fact = {
                "tenant": tenant_id,
                "plan": term.version.plan_code,
                "meter": series.resource_kind,
            }
            size = dict(series.dimensions).get("size")
            yield fact if size is None else fact | {"sku": size}


def _meets(price: ListPriceSnapshot, inputs: QuoteInputs) -> bool:
    if inputs.projected_from is not None:
        return price.in_force(inputs.projected_from)
    until, month = price.effective_to, inputs.month
    return price.effective_from < month.end and (until is None or until > month.start)


def _snapshot(one: RebillingRule) -> RuleSnapshot:
    rule = one.rule
    meters = meters_of_scope(rule.match) if rule.basis is Basis.BILL else ()
    return RuleSnapshot(str(one.id), rule.code, rule.match, rule.markup, rule.takes_all, meters)
