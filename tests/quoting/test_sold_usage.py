"""Every metered day of a subscription is billed, rebilled, included or unsold: exactly one."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.plans.rules.matches import Match, rank, winner
from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quotes.rules.from_cost import KnownCosts, with_rebilling
from services.catalog.quotes.rules.snapshots import Known, with_prices
from services.catalog.quotes.rules.sold_usage import divided_usage
from services.catalog.quoting.engine import price
from services.catalog.quoting.inputs import (
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageRun,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.rebilling.lines import divided
from services.catalog.quoting.rebilling.snapshots import ListPriceSnapshot, RuleSnapshot
from services.catalog.rebilling.rules.rebilling import Basis, NewRule
from services.common.values.cost_plus import Markup
from services.common.values.periods import Period

APRIL = Period.month(2026, 4)
DAY = timedelta(days=1)
SIZES = ("small", "large", "gpu-1")
MARKUP = Markup(Decimal(20), Decimal(0), Decimal(0), Decimal(0))

matches: st.SearchStrategy[Match] = st.sampled_from(
    [(), (("size", ("small",)),), (("size", ("gpu*",)),), (("region", ("syd1",)),)]
)
scopes: st.SearchStrategy[Match] = st.sampled_from(
    [(), (("sku", ("large",)),), (("meter", ("drop*",)),), (("tenant", ("acme",)),)]
)
dimensions = st.sampled_from(
    [(), *((("size", size),) for size in SIZES), (("region", "syd1"), ("size", "small"))]
)


def row(match: Match) -> PlanItem:
    return PlanItem("droplet_hours", Decimal(10), "hour", Decimal(2), match=match)


def rule(scope: Match, takes_all: bool) -> tuple[NewRule, RuleSnapshot]:
    said = NewRule("r", Basis.LIST, scope, MARKUP, "AUD", takes_all, APRIL.start, None)
    return said, RuleSnapshot("r", "r", scope, MARKUP, takes_all)


def listed(size: str, since: date) -> ListPriceSnapshot:
    of = (("size", size),)
    return ListPriceSnapshot(size, "droplet_hours", of, Decimal(24), Decimal(672), since, None)


@st.composite
def months(draw: st.DrawFn) -> tuple[QuoteInputs, Known]:
    """A month with one or two versions, with gaps, rows by dimension, prices and a rule."""
    middle = APRIL.start + draw(st.integers(1, 29)) * DAY
    gap = draw(st.sampled_from([0, 3]))
    parts = [Period(APRIL.start, middle)]
    if middle + gap * DAY < APRIL.end:
        parts.append(Period(middle + gap * DAY, APRIL.end))
    terms = tuple(
        Term(
            VersionSnapshot(
                f"v{place}",
                "metal",
                place,
                1000,
                "AUD",
                tuple(row(match) for match in draw(st.sets(matches, max_size=2))),
            ),
            (days,),
        )
        for place, days in enumerate(parts)
    )
    usage = tuple(
        UsageSeries("droplet_hours", (UsageRun(APRIL.start, 30, Decimal(24)),), dimensions=of)
        for of in sorted(draw(st.sets(dimensions, min_size=1)))
    )
    prices = [
        PriceSnapshot(str(place), "droplet_hours", "hour", Decimal(3), date(2020, 1, 1), None, of)
        for place, of in enumerate(sorted(draw(st.sets(matches, max_size=2))))
    ]
    since = draw(st.sampled_from([date(2000, 1, 1), date(2026, 4, 10)]))
    costs = None
    if draw(st.booleans()):
        costs = KnownCosts(
            [rule(draw(scopes), draw(st.booleans()))],
            [listed("large", since), listed("gpu-1", since)],
            {"AUD": Decimal("1.5")},
        )
    priced = {"AUD": {"droplet_hours"} if any(not one.match for one in prices) else set()}
    matched = {"AUD": {"droplet_hours": {one.match for one in prices if one.match}}}
    known = Known({}, [("AUD", one) for one in prices], priced, costs, matched=matched)
    return QuoteInputs(APRIL, "AUD", terms, usage=usage), known


def quantities(usage: Any) -> dict[tuple[str, date], Decimal]:
    return {
        (series.label, run.first + place * DAY): run.qty
        for series in usage
        for run in series.runs
        for place in range(run.days)
        if run.qty
    }


@given(months())
@settings(max_examples=300, deadline=None)
def test_each_metered_day_is_priced_or_unsold_and_nothing_stops_the_invoice(
    made: tuple[QuoteInputs, Known],
) -> None:
    month, known = made
    sold, unsold = divided_usage(month.usage, month.terms, (), known, "acme")
    inputs = with_rebilling(with_prices(replace(month, usage=sold), known), known.costs, "acme")
    price(inputs)  # does not raise NoPriceInForce

    left, taken = divided(inputs)
    rebilled = {(one.series.label, one.day): one.qty for one in taken}
    billed_days = [span for term in month.terms for span in term.days]
    others = quantities(left.usage)
    lost = quantities(unsold)
    for (label, day), qty in quantities(month.usage).items():
        if not any(day in span for span in billed_days):
            assert (label, day) not in {*rebilled, *lost}
            continue
        found = [part[label, day] for part in (rebilled, others, lost) if (label, day) in part]
        assert found == [qty]
    of_label = {series.label: series for series in month.usage}
    for label, day in lost:
        dimensions = dict(of_label[label].dimensions)
        [term] = [term for term in month.terms if any(day in span for span in term.days)]
        assert term.version.item_for("droplet_hours", of_label[label].dimensions) is None
        assert winner([one for _, one in known.prices], dimensions) is None
        if known.costs is not None and "size" in dimensions:
            size = dimensions["size"]
            priced = [
                one for one in known.costs.list_prices if dict(one.dimensions)["size"] == size
            ]
            fact = {"tenant": "acme", "meter": "droplet_hours", "sku": size}
            [(_, rule_now)] = known.costs.rules
            if any(one.in_force(day) for one in priced):
                assert rank(rule_now.match, fact) is None
    for series in left.usage:
        for _, day in quantities([series]):
            terms = [term for term in month.terms if any(day in span for span in term.days)]
            assert not terms or (
                terms[0].version.item_for("droplet_hours", series.dimensions) is not None
                or winner(inputs.prices, dict(series.dimensions)) is not None
            )


def test_usage_is_unsold_by_its_dimensions_and_by_its_day() -> None:
    half = date(2026, 4, 16)
    terms = (
        Term(VersionSnapshot("a", "metal", 1, 0, "AUD", (row((("size", ("small",)),)),)),
             (Period(APRIL.start, half),)),
        Term(VersionSnapshot("b", "metal", 2, 0, "AUD", ()), (Period(half, APRIL.end),)),
    )  # fmt: skip  # a table
    small, large = (
        UsageSeries("droplet_hours", (UsageRun(APRIL.start, 30, Decimal(24)),), "", (of,))
        for of in (("size", "small"), ("size", "large"))
    )
    sold, unsold = divided_usage([small, large], terms, (), Known({}, [], {}), "acme")
    assert [(one.label, one.runs) for one in sold] == [
        ("droplet_hours[size=small]", (UsageRun(APRIL.start, 15, Decimal(24)),)),
    ]
    assert [(one.label, one.runs) for one in unsold] == [
        ("droplet_hours[size=small]", (UsageRun(half, 15, Decimal(24)),)),
        ("droplet_hours[size=large]", (UsageRun(APRIL.start, 30, Decimal(24)),)),
    ]


@pytest.mark.parametrize("until", [None, date(2026, 4, 16)])
def test_usage_in_the_gap_of_a_price_that_was_set_is_not_unsold(until: date | None) -> None:
    series = UsageSeries("droplet_hours", (UsageRun(APRIL.start, 30, Decimal(24)),), "",
                         (("size", "small"),))  # fmt: skip  # a table
    of = (("size", ("small",)),)
    ended = PriceSnapshot("p", "droplet_hours", "hour", Decimal(1), date(2020, 1, 1), until, of)
    known = Known({}, [("AUD", ended)], {}, matched={"AUD": {"droplet_hours": {of}}})
    terms = (Term(VersionSnapshot("a", "metal", 1, 0, "AUD", ()), (APRIL,)),)
    assert divided_usage([series], terms, (), known, "acme") == ((series,), ())
