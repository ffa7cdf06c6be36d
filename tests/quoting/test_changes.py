"""What a change of a subscription costs in its month: what the month's bill differs by."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.catalog.quoting.canonical import inputs_json
from services.catalog.quoting.engine import price
from services.catalog.quoting.freezing import Known, change_inputs, subscription_inputs
from services.catalog.quoting.inputs import AddonSnapshot, QuoteInputs, VersionSnapshot
from services.catalog.quoting.lines import Line
from services.catalog.quoting.reading import read_inputs
from services.catalog.subscriptions import PauseSpan, PlanTerm, Subscription
from tests.quoting.catalogs import APRIL, addons, days_in, versions
from tests.quoting.test_properties import known_of, subscription, term

KEYS = tuple(UUID(int=number) for number in range(1, 4))


def exactly(lines: Sequence[Line]) -> Fraction:
    return sum((line.exact_cents for line in lines), Fraction(0))


@st.composite
def agreed(draw: st.DrawFn) -> tuple[Subscription, Known]:
    """A subscription whose plan changes on some days of April, paused on some of them."""
    sold = [draw(versions(str(key))) for key in KEYS]
    starts = [APRIL.start, *sorted(draw(st.sets(days_in(APRIL).filter(lambda day: day.day > 1))))]
    order = draw(st.permutations(range(3)))
    terms: list[PlanTerm] = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], None], strict=True)):
        which = order[number % 3]
        terms.append(term(sold[which], KEYS[which], start, end))
    pause = PauseSpan(*sorted((draw(days_in(APRIL)), draw(days_in(APRIL)))))
    trial_end = draw(st.none() | days_in(APRIL))
    made = subscription(*terms, pauses=(pause,), trial_end=trial_end)
    return made, known_of(*zip(KEYS, sold, strict=True))


@given(agreed(), days_in(APRIL), st.sampled_from(KEYS), st.lists(addons(), max_size=2))
def test_a_change_costs_what_it_makes_the_months_bill_differ_by(
    held: tuple[Subscription, Known], day: date, to: UUID, more: list[AddonSnapshot]
) -> None:
    made, known = held
    inputs = change_inputs(made, known.versions[to], more, (), day, known, on_trial=False)
    before = price(subscription_inputs(made, APRIL, (), known, on_trial=False))
    after = price(inputs)
    differs = exactly(after.first_invoice) - exactly(before.first_invoice)
    change = after.change
    asked = () if change is None else (*change.credits, *change.charges)
    assert exactly(asked) == differs
    frozen = inputs_json(inputs)
    assert inputs_json(read_inputs(frozen)) == frozen
    assert price(read_inputs(frozen)) == after


def changed(sold: Sequence[VersionSnapshot], *days: date) -> QuoteInputs:
    """A move to the last of these plans on the first of these days; others were agreed."""
    *before, to = range(len(sold))
    starts = [APRIL.start, *days[1:]]
    ends = [*days[1:], None]
    terms = [
        term(sold[number], KEYS[number], start, end)
        for number, start, end in zip(before, starts, ends, strict=True)
    ]
    known = known_of(*zip(KEYS, sold, strict=False))
    return change_inputs(
        subscription(*terms), known.versions[KEYS[to]], (), (), days[0], known, on_trial=False
    )


def plan(code: str, price_cents: int) -> VersionSnapshot:
    return VersionSnapshot(code, code, 1, price_cents, "AUD", ())


def test_a_change_gives_back_also_what_was_agreed_for_later_in_the_month() -> None:
    starter, studio, pro = plan("starter", 2000), plan("studio", 5000), plan("pro", 12000)
    # On Starter, and on Pro from the 25th; then rather Studio from the 20th.
    change = price(changed([starter, pro, studio], date(2026, 4, 20), date(2026, 4, 25))).change
    assert change is not None
    assert [line.amount_cents for line in change.credits] == [-333, -2400]
    assert [line.amount_cents for line in change.charges] == [1833]
    assert change.net_cents == -900


def test_a_credit_is_rounded_as_its_charge_was() -> None:
    change = price(changed([plan("starter", 5), plan("studio", 5)], date(2026, 4, 16))).change
    assert change is not None
    amounts = [line.amount_cents for line in (*change.credits, *change.charges)]
    assert amounts == [-3, 3]


def test_the_frozen_inputs_of_a_change_are_what_they_always_were() -> None:
    inputs = changed([plan("starter", 2000), plan("pro", 12000)], date(2026, 4, 20))
    assert b'"change":{"days":11,"replaced":{"currency":"AUD",' in inputs_json(inputs)
