"""Required figures, and one worked example for each pricing model."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.catalog.plans.rules.plans import PlanItem, PriceTier
from services.catalog.quoting.engine import price
from services.catalog.quoting.errors import NoPriceInForce
from services.catalog.quoting.inputs import (
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageRun,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.lines import Line, ServiceDays, total
from services.catalog.vocabulary import PricingModel
from services.common.values.periods import Period
from tests.quoting.catalogs import (
    APRIL,
    MAY,
    STORAGE_50GB,
    STUDIO,
    billed,
    daily,
    month_of_plan,
    on_days,
    projected,
)

JUNE, SEPTEMBER = Period.month(2026, 6), Period.month(2026, 9)
TWENTIETH = Period(date(2026, 5, 20), MAY.end)
BARE = VersionSnapshot("bare", "bare", 1, 0, "AUD", ())


def selling(item: PlanItem, price_cents: int = 0, name: str = "sold") -> VersionSnapshot:
    return VersionSnapshot(name, name, 1, price_cents, "AUD", (item,))


def shown(lines: tuple[Line, ...]) -> list[tuple[str, str, str, str, int]]:
    """What a person multiplies: quantity, unit, price, for how many, amount."""
    return [
        (one.qty, one.unit, one.unit_price_cents, one.price_base_qty, one.amount_cents)
        for one in lines
    ]


def test_studio_bare_is_fifty_a_month_without_overage() -> None:
    quote = price(month_of_plan())
    assert quote.all_in_monthly_cents == 5000
    assert quote.overage == quote.ad_hoc == ()


def test_studio_with_storage_from_the_twentieth_of_may() -> None:
    usage = {"llm_tokens": 1_500_000, "spaces_gb_month": 200, "droplet_hours": 1488}
    quote = price(
        QuoteInputs(
            month=MAY,
            currency="AUD",
            terms=(Term(STUDIO, (TWENTIETH,)),),
            addons=(HeldAddon(STORAGE_50GB, (TWENTIETH,)),),
            usage=projected(usage),
            projected_from=TWENTIETH.start,
        )
    )
    assert total(quote.recurring) == 5750
    assert shown(quote.first_invoice) == [
        ("12", "day", "5000", "31", 1935),
        ("12", "day", "750", "31", 290),
    ]
    assert {line.meta["proration"] for line in quote.first_invoice} == {"12/31"}
    assert [(line.resource_kind, line.amount_cents) for line in quote.overage] == [
        ("llm_tokens", 500),
        ("spaces_gb_month", 100),
    ]
    assert quote.all_in_monthly_cents == 6350


@pytest.mark.parametrize(("droplets", "addons", "subtotal"), [(3, 1, 6422), (5, 0, 7112)])
def test_droplets_through_all_of_april(droplets: int, addons: int, subtotal: int) -> None:
    usage = (daily("droplet_hours", APRIL, 24 * droplets),)
    made = month_of_plan(STUDIO, APRIL, *[STORAGE_50GB] * addons, usage=usage)
    assert total(billed(price(made))) == subtotal


def test_hours_before_a_subscription_began_are_not_billed() -> None:
    # Studio from 16 September, 9 droplets all September.
    days = Period(date(2026, 9, 16), SEPTEMBER.end)
    usage = (daily("droplet_hours", SEPTEMBER, 216),)
    (line,) = price(month_of_plan(STUDIO, SEPTEMBER, usage=usage, days=days)).overage
    assert shown((line,)) == [("2496", "hour", "1", "1", 2496)]
    assert (line.meta["used"], line.meta["allowance"]) == ("3240", "744")
    assert line.service == ServiceDays(days.start, days.end, 15)


@pytest.mark.parametrize(("day", "cents"), [(5, 0), (15, 0), (16, 1000), (20, 1000)])
def test_usage_of_a_trial_day_is_free(day: int, cents: int) -> None:
    tokens = PlanItem("llm_tokens", Decimal(0), "1k_tokens", Decimal(1))
    billed_from = Period(date(2026, 6, 16), JUNE.end)
    usage = (on_days("llm_tokens", {date(2026, 6, day): 1_000_000}),)
    made = month_of_plan(selling(tokens), JUNE, usage=usage, days=billed_from)
    made = replace(made, trial_days=(Period(JUNE.start, billed_from.start),))
    assert total(price(made).overage) == cents


@pytest.mark.parametrize(("day", "cents"), [(5, 1000), (15, 1000), (16, 100), (25, 100)])
def test_units_cost_what_the_plan_of_their_day_says(day: int, cents: int) -> None:
    item = PlanItem("dns_zones", Decimal(0), "zone", Decimal(10))
    before, after = selling(item), selling(replace(item, overage_price_cents=Decimal(1)), 0, "new")
    cut = date(2026, 6, 16)
    made = replace(
        month_of_plan(before, JUNE, usage=(on_days("dns_zones", {date(2026, 6, day): 100}),)),
        terms=(Term(before, (Period(JUNE.start, cut),)), Term(after, (Period(cut, JUNE.end),))),
    )
    assert total(price(made).overage) == cents


GRADUATED = (PriceTier(Decimal(1000), Decimal(10)), PriceTier(None, Decimal(5)))
TIERS = (PriceTier(Decimal(100), Decimal(10)), PriceTier(None, Decimal(8)))


def test_tiers_are_quantities_and_are_not_prorated() -> None:
    item = PlanItem(
        "dns_zones", Decimal(0), "zone", Decimal(0),
        pricing_model=PricingModel.GRADUATED, tiers=GRADUATED,
    )  # fmt: skip  # a table
    half = Period(JUNE.start, date(2026, 6, 16))
    usage = (on_days("dns_zones", {JUNE.start: 800}),)
    assert total(price(month_of_plan(selling(item), JUNE, usage=usage, days=half)).overage) == 8000


def test_a_yen_month_of_six_days() -> None:
    version = VersionSnapshot("jp", "jp", 1, 10_000, "JPY", ())
    days = Period(date(2026, 5, 26), MAY.end)
    (line,) = price(month_of_plan(version, MAY, days=days)).first_invoice
    assert line.amount_cents == 1935


MODELS = [
    (PricingModel.ALLOWANCE, {}, "51", [("1", "hour", "3", "1", 3)]),
    (PricingModel.ALLOWANCE, {}, "50", []),
    (PricingModel.ALLOWANCE, {"hard_cap_qty": Decimal(10)}, "60", [("10", "hour", "3", "1", 30)]),
    (PricingModel.ALLOWANCE, {"hard_cap_qty": Decimal(10)}, "999", [("10", "hour", "3", "1", 30)]),
    (PricingModel.ALLOWANCE, {"hard_cap_qty": Decimal(0)}, "999", []),
    (PricingModel.PER_UNIT, {"included_qty": Decimal(0)}, "7", [("7", "hour", "3", "1", 21)]),
    (
        PricingModel.GRADUATED, {"tiers": TIERS}, "200",
        [("100", "hour", "10", "1", 1000), ("50", "hour", "8", "1", 400)],
    ),
    # A tier that is exactly full does not begin the next one.
    (PricingModel.GRADUATED, {"tiers": TIERS}, "150", [("100", "hour", "10", "1", 1000)]),
    (PricingModel.VOLUME, {"tiers": TIERS}, "250", [("200", "hour", "8", "1", 1600)]),
    (PricingModel.VOLUME, {"tiers": TIERS}, "150", [("100", "hour", "10", "1", 1000)]),
    # One unit above a tier may cost less than the tier in full, as everywhere in the field.
    (PricingModel.VOLUME, {"tiers": TIERS}, "151", [("101", "hour", "8", "1", 808)]),
    (PricingModel.PACKAGE, {"package_qty": Decimal(10)}, "61", [("2", "package", "3", "1", 6)]),
    # A package that is exactly full is one package.
    (PricingModel.PACKAGE, {"package_qty": Decimal(10)}, "60", [("1", "package", "3", "1", 3)]),
    (PricingModel.PACKAGE, {"package_qty": Decimal(10)}, "70", [("2", "package", "3", "1", 6)]),
    (PricingModel.FLAT, {"amount_cents": 500}, "51", [("1", "month", "500", "1", 500)]),
    (PricingModel.FLAT, {"amount_cents": 500}, "50", []),
    (
        PricingModel.MINIMUM, {"amount_cents": 500}, "51",
        [("1", "hour", "3", "1", 3), ("1", "minimum", "497", "1", 497)],
    ),
    (PricingModel.MINIMUM, {"amount_cents": 500}, "0", [("1", "minimum", "500", "1", 500)]),
    (PricingModel.MINIMUM, {"amount_cents": 600}, "250", [("200", "hour", "3", "1", 600)]),
    (PricingModel.MINIMUM, {"amount_cents": 0}, "0", []),
]  # fmt: skip  # a table


@pytest.mark.parametrize(("model", "terms", "hours", "lines"), MODELS)
def test_each_model_prices_what_is_over_the_allowance_in_lines_that_multiply(
    model: PricingModel,
    terms: dict[str, object],
    hours: str,
    lines: list[tuple[str, str, str, str, int]],
) -> None:
    item = PlanItem("droplet_hours", Decimal(50), "hour", Decimal(3), pricing_model=model)
    version = replace(STUDIO, items=(replace(item, **terms),))  # type: ignore[arg-type]
    usage = (on_days("droplet_hours", {date(2026, 4, 7): hours}),)
    assert shown(price(month_of_plan(version, usage=usage)).overage) == lines
    # A projection of the same quantity comes to the same.
    made = replace(
        month_of_plan(version, usage=projected({"droplet_hours": hours})),
        projected_from=APRIL.start,
    )
    assert shown(price(made).overage) == lines


@pytest.mark.parametrize(("price_cents", "cents"), [(1, 1), (2, 1), (3, 2), (5, 3), (49, 25)])
def test_half_a_cent_is_rounded_up(price_cents: int, cents: int) -> None:
    version = replace(STUDIO, price_cents=price_cents)
    half = Period(APRIL.start, date(2026, 4, 16))
    assert total(price(month_of_plan(version, days=half)).first_invoice) == cents


HALF = Period(APRIL.start, date(2026, 4, 16))


def test_amounts_of_a_month_are_prorated_by_billed_days() -> None:
    item = PlanItem(
        "droplet_hours", Decimal(60), "hour", Decimal(3),
        pricing_model=PricingModel.FLAT, amount_cents=500,
    )  # fmt: skip  # a table
    within, over = (on_days("droplet_hours", {date(2026, 4, 7): qty}) for qty in (30, 31))
    assert price(month_of_plan(selling(item), usage=(within,), days=HALF)).overage == ()
    flat = price(month_of_plan(selling(item), usage=(over,), days=HALF)).overage
    assert shown(flat) == [("15", "day", "500", "30", 250)]
    least = selling(replace(item, pricing_model=PricingModel.MINIMUM))
    minimum = price(month_of_plan(least, days=HALF)).overage
    assert shown(minimum) == [("1", "minimum", "250", "1", 250)]


def test_a_quantity_without_an_equal_decimal_is_shown_to_twelve_places_and_kept_exactly() -> None:
    usage = tuple(
        on_days(kind, {date(2026, 5, 21): qty})
        for kind, qty in (("spaces_gb_month", 150), ("droplet_hours", 600))
    )
    quote = price(month_of_plan(STUDIO, MAY, usage=usage, days=TWENTIETH))
    hours, storage = quote.overage
    # 12 of 31 days allow 1200/31 GB of storage, and 576 of 1488 hours.
    assert (storage.qty, storage.meta["exact_qty"]) == ("111.290322580645", "3450/31")
    assert storage.amount_cents == 223
    assert (hours.qty, hours.meta.get("exact_qty")) == ("24", None)


def test_a_line_whose_shown_quantity_would_round_otherwise_is_shown_as_a_whole_multiple() -> None:
    # Given 201/14 zones at 7 cents, exactly 100.5 cents; shown rounded down it would be 100
    february = Period.month(2026, 2)
    item = PlanItem("dns_zones", Decimal(0), "zone", Decimal(7))
    addon = replace(STORAGE_50GB, resource_kind="dns_zones", qty=Decimal(9))
    made = month_of_plan(selling(item), february)
    one_day = (Period(february.start, date(2026, 2, 2)),)
    used = (on_days("dns_zones", {date(2026, 2, 3): "14.678571428571428"}),)
    made = replace(made, addons=(HeldAddon(addon, one_day),), usage=used)
    (line,) = price(made).overage
    exact = Decimal(line.qty) * Decimal(line.unit_price_cents) / Decimal(line.price_base_qty)
    assert int(exact + Decimal("0.5")) == line.amount_cents


def test_an_addon_of_a_kind_that_the_plan_lacks_is_an_allowance_of_ad_hoc_usage() -> None:
    usage = (on_days("spaces_gb_month", {date(2026, 4, 3): 60}),)
    quote = price(month_of_plan(BARE, APRIL, STORAGE_50GB, usage=usage))
    (line,) = quote.ad_hoc
    assert (line.qty, line.amount_cents, line.meta["allowance"]) == ("10", 4, "50")


CUT = date(2026, 4, 11)
ZONES = (
    PriceSnapshot("old", "dns_zones", "zone", Decimal(30), date(2020, 1, 1), CUT),
    PriceSnapshot("new", "dns_zones", "zone", Decimal(60), CUT, None),
)


def test_a_unit_price_that_changes_within_the_month_prices_its_own_days() -> None:
    used = on_days("dns_zones", {date(2026, 4, 10): 1, CUT: 2})
    lines = price(replace(month_of_plan(BARE, usage=(used,)), prices=ZONES)).ad_hoc
    assert [(line.qty, line.amount_cents) for line in lines] == [("1", 30), ("2", 120)]
    assert [line.service for line in lines] == [
        ServiceDays(APRIL.start, CUT, 10),
        ServiceDays(CUT, APRIL.end, 20),
    ]


def test_an_allowance_of_ad_hoc_usage_is_used_up_in_the_order_of_the_days() -> None:
    used = on_days("dns_zones", {date(2026, 4, 10): 3, CUT: 3})
    addon = replace(STORAGE_50GB, resource_kind="dns_zones", qty=Decimal(4))
    made = replace(month_of_plan(BARE, APRIL, addon, usage=(used,)), prices=ZONES)
    assert [(line.qty, line.amount_cents) for line in price(made).ad_hoc] == [("2", 120)]


@pytest.mark.parametrize(("day", "cents"), [(10, 90), (11, 180)])
def test_a_projection_is_priced_by_the_price_of_its_day(day: int, cents: int) -> None:
    made = replace(
        month_of_plan(BARE, usage=projected({"dns_zones": 3})),
        prices=ZONES,
        projected_from=date(2026, 4, day),
    )
    assert total(price(made).ad_hoc) == cents


def test_usage_that_nothing_prices_is_refused_and_not_given_away() -> None:
    usage = (on_days("dns_zones", {date(2026, 4, 10): 1, date(2026, 4, 12): 2}),)
    made = replace(month_of_plan(BARE, usage=usage), prices=ZONES[:1])
    with pytest.raises(NoPriceInForce, match="dns_zones has no price in force on 2026-04-12"):
        price(made)


def test_usage_within_an_allowance_needs_no_price() -> None:
    usage = (on_days("spaces_gb_month", {date(2026, 4, 10): 50}),)
    made = replace(month_of_plan(BARE, APRIL, STORAGE_50GB, usage=usage), prices=())
    assert price(made).ad_hoc == ()


@pytest.mark.parametrize("qty", ["-1", "NaN", "Infinity"])
def test_a_quantity_out_of_its_range_is_refused_never_clamped(qty: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        UsageRun(APRIL.start, 1, Decimal(qty))
    with pytest.raises((ValueError, ArithmeticError)):
        UsageSeries("llm_tokens", projected_qty=Decimal(qty))


def test_runs_that_overlap_are_refused() -> None:
    runs = [UsageRun(day, days, Decimal(1)) for day, days in ((APRIL.start, 2), (CUT, 1), (CUT, 1))]
    with pytest.raises(ValueError, match="not in order"):
        UsageSeries("llm_tokens", tuple(runs))


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(ValueError, match="price_cents"):
        replace(STUDIO, price_cents=-1)


def test_usage_with_dimensions_is_summed_and_named_in_the_frozen_inputs() -> None:
    sizes = [
        UsageSeries(
            "droplet_hours",
            (UsageRun(APRIL.start, 30, Decimal(24 * droplets)),),
            dimensions=(("size", size),),
        )
        for size, droplets in (("s-1vcpu-1gb", 2), ("s-2vcpu-4gb", 1))
    ]
    quote = price(month_of_plan(usage=tuple(sizes)))
    assert total(quote.overage) == 672
