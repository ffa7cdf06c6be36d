"""The engine against a reckoning of its own kind: every day for itself, in fractions."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.plans import PlanItem
from services.catalog.quoting.engine import price
from services.catalog.quoting.freezing import Known, subscription_inputs
from services.catalog.quoting.inputs import PriceSnapshot, UsageFact, VersionSnapshot
from services.catalog.subscriptions import PauseSpan, Subscription, covers
from services.catalog.vocabulary import UNITS, PricingModel
from tests.quoting.catalogs import APRIL, KINDS, QTYS, addons, days_in, versions
from tests.quoting.test_properties import attached, billed, by_kind, subscription, term

KEYS = (UUID(int=1), UUID(int=2))
LATER = st.none() | st.dates(date(2026, 4, 1), date(2026, 5, 10))
Amounts = dict[tuple[str, str], Fraction]


@st.composite
def unit_prices(draw: st.DrawFn) -> list[tuple[str, PriceSnapshot]]:
    """Two unit prices of every kind, one after the other."""
    found = []
    for kind in KINDS:
        cut = draw(days_in(APRIL))
        for number, span in enumerate(((date(2000, 1, 1), cut), (cut, None))):
            cents = draw(st.decimals(0, 100, places=2))
            unit = draw(st.sampled_from(sorted(UNITS[kind])))
            found.append(("AUD", PriceSnapshot(f"{kind}-{number}", kind, unit, cents, *span)))
    return found


@st.composite
def subscriptions(draw: st.DrawFn) -> tuple[Subscription, Known]:
    """Begun, changed, paused, on trial and ended on any days of April, with any addons."""
    sold = [draw(versions(f"plan-{number}")) for number in range(2)]
    starts, cut = sorted((draw(days_in(APRIL)), draw(days_in(APRIL))))
    ends = draw(LATER.filter(lambda day: day is None or day > cut))
    edges = [starts, cut, ends] if starts < cut else [starts, ends]
    terms = [
        term(sold[number], KEYS[number], start, end)
        for number, (start, end) in enumerate(pairwise(edges))
        if start is not None
    ]
    pause = PauseSpan(draw(days_in(APRIL)), draw(LATER))
    if pause.resumed_on is not None and pause.resumed_on < pause.paused_on:
        pause = PauseSpan(pause.resumed_on, pause.paused_on)
    held = []
    for number in range(draw(st.integers(0, 3))):
        start, end = draw(days_in(APRIL)), draw(LATER)
        held.append(attached(draw(addons(f"addon-{number}")), start, end))
    made = subscription(
        *terms,
        starts_on=starts,
        ends_on=ends,
        trial_end=draw(LATER),
        pauses=(pause,),
        addons=tuple(held),
    )
    return made, Known(dict(zip(KEYS, sold, strict=True)), draw(unit_prices()))


def over_the_allowance(item: PlanItem, over: Fraction) -> Fraction:
    """What a month with so much over the allowance costs, in cents."""
    if item.hard_cap_qty is not None:
        over = min(over, Fraction(item.hard_cap_qty))
    units = over / UNITS[item.resource_kind][item.overage_unit]
    each, least = Fraction(item.overage_price_cents), Fraction(item.amount_cents)
    if units <= 0:
        return Fraction(0)
    steps = [
        (Fraction(tier.up_to_qty or units), Fraction(tier.unit_price_cents)) for tier in item.tiers
    ]
    match item.pricing_model:
        case PricingModel.FLAT:
            return least
        case PricingModel.MINIMUM:
            return max(least, units * each)
        case PricingModel.PACKAGE:
            return -(-units // Fraction(item.package_qty or 0)) * each
        case PricingModel.GRADUATED:
            bounds = pairwise([Fraction(0), *(limit for limit, _ in steps)])
            return sum(
                (
                    max(Fraction(0), min(units, upper) - lower) * cents
                    for (lower, upper), (_, cents) in zip(bounds, steps, strict=True)
                ),
                Fraction(0),
            )
        case PricingModel.VOLUME:
            full = [limit * cents for limit, cents in steps if limit < units]
            reached = next(cents for limit, cents in steps if units <= limit)
            return max([*full, units * reached])
        case _:
            return units * each


def running(made: Subscription) -> Iterator[date]:
    for number in range(APRIL.days):
        day = APRIL.start + timedelta(days=number)
        paused = any(covers(pause.paused_on, pause.resumed_on, day) for pause in made.pauses)
        if covers(made.starts_on, made.ends_on, day) and not paused:
            yield day


def reckoned(made: Subscription, known: Known, usage: dict[str, Decimal]) -> Amounts:
    """April's exact amounts, by what they are for, added up day by day."""
    month, days = Fraction(APRIL.days), list(running(made))
    found: Amounts = defaultdict(Fraction)
    for day in days:
        if made.trial_end is not None and day < made.trial_end:
            continue
        version: VersionSnapshot = known.versions[made.term_on(day).plan_version_id]
        held = [one for one in made.addons if covers(one.attached_on, one.detached_on, day)]
        found["plan_base", ""] += version.price_cents / month
        for one in held:
            found["addon", one.terms.resource_kind] += one.terms.price_cents / month
        for kind, qty in usage.items():
            brought = sum(Fraction(o.terms.qty) for o in held if o.terms.resource_kind == kind)
            over = Fraction(qty) / len(days) * month - brought
            item = version.item_of.get(kind)
            if item is not None:
                cents = over_the_allowance(item, over - Fraction(item.included_qty))
                found["overage", kind] += cents / month
                continue
            [of_day] = [
                one
                for _, one in known.prices
                if one.resource_kind == kind and covers(one.effective_from, one.effective_to, day)
            ]
            units = max(Fraction(0), over) / UNITS[kind][of_day.unit]
            found["ad_hoc", kind] += units * Fraction(of_day.unit_price_cents) / month
    return {what: amount for what, amount in found.items() if amount}


@settings(max_examples=300)
@given(subscriptions(), st.dictionaries(st.sampled_from(KINDS), QTYS))
def test_a_month_comes_to_what_its_days_come_to(
    held: tuple[Subscription, Known], usage: dict[str, Decimal]
) -> None:
    made, known = held
    facts = [UsageFact(kind, qty) for kind, qty in usage.items()]
    quote = price(subscription_inputs(made, APRIL, facts, known, on_trial=False))
    assert by_kind(billed(quote)) == reckoned(made, known, usage)
