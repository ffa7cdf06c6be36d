"""The figures that must come out, and one worked example for each pricing model."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.catalog.plans import PlanItem, PriceTier
from services.catalog.quoting.engine import price
from services.catalog.quoting.inputs import (
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageFact,
    VersionSnapshot,
)
from services.catalog.quoting.lines import total
from services.catalog.quoting.usage import NoPriceInForce
from services.catalog.vocabulary import PricingModel
from services.common.periods import Period
from tests.quoting.catalogs import APRIL, MAY, STORAGE_50GB, STUDIO, month_of_plan, used

TWENTIETH = Period(date(2026, 5, 20), MAY.end)


def test_studio_bare_is_fifty_a_month_without_overage() -> None:
    quote = price(month_of_plan())
    assert quote.all_in_monthly_cents == 5000
    assert quote.overage == quote.ad_hoc == ()


def test_studio_with_storage_from_the_twentieth_of_may() -> None:
    quote = price(
        QuoteInputs(
            month=MAY,
            currency="AUD",
            term=Term(STUDIO, (TWENTIETH,)),
            addons=(HeldAddon(STORAGE_50GB, (TWENTIETH,)),),
            usage=used({"llm_tokens": 1_500_000, "spaces_gb_month": 200, "droplet_hours": 1488}),
            prices_on=TWENTIETH.start,
        )
    )
    assert total(quote.recurring) == 5750
    assert [line.amount_cents for line in quote.first_invoice] == [1935, 290]
    assert {line.meta["proration"] for line in quote.first_invoice} == {"12/31"}
    assert [(line.resource_kind, line.amount_cents) for line in quote.overage] == [
        ("llm_tokens", 500),
        ("spaces_gb_month", 100),
    ]
    assert quote.all_in_monthly_cents == 6350


@pytest.mark.parametrize(("hours", "addons", "subtotal"), [(2160, 1, 6422), (3600, 0, 7112)])
def test_droplets_through_all_of_april(hours: int, addons: int, subtotal: int) -> None:
    made = month_of_plan(STUDIO, APRIL, *[STORAGE_50GB] * addons, usage={"droplet_hours": hours})
    quote = price(made)
    assert total(quote.first_invoice) + total(quote.overage) == subtotal


TIERS = (PriceTier(Decimal(100), Decimal(10)), PriceTier(None, Decimal(8)))


@pytest.mark.parametrize(
    ("model", "terms", "hours", "cents"),
    [
        (PricingModel.ALLOWANCE, {}, "51", 3),
        (PricingModel.ALLOWANCE, {"hard_cap_qty": Decimal(10)}, "999", 30),
        (PricingModel.PER_UNIT, {"included_qty": Decimal(0)}, "7", 21),
        (PricingModel.GRADUATED, {"tiers": TIERS}, "200", 100 * 10 + 50 * 8),
        (PricingModel.VOLUME, {"tiers": TIERS}, "250", 200 * 8),
        # One unit above a tier never costs less than the tier in full.
        (PricingModel.VOLUME, {"tiers": TIERS}, "151", 100 * 10),
        (PricingModel.PACKAGE, {"package_qty": Decimal(10)}, "61", 2 * 3),
        (PricingModel.FLAT, {"amount_cents": 500}, "51", 500),
        (PricingModel.FLAT, {"amount_cents": 500}, "50", 0),
        (PricingModel.MINIMUM, {"amount_cents": 500}, "51", 500),
        (PricingModel.MINIMUM, {"amount_cents": 500}, "250", 600),
    ],
)
def test_each_model_prices_what_is_over_the_allowance(
    model: PricingModel, terms: dict[str, object], hours: str, cents: int
) -> None:
    item = PlanItem("droplet_hours", Decimal(50), "hour", Decimal(3), pricing_model=model)
    version = replace(STUDIO, items=(replace(item, **terms),))  # type: ignore[arg-type]
    assert total(price(month_of_plan(version, usage={"droplet_hours": hours})).overage) == cents


@pytest.mark.parametrize(("price_cents", "cents"), [(1, 1), (2, 1), (3, 2), (5, 3), (49, 25)])
def test_half_a_cent_is_rounded_up(price_cents: int, cents: int) -> None:
    version = replace(STUDIO, price_cents=price_cents)
    half = Term(version, (Period(APRIL.start, date(2026, 4, 16)),))
    assert total(price(replace(month_of_plan(version), term=half)).first_invoice) == cents


def test_in_half_a_month_every_quantity_and_amount_is_half() -> None:
    flat = PlanItem(
        "droplet_hours",
        Decimal(60),
        "hour",
        Decimal(3),
        pricing_model=PricingModel.FLAT,
        amount_cents=500,
    )
    half = Term(replace(STUDIO, items=(flat,)), (Period(APRIL.start, date(2026, 4, 16)),))
    made = replace(month_of_plan(), term=half)
    within = replace(made, usage=used({"droplet_hours": 30}))
    over = replace(made, usage=used({"droplet_hours": 31}))
    assert price(within).overage == ()
    assert total(price(over).overage) == 250


def test_a_quantity_without_an_equal_decimal_is_shown_to_twelve_places_and_kept_exactly() -> None:
    made = month_of_plan(STUDIO, MAY, usage={"spaces_gb_month": 150, "droplet_hours": 600})
    quote = price(replace(made, term=Term(STUDIO, (TWENTIETH,))))
    storage, hours = sorted(quote.overage, key=lambda line: line.resource_kind, reverse=True)
    # 12 of 31 days allow 1200/31 GB of storage, and 576 of 1488 hours.
    assert (storage.qty, storage.meta["exact_qty"]) == ("111.290322580645", "3450/31")
    assert storage.amount_cents == 223
    assert (hours.qty, hours.meta.get("exact_qty")) == ("24", None)


def test_trial_days_are_free_and_their_usage_with_them() -> None:
    trial = replace(
        month_of_plan(usage={"droplet_hours": 5 * 720}),
        term=Term(STUDIO, (Period(date(2026, 4, 16), APRIL.end),)),
        free_days=15,
    )
    whole = month_of_plan(usage={"droplet_hours": 5 * 720})
    assert total(price(trial).first_invoice) == 2500
    assert total(price(trial).overage) * 2 == total(price(whole).overage)


def test_an_addon_of_a_kind_that_the_plan_lacks_is_an_allowance_of_ad_hoc_usage() -> None:
    bare = VersionSnapshot("bare", "bare", 1, 0, "AUD", ())
    quote = price(month_of_plan(bare, APRIL, STORAGE_50GB, usage={"spaces_gb_month": 60}))
    (line,) = quote.ad_hoc
    assert (line.qty, line.amount_cents, line.meta["allowance"]) == ("10", 4, "50")


def test_a_unit_price_that_changes_within_the_month_prices_its_own_days() -> None:
    cut = date(2026, 4, 11)
    prices = (
        PriceSnapshot("old", "dns_zones", "zone", Decimal(30), date(2020, 1, 1), cut),
        PriceSnapshot("new", "dns_zones", "zone", Decimal(60), cut, None),
    )
    made = replace(month_of_plan(usage={"dns_zones": 3}), prices=prices)
    lines = price(made).ad_hoc
    assert [(line.qty, line.amount_cents) for line in lines] == [("1", 30), ("2", 120)]


def test_usage_that_nothing_prices_is_refused_and_not_given_away() -> None:
    made = replace(month_of_plan(usage={"dns_zones": 3}), prices=())
    with pytest.raises(NoPriceInForce, match="dns_zones has no price in force on 2026-04-01"):
        price(made)


@pytest.mark.parametrize("qty", ["-1", "NaN", "Infinity"])
def test_a_quantity_out_of_its_range_is_refused_never_clamped(qty: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        UsageFact("llm_tokens", Decimal(qty))


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(ValueError, match="price_cents"):
        replace(STUDIO, price_cents=-1)
