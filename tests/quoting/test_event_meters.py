"""Event meters of the operator, priced by what is frozen of them in the inputs."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinds.metering import METERS
from services.catalog.meters.rules.meters import BUILT_IN, Meters, MeterTerms, Unit, in_order
from services.catalog.plans.rules.matches import match_of
from services.catalog.plans.rules.plans import PlanItem, PriceTier
from services.catalog.quotes.rules.drafts import Draft, DraftPricing, draft_version_of
from services.catalog.quotes.rules.snapshots import Known, plan_inputs, with_meters
from services.catalog.quoting.engine import price
from services.catalog.quoting.errors import UnreadableInputs
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageRun,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.lines import Line
from services.catalog.quoting.proofs.parse import read_inputs
from services.catalog.quoting.proofs.proof import prove, verify
from services.catalog.quoting.values import value_of
from services.catalog.vocabulary import UNITS, PricingModel
from services.common.values.money import whole_cents
from tests.quoting.catalogs import APRIL, daily, month_of_plan


def meter(code: str = "gpu_seconds", /, **factors: int) -> MeterTerms:
    factors = factors or {"second": 1, "hour": 3600}
    named = in_order(Unit(unit, factor) for unit, factor in factors.items())
    return MeterTerms(code, f"The {code}", named, dimensions=("model",))


METERS_SOLD = Meters((meter("api_calls", call=1, k_calls=1000), meter()))


def item(unit: str = "hour", price: str = "90", **said: Any) -> PlanItem:
    return PlanItem("gpu_seconds", Decimal(0), unit, Decimal(price), **said)


def month(*items: PlanItem, used: str = "", **said: Any) -> QuoteInputs:
    version = VersionSnapshot("v1", "ai", 1, 1000, "AUD", items)
    runs = (UsageRun(APRIL.start, 1, Decimal(used)),) if used else ()
    usage = (UsageSeries("gpu_seconds", runs),) if used else ()
    inputs = QuoteInputs(APRIL, "AUD", (Term(version, (APRIL,)),), usage=usage, **said)
    return with_meters(inputs, METERS_SOLD)


def sold(unit: str, price: str) -> PriceSnapshot:
    return PriceSnapshot("p", "gpu_seconds", unit, Decimal(price), date(2000, 1, 1), None)


def product(line: Line) -> Fraction:
    return Fraction(line.qty) * Fraction(line.unit_price_cents) / Fraction(line.price_base_qty)


def test_a_plan_item_prices_an_event_meter_and_its_proof_needs_nothing_else() -> None:
    quote, proof = prove(month(item(), used="5400"))

    [line] = quote.overage
    assert (line.qty, line.unit, line.amount_cents) == ("1.5", "hour", 135)
    assert line.meta["meter_name"] == "The gpu_seconds"
    frozen = orjson.loads(proof.inputs_json)["meters"]
    assert frozen == {
        "gpu_seconds": {"name": "The gpu_seconds", "units": {"second": 1, "hour": 3600}}
    }
    assert verify(proof).verified
    assert read_inputs(proof.inputs_json) == month(item(), used="5400")


def test_a_third_of_an_hour_is_priced_exactly() -> None:
    quote, proof = prove(month(item(price="100"), used="1200"))

    [line] = quote.overage
    assert (line.meta["exact_qty"], line.amount_cents) == ("1/3", 33)
    assert whole_cents(product(line)) == 33
    assert verify(proof).verified


def test_a_resource_price_prices_an_event_meter() -> None:
    quote, proof = prove(month(used="5400", prices=(sold("hour", "90"),)))
    [line] = quote.ad_hoc
    assert (line.qty, line.amount_cents, line.meta["meter_name"]) == ("1.5", 135, "The gpu_seconds")
    assert verify(proof).verified


@given(
    st.integers(1, 10**6),
    st.decimals(0, 10**9, places=3),
    st.decimals(0, 10**4, places=4),
    st.booleans(),
)
def test_the_amount_is_the_exact_quantity_times_the_price(
    factor: int, used: Decimal, unit_price: Decimal, by_item: bool
) -> None:
    unit = "big" if factor > 1 else "second"
    meters = Meters((meter(**{"second": 1, unit: factor}),))
    exact = Fraction(used) / factor * Fraction(unit_price)
    items = (item(unit, str(unit_price)),) if by_item else ()
    prices = () if by_item else (sold(unit, str(unit_price)),)
    inputs = replace(with_meters(month(*items, used=str(used), prices=prices), meters))
    quote, proof = prove(inputs)
    lines = (*quote.overage, *quote.ad_hoc)

    assert sum(line.amount_cents for line in lines) == whole_cents(exact)
    assert all(whole_cents(product(line)) == line.amount_cents for line in lines)
    assert verify(proof).verified


@pytest.mark.parametrize(
    ("said", "cents"),
    [
        # 10,000 s are 2.777… hours.
        ({"pricing_model": PricingModel.PACKAGE, "package_qty": Decimal(2)}, 180),
        ({"pricing_model": PricingModel.PACKAGE, "package_qty": Decimal("2.5")}, 180),
        ({"pricing_model": PricingModel.VOLUME}, 111),
        ({"pricing_model": PricingModel.GRADUATED}, 171),
        ({"pricing_model": PricingModel.FLAT, "amount_cents": 70}, 70),
        ({"pricing_model": PricingModel.MINIMUM, "amount_cents": 1000}, 1000),
    ],
)
def test_every_model_prices_a_unit_of_any_factor(said: dict[str, Any], cents: int) -> None:
    if said["pricing_model"] in {PricingModel.VOLUME, PricingModel.GRADUATED}:
        said["tiers"] = (PriceTier(Decimal(2), Decimal(70)), PriceTier(None, Decimal(40)))
    quote, proof = prove(month(item(**said), used="10000"))
    assert sum(line.amount_cents for line in quote.overage) == cents
    assert all(line.meta["meter_name"] for line in quote.overage)
    assert verify(proof).verified


def test_inputs_that_name_no_event_meter_are_frozen_as_before() -> None:
    inputs = month_of_plan(usage=(daily("droplet_hours", APRIL, 72),))
    assert with_meters(inputs, METERS_SOLD) is inputs
    assert '"meters"' not in prove(inputs)[1].inputs_json


def test_only_the_meters_that_the_inputs_name_are_frozen() -> None:
    version = VersionSnapshot("v1", "ai", 1, 1000, "AUD", ())
    addon = AddonSnapshot("a", "more", "api_calls", Decimal(10), 100)
    inputs = plan_inputs(
        version, [addon], (), APRIL.start, Known({}, (), meters=METERS_SOLD), tenant_id="acme"
    )
    assert [one.code for one in inputs.meters] == ["api_calls"]
    assert verify(prove(inputs)[1]).verified


def test_a_forged_factor_is_found() -> None:
    _, proof = prove(month(item(), used="5400"))
    forged = replace(proof, inputs_json=proof.inputs_json.replace(":3600", ":3601"))
    assert not verify(forged).verified


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ('"gpu_seconds":{"name"', '"gpu_minutes":{"name"'),
        ('"hour":3600', '"day":3600'),
        (":3600", ":0"),
        (":3600", ":1.5"),
        (":3600", ':"3600"'),
    ],
)
def test_inputs_with_an_unknown_meter_or_unit_are_not_read(said: str, other: str) -> None:
    frozen = prove(month(item(), used="5400"))[1].inputs_json
    assert said in frozen
    with pytest.raises(UnreadableInputs):
        read_inputs(frozen.replace(said, other))


def test_a_built_in_meter_keeps_its_units_whatever_the_inputs_say() -> None:
    own = Meters((MeterTerms("llm_tokens", "Mine", (Unit("token", 1), Unit("1k_tokens", 10))),))
    assert own["llm_tokens"] == METERS["llm_tokens"]


def test_usage_is_valued_by_the_units_of_its_meter() -> None:
    series = UsageSeries("gpu_seconds", (UsageRun(APRIL.start, 2, Decimal(1200)),))
    [valued] = value_of(series, [sold("hour", "100")], month(item(), used="1").meters)
    assert valued.cents == Decimal("33.333333333333")
    [valued] = value_of(series, [sold("second", "0.5")], month(item(), used="1").meters)
    assert valued.cents == 600


def test_a_draft_may_sell_a_meter_that_the_month_did_not_know() -> None:
    frozen = with_meters(month(), BUILT_IN)
    unsold = [UsageSeries("gpu_seconds", (UsageRun(APRIL.start, 1, Decimal(5400)),))]
    drafted = VersionSnapshot("v2", "ai", 2, 1000, "AUD", (item(),))
    pricing = DraftPricing(draft_version_of(drafted), Known({}, (), {}, meters=METERS_SOLD))
    [line] = price(pricing.inputs(frozen, unsold)).overage
    assert line.amount_cents == 135
    assert DraftPricing(Draft(), Known({}, (), {})).inputs(frozen, ()) is frozen


def test_a_row_with_a_match_prices_its_part_of_an_event_meter() -> None:
    h100 = match_of({"model": ["h100"]})
    inputs = month(item(), item(price="900", match=h100))
    runs = (UsageRun(APRIL.start, 1, Decimal(3600)),)
    usage = tuple(
        UsageSeries("gpu_seconds", runs, dimensions=(("model", model),))
        for model in ("a10", "h100")
    )
    quote, proof = prove(replace(inputs, usage=usage))
    assert {line.description: line.amount_cents for line in quote.overage} == {
        "Overage: gpu_seconds": 90, "Overage: gpu_seconds h100": 900
    }  # fmt: skip
    assert verify(proof).verified


def test_a_proof_keeps_its_units_when_its_meter_is_built_in_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, proof = prove(month(item(), used="7200"))
    built_in = {**UNITS, "gpu_seconds": {"second": 1, "hour": 60}}
    monkeypatch.setattr("services.catalog.quoting.units.UNITS", built_in)
    assert verify(proof).verified
