"""Properties for every catalog and every usage."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from random import Random
from uuid import UUID

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.quotes.rules.snapshots import Known, subscription_inputs
from services.catalog.quoting.engine import price
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    QuoteInputs,
    UsageRun,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.lines import Line, Quote, total
from services.catalog.quoting.proofs.canonical import inputs_json, result_json
from services.catalog.quoting.proofs.parse import read_inputs
from services.catalog.quoting.proofs.proof import prove
from services.catalog.subscriptions.rules.subscriptions import PauseSpan, Subscription
from services.catalog.vocabulary import PricingModel
from services.common.values.periods import Period
from tests.quoting.catalogs import (
    APRIL,
    KINDS,
    PRICES,
    QTYS,
    addons,
    any_month,
    attached,
    billed,
    days_in,
    month_of_plan,
    on_days,
    subscription,
    term,
    usages,
    versions,
)

ID = UUID(int=1)


def quoted(
    held: Subscription, known: Known, usage: Sequence[UsageSeries], period: Period = APRIL
) -> Quote:
    return price(subscription_inputs(held, period, usage, known, on_trial=False))


def known_of(*found: tuple[UUID, VersionSnapshot]) -> Known:
    return Known(dict(found), [("AUD", one) for one in PRICES])


def exact(line: Line) -> Fraction:
    """Quantity times price, before it is rounded."""
    amount = Fraction(Decimal(line.qty)) * Fraction(Decimal(line.unit_price_cents))
    return amount / int(line.price_base_qty)


def more_of(made: QuoteInputs, series: UsageSeries) -> QuoteInputs:
    others = tuple(one for one in made.usage if one.resource_kind != series.resource_kind)
    return replace(made, usage=(*others, series))


@given(any_month())
def test_lines_add_up_to_totals_and_each_multiplies_and_is_rounded_once(
    made: QuoteInputs,
) -> None:
    quote = price(made)
    lines = (*quote.recurring, *quote.overage, *quote.ad_hoc)
    assert quote.all_in_monthly_cents == sum(line.amount_cents for line in lines)
    for line in (*lines, *quote.first_invoice):
        below = line.amount_cents - Fraction(1, 2)
        assert below <= exact(line) < line.amount_cents + Fraction(1, 2)
        assert line.amount_cents >= 0


@given(any_month(), usages(APRIL))
def test_how_usage_is_cut_into_runs_changes_no_price(
    made: QuoteInputs, usage: tuple[UsageSeries, ...]
) -> None:
    made = replace(made, month=APRIL, usage=usage, projected_from=None)
    cut = tuple(
        replace(
            series,
            runs=tuple(
                UsageRun(run.first + timedelta(days=number), 1, run.qty)
                for run in series.runs
                for number in range(run.days)
            ),
        )
        for series in usage
    )
    assert price(replace(made, usage=cut)) == price(made)


@given(any_month(), usages(APRIL))
def test_usage_by_dimension_costs_what_it_costs_in_one_where_no_price_matches_by_dimension(
    made: QuoteInputs, usage: tuple[UsageSeries, ...]
) -> None:
    made = replace(made, month=APRIL, usage=usage, projected_from=None)
    whole = {run: run.qty.to_integral_value(ROUND_FLOOR) for one in usage for run in one.runs}
    parts = tuple(
        replace(
            series,
            dimensions=dimensions,
            runs=tuple(
                replace(run, qty=whole[run] if dimensions else run.qty - whole[run])
                for run in series.runs
            ),
        )
        for series in usage
        for dimensions in ((), (("size", "s-1"),))
    )
    assert price(replace(made, usage=parts)) == price(made)


@given(any_month(), st.sampled_from(KINDS), days_in(APRIL), QTYS)
def test_more_usage_costs_less_only_where_a_volume_price_falls(
    made: QuoteInputs, kind: str, day: date, more: Decimal
) -> None:
    made = replace(made, month=APRIL, usage=(), projected_from=None)
    volumes = [
        item
        for term in made.terms
        for item in term.version.items
        if item.pricing_model is PricingModel.VOLUME
    ]
    before = more_of(made, UsageSeries(kind, (UsageRun(day, 1, more),)))
    after = more_of(made, UsageSeries(kind, (UsageRun(day, 1, 2 * more),)))
    assert volumes or total(billed(price(after))) >= total(billed(price(before)))


@given(versions().filter(lambda version: bool(version.items)), st.data())
def test_an_allowance_never_costs(version: VersionSnapshot, data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(version.items))
    share = data.draw(st.integers(0, 100))
    used = on_days(item.resource_kind, {APRIL.start: item.included_qty * share / 100})
    overage = price(month_of_plan(version, usage=(used,))).overage
    assert [line for line in overage if line.resource_kind == item.resource_kind] == [
        line
        for line in price(month_of_plan(version)).overage
        if line.resource_kind == item.resource_kind
    ]


@given(versions(), addons(), days_in(APRIL), usages(APRIL), st.integers(0, 10), st.integers(1, 10))
def test_a_change_to_a_version_at_the_same_price_changes_nothing_on_the_bill(
    version: VersionSnapshot,
    addon: AddonSnapshot,
    cut: date,
    usage: tuple[UsageSeries, ...],
    paused_on: int,
    paused_days: int,
) -> None:
    # Given a month on one version, with an addon from some day on and a pause
    first, second = UUID(int=1), UUID(int=2)
    twin = replace(version, id="twin", version=version.version + 1)
    known = known_of((first, version), (second, twin))
    pause = PauseSpan(date(2026, 4, 5 + paused_on), date(2026, 4, 5 + paused_on + paused_days))
    whole = replace(
        subscription(term(version, first, APRIL.start, None)),
        addons=(attached(addon, date(2026, 4, 9), None),),
        pauses=(pause,),
    )
    # When it moves to another version at the same price on any day
    halves = (term(version, first, APRIL.start, cut), term(twin, second, cut, None))
    split = replace(whole, terms=halves if cut > APRIL.start else halves[1:])
    # Then every line is the same to the cent
    one, two = (
        [
            (line.kind, line.resource_kind, line.qty, line.amount_cents)
            for line in billed(quoted(held, known, usage))
        ]
        for held in (whole, split)
    )
    assert one == two


@given(versions(), st.lists(addons(), max_size=3), usages(APRIL))
def test_proration_of_a_whole_month_is_the_whole(
    version: VersionSnapshot, held: list[AddonSnapshot], usage: tuple[UsageSeries, ...]
) -> None:
    quote = price(month_of_plan(version, APRIL, *held, usage=usage))
    assert [line._replace(service=None) for line in quote.first_invoice] == list(quote.recurring)


@given(any_month(), usages(APRIL))
def test_usage_of_a_day_that_is_not_billed_costs_nothing(
    made: QuoteInputs, usage: tuple[UsageSeries, ...]
) -> None:
    late = Period(date(2026, 4, 20), APRIL.end)
    made = replace(
        month_of_plan(made.terms[-1].version, days=late),
        trial_days=(Period(date(2026, 4, 10), late.start),),
    )
    outside = tuple(
        replace(series, runs=tuple(run for run in series.runs if run.end <= late.start))
        for series in usage
    )
    assert billed(price(replace(made, usage=outside))) == billed(price(made))


@given(versions(), addons(), days_in(APRIL), usages(APRIL))
def test_attach_then_detach_leaves_the_price(
    version: VersionSnapshot, addon: AddonSnapshot, day: date, usage: tuple[UsageSeries, ...]
) -> None:
    known = known_of((ID, version))
    bare = subscription(term(version, ID, APRIL.start, None))
    detached = replace(bare, addons=(attached(addon, day, day),))
    assert quoted(detached, known, usage) == quoted(bare, known, usage)
    later = Period.month(2026, 5)
    past = replace(bare, addons=(attached(addon, day, APRIL.end),))
    assert quoted(past, known, (), later) == quoted(bare, known, (), later)


@given(any_month(), st.randoms())
def test_the_order_of_addons_and_of_usage_does_not_matter(
    made: QuoteInputs, random: Random
) -> None:
    held, usage = list(made.addons), list(made.usage)
    random.shuffle(held)
    random.shuffle(usage)
    turned = replace(made, addons=tuple(held), usage=tuple(usage))
    assert prove(turned) == prove(made)


@given(versions("bought"), versions("published"), addons(), usages(APRIL))
def test_a_price_change_never_reprices_an_existing_subscriber(
    bought: VersionSnapshot,
    published: VersionSnapshot,
    addon: AddonSnapshot,
    usage: tuple[UsageSeries, ...],
) -> None:
    first, second = UUID(int=1), UUID(int=2)
    held = replace(
        subscription(term(bought, first, APRIL.start, None)),
        addons=(attached(addon, APRIL.start, None),),
    )
    after = known_of((first, bought), (second, published))
    assert quoted(held, after, usage) == quoted(held, known_of((first, bought)), usage)


@given(any_month())
def test_frozen_inputs_are_read_back_as_they_were(made: QuoteInputs) -> None:
    frozen = inputs_json(made)
    again = read_inputs(frozen)
    assert inputs_json(again) == frozen
    assert result_json(price(again)) == result_json(price(made))


@given(any_month())
def test_inputs_say_the_same_in_whatever_order_and_with_whatever_spaces(made: QuoteInputs) -> None:
    said = orjson.loads(inputs_json(made))
    usage_first = {"usage": said.pop("usage"), **said}
    spaced = orjson.dumps(usage_first, option=orjson.OPT_INDENT_2)
    for text in (inputs_json(made), orjson.dumps(usage_first), spaced):
        assert inputs_json(read_inputs(text)) == inputs_json(made)


PRICED_ELSEWHERE = """
import sys
from services.catalog.quoting.proofs.canonical import result_json
from services.catalog.quoting.engine import price
from services.catalog.quoting.proofs.parse import read_inputs
for line in sys.stdin.buffer:
    print(result_json(price(read_inputs(line))).decode())
"""


@settings(max_examples=2)
@given(st.lists(any_month(), min_size=5, max_size=5))
def test_frozen_inputs_come_to_the_same_in_every_process(made: list[QuoteInputs]) -> None:
    answered = subprocess.run(
        [sys.executable, "-c", PRICED_ELSEWHERE],
        input=b"\n".join(map(inputs_json, made)),
        capture_output=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "TZ": "Pacific/Apia", "LC_ALL": "C"},
    )
    assert answered.stdout.splitlines() == [result_json(price(one)) for one in made]
