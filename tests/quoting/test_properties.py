"""What holds for every catalog and every usage."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.plans import AddonTerms, PlanItem
from services.catalog.quoting.canonical import inputs_json, result_json
from services.catalog.quoting.engine import price
from services.catalog.quoting.freezing import Known, subscription_inputs
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    QuoteInputs,
    Term,
    UsageFact,
    VersionSnapshot,
)
from services.catalog.quoting.lines import Line, Quote, total
from services.catalog.quoting.proofs import prove
from services.catalog.quoting.reading import read_inputs
from services.catalog.subscriptions import AttachedAddon, PauseSpan, PlanTerm, Subscription
from services.common.periods import Period
from tests.quoting.catalogs import (
    APRIL,
    KINDS,
    PRICES,
    QTYS,
    addons,
    any_month,
    days_in,
    items,
    month_of_plan,
    versions,
)

ID = UUID(int=1)
USAGES = st.dictionaries(st.sampled_from(KINDS), QTYS)


def billed(quote: Quote) -> tuple[Line, ...]:
    """What a period is billed."""
    return (*quote.first_invoice, *quote.overage, *quote.ad_hoc)


def by_kind(lines: tuple[Line, ...]) -> dict[tuple[str, str], Fraction]:
    """The exact amounts, by what they are for."""
    found: dict[tuple[str, str], Fraction] = {}
    for line in lines:
        key = (line.kind, line.resource_kind)
        found[key] = found.get(key, Fraction(0)) + line.exact_cents
    return {key: amount for key, amount in found.items() if amount}


def subscription(*terms: PlanTerm, **said: object) -> Subscription:
    """A subscription from the first of April."""
    made = Subscription(
        id=ID,
        deployment_id=ID,
        tenant_id="acme",
        starts_on=APRIL.start,
        ends_on=None,
        trial_end=None,
        created_at=datetime(2026, 4, 1, tzinfo=UTC),
        terms=terms,
        pauses=(),
        addons=(),
    )
    return replace(made, **said)  # type: ignore[arg-type]


def term(version: VersionSnapshot, key: UUID, start: date, end: date | None) -> PlanTerm:
    return PlanTerm(key, version.plan_code, version.version, key, start, end)


def attached(addon: AddonSnapshot, start: date, end: date | None) -> AttachedAddon:
    terms = AddonTerms(addon.resource_kind, addon.qty, addon.price_cents, "AUD")
    return AttachedAddon(ID, addon.code, terms, start, end)


def quoted(held: Subscription, known: Known, usage: dict[str, Decimal], period: Period) -> Quote:
    facts = [UsageFact(kind, qty) for kind, qty in usage.items()]
    return price(subscription_inputs(held, period, facts, known, on_trial=False))


def known_of(*found: tuple[UUID, VersionSnapshot]) -> Known:
    return Known(dict(found), [("AUD", one) for one in PRICES])


@given(any_month())
def test_lines_add_up_to_totals_and_each_is_rounded_once(made: QuoteInputs) -> None:
    quote = price(made)
    lines = (*quote.recurring, *quote.overage, *quote.ad_hoc)
    assert quote.all_in_monthly_cents == sum(line.amount_cents for line in lines)
    for line in (*lines, *quote.first_invoice):
        below = line.amount_cents - Fraction(1, 2)
        assert below <= line.exact_cents < line.amount_cents + Fraction(1, 2)
        assert line.amount_cents >= 0


@given(any_month(), st.lists(QTYS, min_size=1, max_size=5), st.sampled_from(KINDS))
def test_splitting_usage_events_changes_nothing(
    made: QuoteInputs, parts: list[Decimal], kind: str
) -> None:
    others = tuple(fact for fact in made.usage if fact.resource_kind != kind)
    together = (UsageFact(kind, sum(parts, Decimal(0))),)
    turned = (UsageFact(kind, sum(reversed(parts), Decimal("0.000"))),)
    one, other = (replace(made, usage=(*others, *facts)) for facts in (together, turned))
    assert prove(one) == prove(other)


@given(any_month(), st.sampled_from(KINDS), QTYS)
def test_more_usage_never_costs_less(made: QuoteInputs, kind: str, more: Decimal) -> None:
    before = next((fact.qty for fact in made.usage if fact.resource_kind == kind), Decimal(0))
    others = tuple(fact for fact in made.usage if fact.resource_kind != kind)
    after = replace(made, usage=(*others, UsageFact(kind, before + more)))
    assert total(billed(price(after))) >= total(billed(price(made)))
    assert price(after).all_in_monthly_cents >= price(made).all_in_monthly_cents


@given(versions().filter(lambda version: bool(version.items)), st.data())
def test_an_allowance_never_costs(version: VersionSnapshot, data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(version.items))
    share = data.draw(st.integers(0, 100))
    used = item.included_qty * share / 100
    assert price(month_of_plan(version, usage={item.resource_kind: used})).overage == ()


@given(versions(), addons(), days_in(APRIL), USAGES, st.integers(0, 10), st.integers(1, 10))
def test_a_month_that_is_split_by_a_change_to_the_same_terms_sums_to_the_whole(
    version: VersionSnapshot,
    addon: AddonSnapshot,
    cut: date,
    usage: dict[str, Decimal],
    paused_on: int,
    paused_days: int,
) -> None:
    # Given a month on one version, with an addon from some day on and a pause
    first, second = UUID(int=1), UUID(int=2)
    twin = replace(version, id="twin")
    known = known_of((first, version), (second, twin))
    pause = PauseSpan(date(2026, 4, 5 + paused_on), date(2026, 4, 5 + paused_on + paused_days))
    more = {"addons": (attached(addon, date(2026, 4, 9), None),), "pauses": (pause,)}
    whole = subscription(term(version, first, APRIL.start, None), **more)
    # When it moves to another version with the same terms on any day
    halves = (term(version, first, APRIL.start, cut), term(twin, second, cut, None))
    split = subscription(*halves, **more)
    # Then it comes to the same, exactly before rounding, within a cent a line after
    one, two = (quoted(held, known, usage, APRIL) for held in (whole, split))
    assert by_kind(billed(one)) == by_kind(billed(two))
    lines = len(billed(one)) + len(billed(two))
    assert abs(total(billed(one)) - total(billed(two))) <= lines


@given(versions(), addons(), days_in(APRIL), st.dictionaries(st.sampled_from(KINDS), QTYS))
def test_a_period_that_is_split_at_any_day_sums_to_the_whole(
    version: VersionSnapshot, addon: AddonSnapshot, cut: date, daily: dict[str, Decimal]
) -> None:
    known = known_of((ID, version))
    held = subscription(
        term(version, ID, APRIL.start, None), addons=(attached(addon, APRIL.start, None),)
    )
    halves = [
        Period(start, end) for start, end in ((APRIL.start, cut), (cut, APRIL.end)) if start < end
    ]
    whole, *parts = (
        quoted(held, known, {kind: qty * days.days for kind, qty in daily.items()}, days)
        for days in (APRIL, *halves)
    )
    together = tuple(line for part in parts for line in billed(part))
    assert by_kind(together) == by_kind(billed(whole))
    for kind in KINDS:
        cents = [
            sum(line.amount_cents for line in lines if line.resource_kind == kind)
            for lines in (together, billed(whole))
        ]
        lines = [line for line in billed(whole) if line.resource_kind == kind]
        assert abs(cents[0] - cents[1]) <= len(lines)


@given(items("droplet_hours"), st.decimals(0, 2 * 10**5, places=2))
def test_half_a_month_with_half_its_usage_costs_half_in_every_pricing_model(
    item: PlanItem, over: Decimal
) -> None:
    version = VersionSnapshot("generated", "generated", 1, 0, "AUD", (item,))
    qty = item.included_qty + over
    whole = month_of_plan(version, usage={"droplet_hours": qty})
    half = replace(
        month_of_plan(version, usage={"droplet_hours": qty / 2}),
        term=Term(version, (Period(APRIL.start, date(2026, 4, 16)),)),
    )
    overage = by_kind(price(half).overage).items()
    assert {key: 2 * amount for key, amount in overage} == by_kind(price(whole).overage)


@given(versions(), st.lists(addons(), max_size=3), USAGES)
def test_proration_of_a_whole_month_is_the_whole(
    version: VersionSnapshot, held: list[AddonSnapshot], usage: dict[str, Decimal]
) -> None:
    quote = price(month_of_plan(version, APRIL, *held, usage=usage))
    assert quote.first_invoice == quote.recurring


@given(versions(), addons(), days_in(APRIL), USAGES)
def test_attach_then_detach_leaves_the_price(
    version: VersionSnapshot, addon: AddonSnapshot, day: date, usage: dict[str, Decimal]
) -> None:
    known = known_of((ID, version))
    bare = subscription(term(version, ID, APRIL.start, None))
    detached = replace(bare, addons=(attached(addon, day, day),))
    assert quoted(detached, known, usage, APRIL) == quoted(bare, known, usage, APRIL)
    later = Period.month(2026, 5)
    past = replace(bare, addons=(attached(addon, day, APRIL.end),))
    assert quoted(past, known, usage, later) == quoted(bare, known, usage, later)


@given(any_month(), st.randoms())
def test_the_order_of_addons_and_of_usage_does_not_matter(
    made: QuoteInputs, random: Random
) -> None:
    held, usage = list(made.addons), list(made.usage)
    random.shuffle(held)
    random.shuffle(usage)
    turned = replace(made, addons=tuple(held), usage=tuple(usage))
    assert prove(turned) == prove(made)


@given(versions("bought"), versions("published"), addons(), USAGES)
def test_a_price_change_never_reprices_an_existing_subscriber(
    bought: VersionSnapshot,
    published: VersionSnapshot,
    addon: AddonSnapshot,
    usage: dict[str, Decimal],
) -> None:
    first, second = UUID(int=1), UUID(int=2)
    held = subscription(
        term(bought, first, APRIL.start, None), addons=(attached(addon, APRIL.start, None),)
    )
    after = known_of((first, bought), (second, published))
    assert quoted(held, after, usage, APRIL) == quoted(
        held, known_of((first, bought)), usage, APRIL
    )


@given(any_month())
def test_frozen_inputs_are_read_back_as_they_were(made: QuoteInputs) -> None:
    frozen = inputs_json(made)
    again = read_inputs(frozen)
    assert inputs_json(again) == frozen
    assert result_json(price(again)) == result_json(price(made))


PRICED_ELSEWHERE = """
import sys
from services.catalog.quoting.canonical import result_json
from services.catalog.quoting.engine import price
from services.catalog.quoting.reading import read_inputs
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
