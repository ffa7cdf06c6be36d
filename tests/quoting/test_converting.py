"""Months that engine 1 billed, priced otherwise by a draft."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given

from services.catalog.pricing.requests import SimulatedItem
from services.catalog.pricing.simulate import Refused, Simulated, Simulation, meter_cents
from services.catalog.quotes.rules.drafts import Draft, DraftPricing, draft_version_of
from services.catalog.quotes.rules.snapshots import Known
from services.catalog.quoting.errors import CannotReprice
from services.catalog.quoting.inputs import PriceSnapshot, QuoteInputs
from services.catalog.quoting.lines import Quote, total
from services.catalog.quoting.proofs.proof import (
    Proof,
    inputs_to_reprice,
    prove_by_first,
    recompute,
)
from services.catalog.quoting.v1.subscriptions import month_inputs
from services.catalog.quoting.v1.units import UNITS
from services.common.values.periods import Period
from tests.quoting.catalogs import APRIL, STUDIO, any_month, daily, month_of_plan

MONTHS = [
    Proof(**said)
    for said in json.loads(Path(__file__).with_name("proofs_of_engine_1.json").read_text())
    if json.loads(said["inputs_json"])["calendar"]["prices_on"] is None
]


def of_first(made: QuoteInputs) -> tuple[Quote, Proof]:
    """The month as engine 1 billed it."""
    usage = tuple(one for one in made.usage if one.resource_kind in UNITS)
    prices = tuple(one for one in made.prices if one.resource_kind in UNITS and not one.match)
    return prove_by_first(month_inputs(replace(made, usage=usage, prices=prices), APRIL))


def by(draft: Draft, proof: Proof, *known: PriceSnapshot) -> Simulated | Refused:
    prices = [("AUD", one) for one in known]
    pricing = DraftPricing(draft, Known({}, prices, {"AUD": {*UNITS}}))
    return Simulation("1", pricing).price(SimulatedItem(proof.inputs_json, "1", ()))


def test_a_month_of_engine_1_is_simulated_by_its_sums() -> None:
    quote, proof = of_first(month_of_plan(usage=(daily("droplet_hours", APRIL, 72),)))
    assert [line.amount_cents for line in quote.overage] == [672]
    same = by(Draft(), proof)
    assert isinstance(same, Simulated)
    assert same.meter_cents == {"plan_base": 5000, "droplet_hours": 672}
    dearer = by(draft_version_of(replace(STUDIO, id="new", price_cents=9000)), proof)
    assert isinstance(dearer, Simulated)
    assert dearer.meter_cents == {"plan_base": 9000, "droplet_hours": 672}


@given(any_month())
def test_what_is_converted_comes_to_what_engine_1_billed(made: QuoteInputs) -> None:
    if made.projected_from is not None or made.change is not None:
        return
    items = tuple(one for one in made.terms[-1].version.items if one.resource_kind in UNITS)
    terms = tuple(term._replace(version=replace(term.version, items=items)) for term in made.terms)
    quote, proof = of_first(
        replace(
            made,
            terms=terms,
            addons=tuple(one for one in made.addons if one.addon.resource_kind in UNITS),
        )
    )
    try:
        again = inputs_to_reprice(proof.inputs_json, "1")
    except CannotReprice:
        return
    assert len(again.terms) == 1
    answer = by(Draft(), proof, *again.prices)
    assert isinstance(answer, Simulated)
    assert sum(answer.meter_cents.values()) == total(
        (*quote.first_invoice, *quote.overage, *quote.ad_hoc)
    )


@pytest.mark.parametrize("proof", MONTHS, ids=lambda proof: proof.inputs_hash[:8])
def test_each_month_of_engine_1_is_converted_exactly_or_refused(proof: Proof) -> None:
    billed = meter_cents(recompute(proof.inputs_json, "1").quote)
    try:
        inputs_to_reprice(proof.inputs_json, "1")
    except CannotReprice:
        answer = by(Draft(), proof)
        assert isinstance(answer, Refused)
        assert answer.reason == "CANNOT_BE_SIMULATED"
    else:
        answer = by(Draft(), proof)
        assert isinstance(answer, Simulated)
        assert {key: cents for key, cents in answer.meter_cents.items() if cents} == {
            key: cents for key, cents in billed.items() if cents
        }


def test_a_draft_by_which_the_days_of_the_usage_matter_is_refused() -> None:
    made = month_of_plan(usage=(daily("droplet_hours", APRIL, 72),))
    _, proof = of_first(replace(made, prices=()))
    draft = draft_version_of(replace(STUDIO, id="new", items=()))
    halves = [
        PriceSnapshot(
            "a", "droplet_hours", "hour", Decimal(1), date(2026, 1, 1), date(2026, 4, 16)
        ),
        PriceSnapshot("b", "droplet_hours", "hour", Decimal(2), date(2026, 4, 16), None),
    ]
    answer = by(draft, proof, *halves)
    assert isinstance(answer, Refused)
    assert "depends on the days of the usage" in answer.message
    whole = by(draft, proof, replace(halves[0], effective_to=None))
    assert isinstance(whole, Simulated)
    assert whole.meter_cents["droplet_hours"] == 2160


def test_a_month_with_two_versions_or_trial_days_of_usage_is_refused_with_the_reason() -> None:
    half, rest = Period(APRIL.start, date(2026, 4, 16)), Period(date(2026, 4, 16), APRIL.end)
    usage = (daily("droplet_hours", APRIL, 72),)
    made = month_of_plan(usage=usage)
    [term] = made.terms
    other = replace(STUDIO, id="studio-2", version=2, price_cents=6000)
    moved = replace(
        made, terms=(term._replace(days=(half,)), term._replace(version=other, days=(rest,)))
    )
    trial = replace(made, terms=(term._replace(days=(rest,)),), trial_days=(half,))
    for one, reason in ((moved, "plan changed"), (trial, "trial days")):
        answer = by(Draft(), of_first(one)[1])
        assert isinstance(answer, Refused)
        assert reason in answer.message
