"""The value of usage: prices by day, allowances over sizes, and exact sums."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from services.catalog.quoting.engine import price
from services.catalog.quoting.errors import NoPriceInForce
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    HeldAddon,
    Term,
    UsageRun,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.lines import total
from services.catalog.quoting.values import ValuedRun, value_of
from services.common.values.periods import Period
from tests.boundaries.engine_months import (
    FROM,
    JUNE,
    MODELS,
    TOKEN_PRICE,
    TOKENS,
    UNTIL,
    month,
    selling,
    used,
    whole,
)


@pytest.mark.parametrize(
    ("day", "holds"),
    [(9, False), (10, True), (19, True), (20, False)],
)
def test_a_price_holds_from_its_first_day_to_the_one_before_its_end(
    day: int, *, holds: bool
) -> None:
    on = date(2026, 6, day)
    assert TOKEN_PRICE.in_force(on) is holds
    projection = replace(
        whole(selling(), UsageSeries(TOKENS, projected_qty=Decimal(5000))),
        prices=(TOKEN_PRICE,),
        projected_from=on,
    )
    by_day = replace(whole(selling(), used("5000", on, TOKENS)), prices=(TOKEN_PRICE,))
    for inputs in (projection, by_day):
        if holds:
            assert total(price(inputs).ad_hoc) == 10
            continue
        with pytest.raises(NoPriceInForce, match=f"^llm_tokens has no price in force on {on}$") as (
            refused
        ):
            price(inputs)
        assert (refused.value.resource_kind, refused.value.day) == (TOKENS, on)


def test_a_price_without_an_end_holds_for_good() -> None:
    assert replace(TOKEN_PRICE, effective_to=None).in_force(date(9999, 1, 1))


def test_usage_is_worth_its_price_of_each_day_and_unknown_where_there_is_none() -> None:
    series = UsageSeries(
        TOKENS,
        (UsageRun(date(2026, 6, 8), 5, Decimal(1500)), UsageRun(date(2026, 6, 18), 4, Decimal(10))),
    )
    other = replace(
        TOKEN_PRICE, id="q", resource_kind="dns_zones", unit="zone", effective_from=JUNE.start
    )
    assert value_of(series, [other, TOKEN_PRICE]) == [
        ValuedRun(UsageRun(date(2026, 6, 8), 2, Decimal(1500)), None),
        ValuedRun(UsageRun(date(2026, 6, 10), 3, Decimal(1500)), Decimal(3)),
        ValuedRun(UsageRun(date(2026, 6, 18), 2, Decimal(10)), Decimal("0.02")),
        ValuedRun(UsageRun(date(2026, 6, 20), 2, Decimal(10)), None),
    ]
    later = replace(TOKEN_PRICE, id="r", effective_from=UNTIL, effective_to=None, unit="token")
    assert value_of(series, [TOKEN_PRICE, later])[-1] == ValuedRun(
        UsageRun(date(2026, 6, 20), 2, Decimal(10)), Decimal(20)
    )
    assert value_of(series, []) == [
        ValuedRun(UsageRun(date(2026, 6, 8), 5, Decimal(1500)), None),
        ValuedRun(UsageRun(date(2026, 6, 18), 4, Decimal(10)), None),
    ]
    assert value_of(UsageSeries(TOKENS), [TOKEN_PRICE]) == []


def test_a_value_of_many_digits_is_exact() -> None:
    digits = Decimal("123456789012345.123456789012")
    exact = replace(TOKEN_PRICE, unit="token", unit_price_cents=Decimal("0.123456789012"))
    series = UsageSeries(TOKENS, (UsageRun(FROM, 1, digits),))
    [valued] = value_of(series, [exact])
    assert valued.cents is not None
    assert Fraction(valued.cents) == Fraction(digits) * Fraction("0.123456789012")


def test_an_allowance_is_used_up_by_days_over_all_sizes_and_prices() -> None:
    """Half of June: 4,000 tokens of an addon of 8,000; 1,500 a day of two models, two prices."""
    addon = AddonSnapshot("a", "tokens", TOKENS, Decimal(8000), 100)
    half = (Period(date(2026, 6, 16), JUNE.end),)
    early = replace(TOKEN_PRICE, effective_from=JUNE.start, effective_to=date(2026, 6, 18))
    late = replace(TOKEN_PRICE, id="q", effective_from=date(2026, 6, 18), effective_to=None,
                   unit_price_cents=Decimal(5))  # fmt: skip  # a table
    models = [
        UsageSeries(
            TOKENS,
            (
                UsageRun(date(2026, 6, 10), 10, Decimal(qty)),
                UsageRun(date(2026, 6, 25), 5, Decimal(0)),
            ),
            dimensions=(("model", name),),
        )
        for name, qty in (("a", 1000), ("b", 500))
    ]
    made = replace(
        month(*models, terms=(Term(selling(), half),), addons=(HeldAddon(addon, half),)),
        prices=(early, late),
    )
    # 16 and 17 June use 3,000 of the 4,000; of the 3,000 of 18 and 19 June 2,000 are over.
    assert [
        (one.qty, one.unit_price_cents, one.amount_cents, one.meta["used"], one.meta["allowance"])
        for one in price(made).ad_hoc
    ] == [("2", "5", 10, "3000", "1000")]
    # One price from the 16th: all of its days, those that cost nothing too.
    one_price = replace(made, prices=(replace(late, effective_from=date(2026, 6, 16)),))
    [line] = price(one_price).ad_hoc
    assert (line.qty, line.meta["used"], line.meta["allowance"]) == ("2", "6000", "4000")
    # What costs nothing needs no price, and what comes after it has one.
    assert price(replace(made, prices=(late,))).ad_hoc == price(made).ad_hoc
    with pytest.raises(NoPriceInForce):
        price(replace(made, prices=(replace(late, effective_from=date(2026, 6, 19)),)))


@pytest.mark.parametrize(
    ("number", "fits"),
    [("0", True), (str(10**30 - 1), True), (str(10**30), False), ("-0.001", False),
     ("Infinity", False)],
)  # fmt: skip  # a table
def test_a_number_out_of_range_is_refused_by_the_name_of_what_has_it(
    number: str, *, fits: bool
) -> None:
    value = Decimal(number)
    whole_number = int(value) if value.is_finite() else 0
    zones, packages = MODELS["per unit, capped"], MODELS["package"]
    tier = replace(MODELS["volume"].tiers[0], unit_price_cents=value)
    bound = replace(MODELS["volume"].tiers[0], up_to_qty=value)
    makings: dict[str, Callable[[], object]] = {
        "llm_tokens": lambda: replace(TOKEN_PRICE, unit_price_cents=value),
        "qty": lambda: UsageRun(FROM, 1, value),
        "zones": lambda: AddonSnapshot("a", "zones", "dns_zones", value, 0),
        "dns_zones 1": lambda: UsageSeries("dns_zones", projected_qty=value),
        "dns_zones 2": lambda: selling(replace(zones, included_qty=value)),
        "dns_zones 3": lambda: selling(replace(zones, overage_price_cents=value)),
        "dns_zones 4": lambda: selling(replace(zones, hard_cap_qty=value)),
        "dns_zones 5": lambda: selling(replace(packages, package_qty=value)),
        "dns_zones 6": lambda: selling(replace(MODELS["volume"], tiers=(tier,))),
        "dns_zones 7": lambda: selling(replace(MODELS["volume"], tiers=(bound,))),
    }
    if value == whole_number:
        makings |= {
            "zones 1": lambda: AddonSnapshot("a", "zones", "dns_zones", Decimal(1), whole_number),
            "price_cents": lambda: VersionSnapshot("v", "v", 1, whole_number, "AUD", ()),
            "dns_zones 8": lambda: selling(replace(zones, amount_cents=whole_number)),
        }
    for name, make in makings.items():
        if fits:
            make()
            continue
        with pytest.raises(ValueError, match=rf"^{name.split()[0]}: \S+ is out of range$"):
            make()


def test_a_package_without_a_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a package has no size$"):
        price(whole(selling(replace(MODELS["package"], package_qty=None)), used("11")))


def test_runs_of_usage_are_in_their_order_and_of_a_day_at_least() -> None:
    first, second = UsageRun(FROM, 2, Decimal(1)), UsageRun(date(2026, 6, 12), 1, Decimal(1))
    assert UsageSeries(TOKENS, (first, second)).runs == (first, second)
    overlapping = replace(second, first=date(2026, 6, 11))
    for wrong in ((second, first), (first, overlapping)):
        with pytest.raises(ValueError, match=r"^llm_tokens: the runs are not in order$"):
            UsageSeries(TOKENS, wrong)
    for days in (0, -1):
        with pytest.raises(ValueError, match=rf"^a run of {days} days$"):
            UsageRun(FROM, days, Decimal(1))
