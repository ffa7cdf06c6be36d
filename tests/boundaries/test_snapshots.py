"""Billed, free and unbilled days of a subscription: each span exactly at its ends."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from services.catalog.plans.rules.plans import (
    Addon,
    AddonTerms,
    PlanVersion,
    ResourcePrice,
    UnitPrice,
    VersionTerms,
)
from services.catalog.quotes.rules.snapshots import (
    Known,
    MixedCurrencies,
    addon_snapshot,
    change_inputs,
    plan_inputs,
    price_snapshots,
    sold_to,
    subscription_inputs,
    version_snapshot,
)
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    ChangeInputs,
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.spans import days_in, intersection, shared_days
from services.catalog.subscriptions.rules.subscriptions import PauseSpan, Subscription
from services.catalog.vocabulary import VersionStatus
from services.common.values.periods import Period
from tests.boundaries.engine_months import MODELS, selling, used
from tests.quoting.catalogs import attached, subscription, term

JUNE, JULY = Period.month(2026, 6), Period.month(2026, 7)
A, B = UUID(int=11), UUID(int=12)
OLD = VersionSnapshot(str(A), "studio", 1, 5000, "AUD", (MODELS["allowance"],))
NEW = VersionSnapshot(str(B), "studio", 2, 6000, "AUD", ())
ZONES = AddonSnapshot(str(UUID(int=1)), "zones_10", "dns_zones", Decimal(10), 333)


def day(number: int) -> date:
    return date(2026, 6, number)


def span(start: int, end: int) -> Period:
    """Days of June; 31 is the first of July."""
    return Period(day(start), JUNE.end if end == 31 else day(end))


def unit_price(
    name: str, start: date = JUNE.start, end: date | None = None, kind: str = "llm_tokens"
) -> PriceSnapshot:
    return PriceSnapshot(name, kind, "1k_tokens", Decimal(2), start, end)


def known(*prices: tuple[str, PriceSnapshot], new: VersionSnapshot = NEW) -> Known:
    return Known({A: OLD, B: new}, prices)


def held(**more: object) -> Subscription:
    """A subscription of the old version since April."""
    made = subscription(term(OLD, A, date(2026, 4, 1), None), starts_on=date(2026, 4, 1))
    return replace(made, **more)  # type: ignore[arg-type]


def frozen(one: Subscription, *, on_trial: bool = False, period: Period = JUNE) -> QuoteInputs:
    return subscription_inputs(one, period, (), known(), on_trial=on_trial)


def days_of(one: Subscription, *, on_trial: bool = False) -> tuple[list[Period], list[Period]]:
    """The billed days of a month, and the free ones."""
    inputs = frozen(one, on_trial=on_trial)
    return [each for one in inputs.terms for each in one.days], list(inputs.trial_days)


def test_a_month_is_billed_from_the_first_day_to_the_one_before_the_end() -> None:
    assert days_of(held()) == ([JUNE], [])
    assert days_of(held(starts_on=day(1))) == ([JUNE], [])
    assert days_of(held(starts_on=day(2))) == ([span(2, 31)], [])
    assert days_of(held(starts_on=day(30))) == ([span(30, 31)], [])
    assert days_of(held(starts_on=JULY.start)) == ([], [])
    assert days_of(held(ends_on=day(1))) == ([], [])
    assert days_of(held(ends_on=day(2))) == ([span(1, 2)], [])
    assert days_of(held(ends_on=JULY.start)) == ([JUNE], [])


def test_a_trial_is_free_until_the_day_before_its_end() -> None:
    assert days_of(held(trial_end=day(1))) == ([JUNE], [])
    assert days_of(held(trial_end=day(2))) == ([span(2, 31)], [span(1, 2)])
    assert days_of(held(trial_end=JULY.start)) == ([], [JUNE])
    assert days_of(held(trial_end=day(9)), on_trial=True) == ([span(9, 31)], [span(1, 9)])
    assert days_of(held(), on_trial=True) == ([], [JUNE])


def test_a_pause_is_unbilled_from_its_day_to_the_day_before_it_ends() -> None:
    def paused(*pauses: tuple[date, date | None]) -> list[Period]:
        spans = tuple(PauseSpan(start, end) for start, end in pauses)
        return days_of(held(pauses=spans))[0]

    assert paused((day(10), day(12))) == [span(1, 10), span(12, 31)]
    assert paused((day(10), day(10))) == [JUNE]
    assert paused((day(10), None)) == [span(1, 10)]
    assert paused((day(1), None)) == []
    assert paused((day(1), day(2))) == [span(2, 31)]
    assert paused((day(30), JULY.end)) == [span(1, 30)]
    assert paused((date(2026, 5, 1), day(1))) == [JUNE]
    assert paused((day(5), day(6)), (day(6), day(7))) == [span(1, 5), span(7, 31)]
    both = held(pauses=(PauseSpan(day(3), day(5)),), trial_end=day(4))
    assert days_of(both) == ([span(5, 31)], [span(1, 3)])


def test_each_version_has_its_days_and_the_one_that_comes_again_is_the_latest() -> None:
    april = date(2026, 4, 1)
    two = held(terms=(term(OLD, A, april, day(16)), term(NEW, B, day(16), None)))
    assert frozen(two).terms == (Term(OLD, (span(1, 16),)), Term(NEW, (span(16, 31),)))
    assert frozen(replace(two, ends_on=day(16))).terms == (Term(OLD, (span(1, 16),)),)
    thrice = held(
        terms=(
            term(OLD, A, april, day(10)),
            term(NEW, B, day(10), day(20)),
            term(OLD, A, day(20), None),
        )
    )
    assert frozen(thrice).terms == (
        Term(NEW, (span(10, 20),)),
        Term(OLD, (span(1, 10), span(20, 31))),
    )
    # Nothing is billed: the version that holds on the last day, without days.
    assert frozen(replace(two, ends_on=day(1))).terms == (Term(NEW, ()),)
    on_the_last = held(terms=(term(OLD, A, april, day(30)), term(NEW, B, day(30), None)))
    assert frozen(replace(on_the_last, ends_on=day(1))).terms == (Term(NEW, ()),)
    later = held(terms=(term(OLD, A, april, JULY.start), term(NEW, B, JULY.start, None)))
    assert frozen(replace(later, ends_on=day(1))).terms == (Term(OLD, ()),)


def test_an_addon_is_held_on_its_days_and_current_at_the_end_of_the_month() -> None:
    def addon(start: date, end: date | None) -> tuple[HeldAddon, ...]:
        return frozen(held(addons=(attached(ZONES, start, end),))).addons

    assert addon(day(1), None) == (HeldAddon(ZONES, (JUNE,)),)
    assert addon(day(30), None) == (HeldAddon(ZONES, (span(30, 31),)),)
    assert addon(JULY.start, None) == ()
    assert addon(day(5), day(5)) == ()
    assert addon(day(5), day(4)) == ()
    assert addon(day(5), day(6)) == (HeldAddon(ZONES, (span(5, 6),), current=False),)
    assert addon(day(5), day(30)) == (HeldAddon(ZONES, (span(5, 30),), current=False),)
    assert addon(day(5), JULY.start) == (HeldAddon(ZONES, (span(5, 31),)),)
    assert addon(date(2026, 5, 1), day(1)) == ()
    # Held, and nothing is billed: it is still part of what the subscription is.
    free = frozen(held(ends_on=day(1), addons=(attached(ZONES, day(1), None),)))
    assert free.addons == (HeldAddon(ZONES, ()),)


def test_a_part_of_a_month_is_a_fraction_of_its_calendar_month() -> None:
    part = frozen(held(), period=span(10, 20))
    assert (part.month, part.terms) == (JUNE, (Term(OLD, (span(10, 20),)),))


TOKENS = used("5", day(9), "llm_tokens")


def test_unit_prices_are_read_if_a_version_leaves_a_kind_out() -> None:
    told = [
        ("AUD", unit_price("whole")),
        ("AUD", unit_price("ended", date(2026, 1, 1), JUNE.start)),
        ("AUD", unit_price("first day", date(2026, 1, 1), day(2))),
        ("AUD", unit_price("last day", day(30))),
        ("AUD", unit_price("next month", JUNE.end)),
        ("USD", unit_price("dollars")),
        ("AUD", unit_price("covered", kind="dns_zones")),
    ]

    def asked(*usage: UsageSeries) -> list[str]:
        made = subscription_inputs(held(), JUNE, usage, known(*told), on_trial=False)
        assert made.usage == usage
        return [price.id for price in made.prices]

    assert asked(TOKENS) == ["first day", "whole", "last day"]
    assert asked(used("5")) == []
    assert asked(used("0", day(9), "llm_tokens")) == []
    assert asked() == []


def test_usage_that_is_not_sold_is_left_out_and_usage_with_a_gap_in_its_price_is_not() -> None:
    priced = replace(known(), priced={"AUD": {"llm_tokens"}, "USD": {"bandwidth_gb"}})
    usage = [used("5", day(9), kind) for kind in ("llm_tokens", "bandwidth_gb", "dns_zones")]

    def sold(one: Subscription) -> set[str]:
        made = subscription_inputs(one, JUNE, usage, priced, on_trial=False)
        told, _ = sold_to(one, JUNE, priced, on_trial=False)
        assert {series.resource_kind for series in made.usage} == told & {
            series.resource_kind for series in usage
        }
        return {series.resource_kind for series in made.usage}

    covered = {item.resource_kind for item in OLD.items}
    assert sold(held()) == {"llm_tokens"} | covered
    new = subscription(term(NEW, B, JUNE.start, None), starts_on=JUNE.start)
    assert sold(new) == {"llm_tokens"}
    more = replace(new, addons=(attached(ZONES, day(1), None),))
    assert sold(more) == {"llm_tokens", "dns_zones"}


def test_a_snapshot_equals_the_rows_of_the_catalog() -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    version = PlanVersion(
        A, "studio", "Studio", 1, VersionStatus.ACTIVE,
        VersionTerms(5000, "AUD", (MODELS["allowance"],)), at, at, None,
    )  # fmt: skip  # a table
    assert version_snapshot(version) == OLD
    addon = Addon(UUID(int=1), "zones_10", AddonTerms("dns_zones", Decimal(10), 333, "AUD"), at, at)
    assert addon_snapshot(addon) == ZONES
    kept = ResourcePrice(
        UUID(int=5), UnitPrice("llm_tokens", "1k_tokens", Decimal(2), "USD", day(1), day(9))
    )
    assert price_snapshots([kept]) == [("USD", unit_price(str(UUID(int=5)), day(1), day(9)))]


def test_a_plan_is_projected_from_its_first_day() -> None:
    tokens = UsageSeries("llm_tokens", projected_qty=Decimal(5))
    told = known(
        ("AUD", unit_price("until", date(2026, 1, 1), day(20))),
        ("AUD", unit_price("from", day(20))),
    )
    made = plan_inputs(OLD, [ZONES], [tokens], day(20), told)
    assert made == QuoteInputs(
        month=JUNE,
        currency="AUD",
        terms=(Term(OLD, (span(20, 31),)),),
        addons=(HeldAddon(ZONES, (span(20, 31),)),),
        usage=(tokens,),
        prices=(unit_price("from", day(20)),),
        projected_from=day(20),
    )


def change(
    one: Subscription,
    version: VersionSnapshot,
    *addons: AddonSnapshot,
    on: date,
    trial: bool = False,
) -> QuoteInputs:
    return change_inputs(one, version, addons, (), on, known(), on_trial=trial)


def test_a_change_gives_the_days_that_are_left_to_the_other_version() -> None:
    assert change(held(), NEW, on=day(16)) == QuoteInputs(
        month=JUNE,
        currency="AUD",
        terms=(Term(OLD, (span(1, 16),)), Term(NEW, (span(16, 31),))),
        projected_from=day(16),
        change=ChangeInputs((Term(OLD, (JUNE,)),)),
    )
    assert change(held(), NEW, on=day(1)).terms == (Term(NEW, (JUNE,)),)
    assert change(held(), NEW, on=day(30)).terms == (
        Term(OLD, (span(1, 30),)),
        Term(NEW, (span(30, 31),)),
    )
    free = change(held(trial_end=day(20)), NEW, on=day(16))
    assert (free.terms, free.trial_days) == ((Term(NEW, (span(20, 31),)),), (span(1, 20),))


def test_a_change_during_an_open_ended_trial_affects_no_billed_day() -> None:
    free = change(held(), NEW, on=day(16), trial=True)
    assert (free.terms, free.trial_days) == ((Term(NEW, ()),), (JUNE,))
    assert free.change == ChangeInputs((Term(OLD, ()),))


def test_a_change_is_projected_at_the_unit_prices_of_its_day() -> None:
    tokens = UsageSeries("llm_tokens", projected_qty=Decimal(5))
    told = known(
        ("AUD", unit_price("until", date(2026, 1, 1), day(16))),
        ("AUD", unit_price("from", day(16))),
    )
    made = change_inputs(held(), NEW, (), [tokens], day(16), told, on_trial=False)
    assert made.usage == (tokens,)
    assert made.prices == (unit_price("from", day(16)),)


def test_a_change_back_joins_the_days_of_the_version() -> None:
    two = held(terms=(term(OLD, A, date(2026, 4, 1), day(10)), term(NEW, B, day(10), None)))
    back = change(two, OLD, on=day(20))
    assert back.terms == (Term(NEW, (span(10, 20),)), Term(OLD, (span(1, 10), span(20, 31))))
    assert back.change == ChangeInputs((Term(OLD, (span(1, 10),)), Term(NEW, (span(10, 31),))))


def test_an_addon_alone_is_a_change_and_nothing_is_none() -> None:
    more = change(held(), OLD, ZONES, on=day(16))
    assert more.terms == (Term(OLD, (JUNE,)),)
    assert more.addons == (HeldAddon(ZONES, (span(16, 31),), added=True),)
    assert more.change == ChangeInputs((Term(OLD, (JUNE,)),))
    assert change(held(), OLD, on=day(16)).change is None
    with_addon = held(addons=(attached(ZONES, day(3), None),))
    assert change(with_addon, NEW, on=day(16)).addons == (HeldAddon(ZONES, (span(3, 31),)),)


def test_two_currencies_in_a_month_are_refused_by_name() -> None:
    dollars = replace(NEW, currency="USD")
    with pytest.raises(MixedCurrencies, match=r"^the month is in AUD and USD$"):
        change_inputs(held(), dollars, (), (), day(16), known(new=dollars), on_trial=False)
    two = held(terms=(term(OLD, A, date(2026, 4, 1), day(10)), term(NEW, B, day(10), None)))
    with pytest.raises(MixedCurrencies, match=r"^the month is in AUD and USD$"):
        subscription_inputs(two, JUNE, (), known(new=dollars), on_trial=False)


def test_spans_share_half_open_days() -> None:
    spans = (span(1, 10), span(20, 31))
    assert intersection(spans, day(10), day(20)) == ()
    assert intersection(spans, day(9), day(21)) == (span(9, 10), span(20, 21))
    assert intersection(spans, day(1), None) == spans
    assert intersection((JUNE,), day(1), JUNE.end) == (JUNE,)
    assert intersection((JUNE,), day(2), JUNE.end) == (span(2, 31),)
    assert intersection((JUNE,), day(1), day(30)) == (span(1, 30),)
    assert days_in(spans) == 20
    assert days_in(()) == 0
    assert shared_days(spans, (span(9, 22),)) == 3
    assert shared_days(spans, (span(10, 20),)) == 0
    assert shared_days(spans, spans) == 20


def test_a_version_sells_as_another_of_its_plan_at_its_price() -> None:
    assert OLD.sells_as(replace(NEW, price_cents=5000))
    assert not OLD.sells_as(NEW)
    assert not OLD.sells_as(replace(OLD, plan_code="pro"))
    assert selling(MODELS["minimum"], MODELS["minimum"]).minimums == ("dns_zones", "dns_zones")
    assert selling(replace(MODELS["minimum"], amount_cents=0)).minimums == ()
