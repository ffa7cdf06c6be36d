"""The engine's inputs: the range of each number, consecutive days, one order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest

from services.catalog.plans.rules.plans import PlanItem, PriceTier
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    HeldAddon,
    PriceSnapshot,
    Term,
    UsageRun,
    UsageSeries,
)
from tests.boundaries.engine_months import JUNE, MODELS, month, selling

TOKENS = "llm_tokens"
ZONES = AddonSnapshot("a", "zones_10", "dns_zones", Decimal(10), 333)
PRICE = PriceSnapshot("p", TOKENS, "1k_tokens", Decimal(2), JUNE.start, None)
ITEM = MODELS["allowance"]


def run(day: int, days: int = 1, qty: int = 1) -> UsageRun:
    return UsageRun(date(2026, 6, day), days, Decimal(qty))


def tiered(tier: PriceTier) -> PlanItem:
    return replace(ITEM, tiers=(tier,))


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("price_cents", lambda number: selling(price_cents=number)),
        ("dns_zones", lambda number: selling(replace(ITEM, included_qty=number))),
        ("dns_zones", lambda number: selling(replace(ITEM, overage_price_cents=number))),
        ("dns_zones", lambda number: selling(replace(ITEM, amount_cents=number))),
        ("dns_zones", lambda number: selling(replace(ITEM, hard_cap_qty=number))),
        ("dns_zones", lambda number: selling(replace(ITEM, package_qty=number))),
        ("dns_zones", lambda number: selling(tiered(PriceTier(number, Decimal(1))))),
        ("dns_zones", lambda number: selling(tiered(PriceTier(None, number)))),
        ("zones_10", lambda number: replace(ZONES, qty=number)),
        ("zones_10", lambda number: replace(ZONES, price_cents=number)),
        (TOKENS, lambda number: replace(PRICE, unit_price_cents=number)),
        ("qty", lambda number: replace(run(1), qty=number)),
        (TOKENS, lambda number: UsageSeries(TOKENS, projected_qty=number)),
    ],
)
def test_each_number_is_from_zero_to_below_the_limit_or_refused_by_its_name(
    name: str, made: Callable[[Decimal], Any]
) -> None:
    for number in (Decimal(0), Decimal("0.01"), Decimal(10**30 - 1)):
        assert made(number)
    for number in (Decimal("-0.01"), Decimal(10**30), Decimal("Infinity")):
        with pytest.raises(
            ValueError, match=rf"^{name}: {number} is out of range$".replace("+", r"\+")
        ):
            made(number)
    with pytest.raises(InvalidOperation):
        made(Decimal("NaN"))


def test_items_of_a_version_are_in_the_order_of_their_kinds() -> None:
    zones, tokens = ITEM, replace(ITEM, resource_kind=TOKENS)
    assert selling(tokens, zones).items == selling(zones, tokens).items == (zones, tokens)
    assert selling(tokens, zones).item_of == {"dns_zones": zones, TOKENS: tokens}


def test_a_run_has_a_day_at_least_and_ends_on_the_day_after_its_last() -> None:
    assert run(29, 1).end == date(2026, 6, 30)
    assert run(29, 2).end == date(2026, 7, 1)
    for days in (0, -1):
        with pytest.raises(ValueError, match=rf"^a run of {days} days$"):
            run(1, days)


@pytest.mark.parametrize(
    ("runs", "in_order"),
    [
        ((run(1, 2), run(3)), True),
        ((run(1), run(3), run(4)), True),
        ((run(1, 2), run(2)), False),
        ((run(2), run(2)), False),
        ((run(3), run(1)), False),
        ((run(1), run(3, 2), run(4)), False),
        ((run(5), run(6), run(1)), False),
    ],
)
def test_runs_follow_each_other_and_share_no_day(
    runs: tuple[UsageRun, ...], *, in_order: bool
) -> None:
    if in_order:
        assert UsageSeries(TOKENS, runs).runs == runs
        return
    with pytest.raises(ValueError, match=r"^llm_tokens: the runs are not in order$"):
        UsageSeries(TOKENS, runs)


def test_usage_is_named_by_its_kind_and_its_dimensions() -> None:
    sizes = (("region", "syd1"), ("size", "s-1"))
    assert UsageSeries("dns_zones").label == "dns_zones"
    assert UsageSeries("dns_zones", dimensions=sizes[:1]).label == "dns_zones[region=syd1]"
    assert UsageSeries("dns_zones", dimensions=sizes).label == "dns_zones[region=syd1,size=s-1]"


def test_zero_usage_is_no_usage() -> None:
    assert not UsageSeries(TOKENS).is_used
    assert not UsageSeries(TOKENS, (run(1, qty=0), run(2, qty=0))).is_used
    assert UsageSeries(TOKENS, (run(1, qty=0), run(2))).is_used
    assert not UsageSeries(TOKENS, projected_qty=Decimal(0)).is_used
    assert UsageSeries(TOKENS, projected_qty=Decimal("0.1")).is_used


def test_the_order_in_which_addons_and_prices_are_named_is_no_input() -> None:
    addons = [
        HeldAddon(replace(ZONES, code=code, id=name), (JUNE,))
        for code, name in (("a", "2"), ("b", "1"), ("b", "3"))
    ]
    prices = [
        replace(PRICE, resource_kind=kind, unit=unit, effective_from=date(2026, 6, day), id=name)
        for kind, unit, day, name in (
            ("dns_zones", "zone", 9, "5"),
            (TOKENS, "token", 1, "6"),
            (TOKENS, "token", 1, "7"),
            (TOKENS, "token", 2, "4"),
        )
    ]
    old, new = selling(name="old"), selling(name="new")
    made = month(terms=(Term(old, ()), Term(new, (JUNE,))))
    told = replace(made, addons=tuple(addons[::-1]), prices=tuple(prices[::-1]))
    assert told.addons == tuple(addons)
    assert told.prices == tuple(prices)
    assert told.version == new
    for few in (1, 2):
        some = replace(made, addons=tuple(addons[:few][::-1]), prices=tuple(prices[:few][::-1]))
        assert (some.addons, some.prices) == (tuple(addons[:few]), tuple(prices[:few]))
