"""The cost of a change of a subscription in its month: the difference of the month's bills."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quotes.rules.snapshots import Known, change_inputs, subscription_inputs
from services.catalog.quoting.engine import price
from services.catalog.quoting.inputs import AddonSnapshot, QuoteInputs, VersionSnapshot
from services.catalog.quoting.lines import PlanChange, total
from services.catalog.quoting.proofs.canonical import inputs_json
from services.catalog.quoting.proofs.parse import read_inputs
from services.catalog.subscriptions.rules.subscriptions import PauseSpan, PlanTerm, Subscription
from services.catalog.vocabulary import PricingModel
from tests.quoting.catalogs import (
    APRIL,
    PRICES,
    addons,
    attached,
    billed,
    days_in,
    subscription,
    term,
    versions,
)

KEYS = tuple(UUID(int=number) for number in range(1, 4))


def known_of(sold: Sequence[VersionSnapshot]) -> Known:
    return Known(dict(zip(KEYS, sold, strict=False)), [("AUD", one) for one in PRICES])


@st.composite
def agreed(draw: st.DrawFn) -> tuple[Subscription, Known]:
    """A subscription whose plan changes on some days of April, paused on some of them."""
    sold = [draw(versions(str(key))) for key in KEYS]
    if draw(st.booleans()):  # two versions of one plan at one price
        sold[1] = replace(sold[0], id=sold[1].id, version=sold[0].version + 1)
    starts = [APRIL.start, *sorted(draw(st.sets(days_in(APRIL).filter(lambda day: day.day > 1))))]
    order = draw(st.permutations(range(3)))
    terms: list[PlanTerm] = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], None], strict=True)):
        which = order[number % 3]
        terms.append(term(sold[which], KEYS[which], start, end))
    pause = PauseSpan(*sorted((draw(days_in(APRIL)), draw(days_in(APRIL)))))
    made = replace(
        subscription(*terms), pauses=(pause,), trial_end=draw(st.none() | days_in(APRIL))
    )
    return made, known_of(sold)


@given(agreed(), days_in(APRIL), st.sampled_from(KEYS), st.lists(addons(), max_size=2))
def test_a_change_costs_to_the_cent_what_it_makes_the_months_bill_differ_by(
    held: tuple[Subscription, Known], day: date, to: UUID, more: list[AddonSnapshot]
) -> None:
    made, known = held
    # Given the month's bill without the change, and with it carried out
    inputs = change_inputs(made, known.versions[to], more, (), day, known, on_trial=False)
    kept = [
        replace(one, effective_to=min(one.effective_to or day, day))
        for one in made.terms
        if one.effective_from < day
    ]
    moved = replace(
        made,
        terms=(*kept, term(known.versions[to], to, max(day, made.starts_on), None)),
        addons=tuple(attached(addon, day, None, n) for n, addon in enumerate(more)),
    )
    if made.term_on(day).plan_version_id == to:
        moved = replace(moved, terms=made.terms)
    before, after = (
        total(billed(price(subscription_inputs(one, APRIL, (), known, on_trial=False))))
        for one in (made, moved)
    )
    # Then the preview's net is the difference
    change = price(inputs).change
    assert (change.net_cents if change else 0) == after - before
    frozen = inputs_json(inputs)
    assert inputs_json(read_inputs(frozen)) == frozen
    assert price(read_inputs(frozen)) == price(inputs)


def changed(sold: Sequence[VersionSnapshot], *days: date) -> QuoteInputs:
    """A move to the last of these plans on the first of these days; others were agreed."""
    *before, to = range(len(sold))
    starts = [APRIL.start, *days[1:]]
    ends = [*days[1:], None]
    terms = [
        term(sold[number], KEYS[number], start, end)
        for number, start, end in zip(before, starts, ends, strict=True)
    ]
    known = known_of(sold)
    return change_inputs(
        subscription(*terms), known.versions[KEYS[to]], (), (), days[0], known, on_trial=False
    )


def plan(code: str, price_cents: int, *items: PlanItem, version: int = 1) -> VersionSnapshot:
    return VersionSnapshot(f"{code}-{version}", code, version, price_cents, "AUD", items)


def cost(inputs: QuoteInputs) -> PlanChange:
    change = price(inputs).change
    assert change is not None
    return change


def test_a_change_gives_back_also_what_was_agreed_for_later_in_the_month() -> None:
    starter, studio, pro = plan("starter", 2000), plan("studio", 5000), plan("pro", 12000)
    # On Starter, and on Pro from the 25th; then rather Studio from the 20th.
    change = cost(changed([starter, pro, studio], date(2026, 4, 20), date(2026, 4, 25)))
    assert [(line.qty, line.amount_cents) for line in change.credits] == [
        ("-5", -333),
        ("-6", -2400),
    ]
    assert [(line.qty, line.amount_cents) for line in change.charges] == [("11", 1833)]
    assert change.net_cents == -900


def test_where_rounding_would_tell_a_cent_both_sides_are_shown_whole() -> None:
    # 15 and 14 of 30 days at 5 cents: 2.5 and 2.33 cents, rounded 3 and 2; a day alone is 0.17.
    change = cost(
        changed([plan("a", 5), plan("b", 0), plan("c", 0)], date(2026, 4, 15), date(2026, 4, 16))
    )
    assert [(line.qty, line.amount_cents) for line in change.credits if line.amount_cents] == [
        ("-15", -3)
    ]
    assert [(line.qty, line.amount_cents) for line in change.charges if line.amount_cents] == [
        ("14", 2)
    ]


def test_a_credit_is_rounded_as_its_charge_was() -> None:
    change = cost(changed([plan("starter", 5), plan("studio", 5)], date(2026, 4, 16)))
    amounts = [line.amount_cents for line in (*change.credits, *change.charges)]
    assert sum(amounts) == change.net_cents


def test_the_same_price_in_another_version_costs_nothing_to_change_to() -> None:
    package = PlanItem(
        "dns_zones", Decimal(0), "zone", Decimal(300),
        pricing_model=PricingModel.PACKAGE, package_qty=Decimal(10),
    )  # fmt: skip  # a table
    old, new = plan("studio", 4999, package), plan("studio", 4999, package, version=2)
    change = cost(changed([old, new], date(2026, 4, 16)))
    assert (change.credits, change.charges, change.net_cents) == ((), (), 0)


def test_a_minimum_that_comes_with_the_new_plan_is_part_of_what_the_change_costs() -> None:
    least = PlanItem(
        "dns_zones", Decimal(0), "zone", Decimal(1),
        pricing_model=PricingModel.MINIMUM, amount_cents=3000,
    )  # fmt: skip  # a table
    change = cost(changed([plan("a", 0), plan("b", 0, least)], date(2026, 4, 16)))
    assert change.net_cents == 1500
