"""Rebilling rules of a draft applied to the frozen inputs of billed months."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.catalog.plans.rules.changes import CatalogDocument, CatalogState
from services.catalog.plans.rules.diff import plan_changes
from services.catalog.pricing.requests import SimulatedItem
from services.catalog.pricing.simulate import Refused, Simulated, Simulation
from services.catalog.quotes.rules.drafts import Draft, DraftPricing, draft_of
from services.catalog.quotes.rules.from_cost import KnownCosts
from services.catalog.quotes.rules.snapshots import Known
from services.catalog.quoting.engine import ENGINE_VERSION, price
from services.catalog.quoting.inputs import QuoteInputs, UsageSeries
from services.catalog.quoting.lines import total
from services.catalog.quoting.proofs.canonical import inputs_json
from services.catalog.rebilling.rules.rebilling import Basis, NewRule, RebillingRule
from tests.quoting.test_rebilling import (
    APRIL,
    HOURS,
    LARGE,
    SMALL,
    inputs,
    listed,
    markup,
    rule,
    used,
)

NOW = datetime(2026, 5, 1, tzinfo=UTC)
METER = (("meter", ("droplet_hours",)),)
RATE = Decimal("1.5")


def wanted(percent: str, code: str = "cost_plus", **said: Any) -> NewRule:
    made = NewRule(code, Basis.LIST, METER, markup(percent), "AUD", False, date(2027, 1, 1), None)
    return replace(made, **said)


def drafted(*rules: NewRule, kept: tuple[NewRule, ...] = ()) -> Draft:
    state = CatalogState(
        rules=tuple(
            RebillingRule(UUID(int=place), one, "op", NOW) for place, one in enumerate(kept)
        )
    )
    return draft_of(plan_changes(state, CatalogDocument(rules=rules)), state)


def pricing(draft: Draft) -> DraftPricing:
    known = KnownCosts([], [listed("24"), listed("48", LARGE)])
    return DraftPricing(draft, Known({}, [], {}, known))


def simulated(draft: Draft, frozen: QuoteInputs, *unsold: UsageSeries, **said: Any) -> int:
    answer = simulation(draft, frozen, *unsold, **said)
    assert isinstance(answer, Simulated)
    return answer.meter_cents.get("droplet_hours", 0)


def simulation(
    draft: Draft, frozen: QuoteInputs, *unsold: UsageSeries, rate: Decimal | None = RATE
) -> Simulated | Refused:
    item = SimulatedItem(inputs_json(frozen).decode(), ENGINE_VERSION, unsold, "acme")
    return Simulation("1", pricing(draft)).price(item, rate)


BILLED = inputs(used(24), rules=[rule()])
"""A month that a rule of 20 percent priced: 30.86."""
BARE = replace(inputs(), rebilling=None)
"""A month without usage that was sold."""


def test_a_rule_of_a_draft_prices_what_was_not_sold_from_the_first_day() -> None:
    draft = drafted(wanted("20"))
    # 720 h at 24 USD for 672, at 1.5 and 20 percent more.
    assert simulated(draft, BARE, used(24, SMALL)) == 4629
    assert simulated(draft, BARE) == 0


def test_a_rule_of_a_draft_takes_the_place_of_the_rule_of_its_code() -> None:
    before = total(price(BILLED).rebilled)
    # 720 h at 24 USD for 672 at 1.5 cost 38.57.
    assert before == 4629
    assert simulated(drafted(wanted("40"), kept=(wanted("20"),)), BILLED) == 5400
    assert simulated(
        drafted(wanted("20", "other", match=(*METER, ("sku", ("gpu*",))))), BILLED
    ) == (before)


def test_a_rule_that_a_draft_ends_prices_nothing() -> None:
    kept = wanted("20", effective_from=date(2026, 1, 1))
    ended = replace(kept, effective_to=date(2027, 1, 1))
    assert simulated(drafted(ended, kept=(kept,)), BILLED) == 0


def test_the_rate_and_the_list_prices_of_a_month_that_a_rule_billed_stay() -> None:
    dearer = KnownCosts([], [replace(listed("24"), usd=Decimal(99), id="new")])
    draft = drafted(wanted("40"))
    known = DraftPricing(draft, Known({}, [], {}, dearer))
    frozen = replace(
        BILLED,
        rebilling=replace(BILLED.rebilling, list_prices=(listed("24"),)),  # type: ignore[type-var]
    )
    assert not known.needs_rate(frozen)
    assert known.needs_rate(BARE)
    made = known.inputs(frozen, (), "acme", Decimal(9))
    assert made.rebilling is not None
    assert made.rebilling.exchange_rate == RATE


def test_a_rule_of_a_draft_that_takes_all_takes_what_a_plan_item_covered() -> None:
    version = replace(BARE.terms[0].version, items=(HOURS,))
    frozen = replace(
        BARE, terms=(BARE.terms[0]._replace(version=version),), usage=(used(24, SMALL),)
    )
    assert simulated(drafted(wanted("20")), frozen) == 620
    assert simulated(drafted(wanted("20", takes_all=True)), frozen) == 4629


@pytest.mark.parametrize(
    "other", [{"currency": "USD"}, {"match": (*METER, ("tenant", ("globex",)))}]
)
def test_a_rule_of_a_draft_for_others_changes_nothing(other: dict[str, Any]) -> None:
    draft = drafted(wanted("20", **other))
    assert simulated(draft, BARE, used(24, SMALL)) == 0


def test_a_rule_on_the_bill_is_named_where_the_cost_lines_are_not_in_the_inputs() -> None:
    narrow = (*METER, ("plan", ("bare",)))
    draft = drafted(wanted("20", "on_bill", basis=Basis.BILL, match=narrow), wanted("20"))
    answer = simulation(draft, BARE, used(24, SMALL))
    assert isinstance(answer, Simulated)
    assert list(answer.rules_left_out) == ["on_bill"]
    assert simulation(drafted(wanted("20")), BARE).rules_left_out == []  # type: ignore[union-attr]
    elsewhere = drafted(wanted("20", "on_bill", basis=Basis.BILL, currency="USD"))
    assert simulation(elsewhere, BARE).rules_left_out == []  # type: ignore[union-attr]


def test_a_month_that_a_draft_prices_from_cost_needs_an_exchange_rate() -> None:
    answer = simulation(drafted(wanted("20")), BARE, used(24, SMALL), rate=None)
    assert isinstance(answer, Refused)
    assert answer.reason == "NO_EXCHANGE_RATE"
    item = SimulatedItem(inputs_json(BARE).decode(), ENGINE_VERSION, (), "acme")
    needed = Simulation("1", pricing(drafted(wanted("20")))).rate_needed(item)
    assert needed == ("AUD", APRIL.start)
    assert Simulation("1", pricing(Draft())).rate_needed(item) is None
