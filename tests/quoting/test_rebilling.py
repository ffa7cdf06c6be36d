"""Usage priced from the provider's list prices: cost plus a percentage and a fixed amount."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.pricing.requests import SimulatedItem
from services.catalog.pricing.simulate import Refused, Simulation, meter_cents
from services.catalog.quotes.rules.drafts import DraftPricing, draft_version_of
from services.catalog.quotes.rules.from_cost import KnownCosts, rebilled_days, with_rebilling
from services.catalog.quotes.rules.snapshots import Known
from services.catalog.quoting.engine import ENGINE_VERSION, price
from services.catalog.quoting.errors import NoExchangeRate, NoListPrice, NoPriceInForce
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageRun,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.proofs.canonical import hash_of, inputs_json, result_json
from services.catalog.quoting.proofs.parse import read_inputs
from services.catalog.quoting.proofs.proof import prove, verify
from services.catalog.quoting.rebilling.snapshots import ListPriceSnapshot, Rebilling, RuleSnapshot
from services.catalog.rebilling.rules.rebilling import Basis, NewRule
from services.common.values.cost_plus import Markup
from services.common.values.periods import Period

APRIL = Period.month(2026, 4)
SMALL, LARGE = (("size", "s-2vcpu-4gb"),), (("size", "gpu-h100x1-80gb"),)
BARE = VersionSnapshot("v1", "bare", 1, 1000, "AUD", ())
HOURS = PlanItem("droplet_hours", Decimal(100), "hour", Decimal(1))


def markup(percent: str = "20", fixed: str = "0", step: str = "0", floor: str = "0") -> Markup:
    return Markup(Decimal(percent), Decimal(fixed), Decimal(step), Decimal(floor))


def rule(code: str = "cost_plus", **said: Any) -> RuleSnapshot:
    return RuleSnapshot(
        code,
        code,
        tuple((key, (value,)) for key, value in sorted(said.pop("match", {}).items())),
        said.pop("markup", markup()),
        said.pop("takes_all", False),
    )


def listed(
    usd: str, size: Any = SMALL, since: str = "2000-01-01", until: str | None = None
) -> ListPriceSnapshot:
    return ListPriceSnapshot(
        f"{usd}/{since}",
        "droplet_hours",
        size,
        Decimal(usd),
        Decimal(672),
        date.fromisoformat(since),
        None if until is None else date.fromisoformat(until),
    )


def used(hours: int, size: Any = SMALL, first: str = "2026-04-01", days: int = 30) -> UsageSeries:
    runs = (UsageRun(date.fromisoformat(first), days, Decimal(hours)),)
    return UsageSeries("droplet_hours", runs, dimensions=size)


def inputs(*usage: UsageSeries, rules: Any = None, prices: Any = None, **said: Any) -> QuoteInputs:
    rate = said.pop("rate", Decimal("1.5"))
    version = said.pop("version", BARE)
    return QuoteInputs(
        month=APRIL,
        currency=version.currency,
        terms=(Term(version, (APRIL,)),),
        usage=usage,
        rebilling=Rebilling(
            "acme",
            tuple(rules if rules is not None else (rule(),)),
            tuple(prices if prices is not None else (listed("24"), listed("2278.08", LARGE))),
            rate,
            APRIL.start,
        ),
        **said,
    )


def test_usage_costs_the_list_price_of_its_size_plus_twenty_percent() -> None:
    quote = price(inputs(used(24), used(48, LARGE)))

    small, large = sorted(quote.rebilled, key=lambda one: one.amount_cents)
    # 720 hours at 24 USD for 672, at 1.5, plus 20 %: 46.2857 AUD; 1,440 hours of two H100.
    assert small.amount_cents == 4629
    assert large.amount_cents == 878_688
    assert (small.qty, small.unit_price_cents, small.price_base_qty) == ("720", "4320", "672")
    assert (small.kind, small.unit, dict(small.dimensions)) == ("rebilled", "hour", dict(SMALL))
    assert small.meta["rebilling_rule"] == "cost_plus"
    assert small.meta["exchange_rate"] == "1.5"
    assert small.meta["list_price_usd"] == "24"
    assert quote.all_in_monthly_cents == 1000 + 4629 + 878_688


def test_a_line_multiplies() -> None:
    [line] = price(inputs(used(7), rules=[rule(markup=markup("33.3", "0.7"))])).rebilled
    product = Fraction(line.qty) * Fraction(line.unit_price_cents) / Fraction(line.price_base_qty)
    assert abs(product - line.amount_cents) <= Fraction(1, 2)


def test_the_price_of_a_unit_is_rounded_to_the_step_and_never_below_the_floor() -> None:
    stepped = price(inputs(used(1), rules=[rule(markup=markup("20", "0", "0.5"))]))
    floored = price(inputs(used(1), rules=[rule(markup=markup("20", "0", "0", "10"))]))
    fixed = price(inputs(used(1), rules=[rule(markup=markup("0", "2"))]))

    # 6.4286 cents an hour.
    assert stepped.rebilled[0].unit_price_cents == "6.5"
    assert floored.rebilled[0].unit_price_cents == "10"
    # 30 hours at 36 AUD for 672, and 2 cents for each.
    assert fixed.rebilled[0].amount_cents == 161 + 60


def test_a_changed_list_price_prices_the_days_since() -> None:
    prices = [listed("24", until="2026-04-11"), listed("48", since="2026-04-11")]
    before, after = price(inputs(used(24), prices=prices)).rebilled

    assert (before.qty, after.qty) == ("240", "480")
    assert (before.unit_price_cents, after.unit_price_cents) == ("4320", "8640")
    assert before.service is not None
    assert (before.service.start, before.service.end) == (date(2026, 4, 1), date(2026, 4, 11))


def test_a_rule_leaves_what_a_plan_item_an_addon_or_a_unit_price_covers() -> None:
    items = replace(BARE, items=(HOURS,))
    unit = PriceSnapshot("p", "droplet_hours", "hour", Decimal(2), date(2026, 4, 1), None)
    addon = AddonSnapshot("a", "more", "droplet_hours", Decimal(1000), 100)

    by_plan = price(inputs(used(24), version=items))
    by_price = price(replace(inputs(used(24)), prices=(unit,)))
    by_addon = price(inputs(used(24), addons=(HeldAddon(addon, (APRIL,)),)))

    assert (by_plan.rebilled, by_plan.overage[0].amount_cents) == ((), 620)
    assert (by_price.rebilled, by_price.ad_hoc[0].amount_cents) == ((), 1440)
    assert (by_addon.rebilled, by_addon.ad_hoc) == ((), ())


def test_a_unit_price_of_some_days_leaves_the_others_to_the_rule() -> None:
    unit = PriceSnapshot("p", "droplet_hours", "hour", Decimal(2), date(2026, 4, 21), None)
    quote = price(replace(inputs(used(24)), prices=(unit,)))

    assert [line.qty for line in quote.rebilled] == ["480"]
    assert [line.qty for line in quote.ad_hoc] == ["240"]


def test_a_rule_that_takes_all_takes_what_the_plan_covers() -> None:
    items = replace(BARE, items=(HOURS,))
    quote = price(inputs(used(24), version=items, rules=[rule(takes_all=True)]))

    assert (quote.overage, [line.qty for line in quote.rebilled]) == ((), ["720"])


def test_the_most_specific_rule_prices_and_a_rule_of_another_scope_does_not() -> None:
    general = rule("general", markup=markup("10"))
    gpu = rule("gpu", markup=markup("50"), match={"sku": "gpu-*"})
    other = rule("other", markup=markup("0"), match={"plan": "pro", "meter": "droplet_hours"})
    quote = price(inputs(used(24), used(24, LARGE), rules=[general, gpu, other]))

    assert {line.dimensions: line.meta["rebilling_rule"] for line in quote.rebilled} == {
        SMALL: "general", LARGE: "gpu",
    }  # fmt: skip


def test_usage_without_a_list_price_or_a_rate_is_an_error_and_not_free() -> None:
    of_droplets = rule(match={"meter": "droplet_hours"})
    with pytest.raises(NoPriceInForce, match="unheard-of"):
        price(inputs(used(24, (("size", "unheard-of"),)), rules=[of_droplets]))
    with pytest.raises(NoExchangeRate, match="AUD"):
        price(inputs(used(24), rate=None))
    dollars = replace(BARE, currency="USD")
    assert price(inputs(used(24), rate=None, version=dollars)).rebilled[0].amount_cents == 3086


def test_a_missing_list_price_names_what_has_none_and_the_rule_that_needs_it() -> None:
    missing = NoListPrice("droplet_hours", date(2026, 4, 1), "droplet_hours[size=s-1]", "cost_plus")
    assert isinstance(missing, NoPriceInForce)
    assert str(missing) == (
        "droplet_hours[size=s-1] has no list price on 2026-04-01, from which the rule cost_plus"
        " prices it"
    )


def test_a_projection_is_priced_as_a_month_of_that_usage_is() -> None:
    projected = UsageSeries("droplet_hours", dimensions=SMALL, projected_qty=Decimal(720))
    preview = price(inputs(projected, projected_from=APRIL.start))
    invoice = price(inputs(used(24)))

    assert [line.amount_cents for line in preview.rebilled] == [
        line.amount_cents for line in invoice.rebilled
    ]


def test_a_proof_freezes_rule_list_price_and_rate_and_verifies() -> None:
    frozen = inputs(used(24), used(24, LARGE))
    quote, proof = prove(frozen)

    assert verify(proof).verified
    again = read_inputs(proof.inputs_json)
    assert again.rebilling == frozen.rebilling
    assert result_json(price(again)) == result_json(quote)


def test_inputs_without_rebilling_keep_their_hash() -> None:
    plain = replace(inputs(), rebilling=None)
    assert b"rebill" not in inputs_json(plain) + result_json(price(plain))
    assert hash_of(inputs_json(plain)) == (
        "15157bdcee9fad02a793b0385b1dd501e97c9bd240f41a4c4f86eab42ed5ca0e"
    )


@given(
    st.lists(st.tuples(st.integers(0, 29), st.integers(1, 30), st.integers(0, 24)), max_size=4),
    st.integers(2, 30),
)
def test_the_days_taken_and_the_days_left_are_all_the_usage(
    spans: list[tuple[int, int, int]], since: int
) -> None:
    runs, end = [], 0
    for start, days, qty in sorted(spans):
        start = max(start, end)
        end = min(start + days, 30)
        if start < end:
            first = APRIL.start + timedelta(days=start)
            runs.append(UsageRun(first, end - start, Decimal(qty)))
    series = UsageSeries("droplet_hours", tuple(runs), dimensions=SMALL)
    unit = PriceSnapshot("p", "droplet_hours", "hour", Decimal(2), date(2026, 4, since), None)
    quote = price(replace(inputs(series), prices=(unit,)))

    billed = sum(Decimal(line.qty) for line in (*quote.rebilled, *quote.ad_hoc))
    assert billed == sum(run.qty * run.days for run in runs)


def test_a_simulated_month_counts_what_rebilling_rules_price() -> None:
    quote = price(inputs(used(24)))
    assert quote.rebilled
    priced = (*quote.first_invoice, *quote.overage, *quote.ad_hoc, *quote.rebilled)
    assert sum(meter_cents(quote).values()) == sum(line.amount_cents for line in priced)
    assert meter_cents(quote)["droplet_hours"] == sum(one.amount_cents for one in quote.rebilled)


@pytest.mark.parametrize("takes_all", [False, True])
def test_a_rule_without_a_meter_leaves_usage_without_a_list_price_as_it_was(
    takes_all: bool,
) -> None:
    tokens = PlanItem("llm_tokens", Decimal(0), "token", Decimal(1))
    version = replace(BARE, items=(tokens,))
    asked = UsageSeries("llm_tokens", (UsageRun(APRIL.start, 1, Decimal(5)),))
    quote = price(inputs(used(24), asked, version=version, rules=[rule(takes_all=takes_all)]))

    assert [line.amount_cents for line in quote.overage] == [5]
    assert [line.amount_cents for line in quote.rebilled] == [4629]


def costs(*rules: RuleSnapshot) -> KnownCosts:
    said = [
        NewRule(
            one.code, Basis.LIST, one.match, one.markup, "AUD", one.takes_all, APRIL.start, None
        )
        for one in rules
    ]
    prices = [listed("24"), listed("2278.08", LARGE)]
    return KnownCosts(list(zip(said, rules, strict=True)), prices, {"AUD": Decimal("1.5")})


@pytest.mark.parametrize(
    "match",
    [{}, {"meter": "droplet_hours"}, {"meter": "droplet*"}, {"tenant": "acme"}, {"plan": "bare"}],
)
def test_a_rule_takes_no_usage_without_a_list_price(match: dict[str, str]) -> None:
    small, unlisted = used(24), used(24, (("size", "unheard-of"),))
    terms = (Term(BARE, (APRIL,)),)
    general = rule(match=match)

    def rebilled(known: KnownCosts | None, series: UsageSeries) -> list[Period]:
        return [*rebilled_days(series, terms, known, "acme")]

    assert rebilled(costs(general), small) == [APRIL]
    assert rebilled(costs(general), unlisted) == []
    assert rebilled(None, small) == []
    bare = replace(inputs(unlisted), rebilling=None)
    assert with_rebilling(bare, costs(general), "acme") is bare


def test_a_proof_names_no_other_tenant_of_a_rule_and_the_same_rule_wins() -> None:
    several = replace(rule("several"), match=(("tenant", ("acme", "globex", "ini*")),))
    by_prefix = replace(rule("prefix"), match=(("tenant", ("ac*", "globex", "ini*")),))
    bare = replace(inputs(used(24)), rebilling=None)
    made = with_rebilling(bare, costs(by_prefix, several), "acme")

    assert made.rebilling is not None
    assert [dict(one.match)["tenant"] for one in made.rebilling.rules] == [("ac*",), ("acme",)]
    assert price(made).rebilled[0].meta["rebilling_rule"] == "several"
    assert b"globex" not in inputs_json(made)
    assert b"ini" not in inputs_json(made)


def test_a_simulated_month_without_an_exchange_rate_is_refused_alone() -> None:
    frozen = inputs_json(inputs(used(24), rate=None)).decode()
    draft = DraftPricing(draft_version_of(BARE), Known({}, []))
    answer = Simulation("1", draft).price(SimulatedItem(frozen, ENGINE_VERSION, ()))

    assert isinstance(answer, Refused)
    assert answer.reason == "NO_EXCHANGE_RATE"


def test_lines_of_rules_set_before_keep_their_text_and_others_name_their_values() -> None:
    before = inputs(used(24))
    assert b"names_values" not in inputs_json(before)
    assert price(before).rebilled[0].description == "Rebilled: droplet_hours"
    now = with_rebilling(replace(before, rebilling=None), costs(rule()), "acme")
    assert price(now).rebilled[0].description == "Rebilled: droplet_hours s-2vcpu-4gb"
    assert read_inputs(inputs_json(now)) == now
    assert verify(prove(now)[1]).verified
