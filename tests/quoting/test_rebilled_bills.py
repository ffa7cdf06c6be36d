"""Cost lines of the provider's bill, rebilled: marked up, by the days that a subscription bills."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quotes.rules.from_cost import KnownCosts, with_rebilling
from services.catalog.quoting.engine import price
from services.catalog.quoting.errors import NoExchangeRate
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
from services.catalog.quoting.lines import Line
from services.catalog.quoting.proofs.canonical import inputs_json, result_json
from services.catalog.quoting.proofs.parse import read_inputs
from services.catalog.quoting.proofs.proof import prove, verify
from services.catalog.quoting.rebilling.snapshots import (
    CostRun,
    CostSeries,
    ListPriceSnapshot,
    Rebilling,
    RuleSnapshot,
)
from services.catalog.rebilling.rules.products import meters_of_scope
from services.catalog.rebilling.rules.rebilling import Basis, LateBill, NewRule
from services.common.values.cost_plus import Markup, allotted
from services.common.values.money import whole_cents
from services.common.values.periods import Period

APRIL = Period.month(2026, 4)
SIZE = "s-2vcpu-4gb"
SMALL = (("size", SIZE),)
BARE = VersionSnapshot("v1", "bare", 1, 1000, "AUD", ())
HOURS = PlanItem("droplet_hours", Decimal(100), "hour", Decimal(1))
OTHER = replace(BARE, id="v2", plan_code="other")


def markup(percent: str = "20", fixed: str = "0", step: str = "0", floor: str = "0") -> Markup:
    return Markup(Decimal(percent), Decimal(fixed), Decimal(step), Decimal(floor))


def rule(code: str = "at_cost", match: Any = None, **said: Any) -> RuleSnapshot:
    scope = tuple((key, (value,)) for key, value in sorted((match or {}).items()))
    return RuleSnapshot(
        code,
        code,
        scope,
        said.get("markup", markup()),
        said.get("takes_all", False),
        meters_of_scope(scope),
    )


def on_list(match: Any, **said: Any) -> RuleSnapshot:
    return replace(rule("on_list", match, **said), meters=())


def run(usd: str, first: str = "2026-04-01", days: int = 30, charges: int = 1) -> CostRun:
    return CostRun(date.fromisoformat(first), days, Decimal(usd), charges)


def droplets(*runs: CostRun, sku: str = SIZE) -> CostSeries:
    return CostSeries("droplet", sku, ("droplet_hours",), runs, "a" * 64)


def other(product: str, *runs: CostRun, meters: tuple[str, ...] = ()) -> CostSeries:
    return CostSeries(product, "", meters, runs, "b" * 64)


def used(hours: int, size: Any = SMALL) -> UsageSeries:
    return UsageSeries(
        "droplet_hours", (UsageRun(APRIL.start, 30, Decimal(hours)),), dimensions=size
    )


def inputs(*costs: CostSeries, rules: Any = None, **said: Any) -> QuoteInputs:
    rate = said.pop("rate", Decimal("1.5"))
    version = said.pop("version", BARE)
    return QuoteInputs(
        month=APRIL,
        currency=version.currency,
        terms=said.pop("terms", (Term(version, (APRIL,)),)),
        rebilling=Rebilling(
            "acme",
            tuple(said.pop("on_list", ())),
            tuple(said.pop("list_prices", ())),
            rate,
            APRIL.start,
            tuple(rules if rules is not None else (rule(),)),
            costs,
        ),
        **said,
    )


def multiplies(line: Line) -> bool:
    qty = Fraction(line.meta.get("exact_qty", line.qty))
    product = qty * Fraction(line.unit_price_cents) / Fraction(line.price_base_qty)
    return whole_cents(product) == line.amount_cents


def test_a_cost_line_costs_its_amount_at_the_rate_plus_the_percentage() -> None:
    quote = price(inputs(droplets(run("24.3333"))))

    [line] = quote.rebilled
    # 24.3333 USD at 1.5, plus 20 %: 43.79994 AUD.
    assert line.amount_cents == 4380
    assert (line.kind, line.resource_kind, dict(line.dimensions)) == (
        "rebilled", "droplet_hours", dict(SMALL),
    )  # fmt: skip
    assert (line.qty, line.unit, line.unit_price_cents) == ("43.79994", "AUD", "100")
    assert line.description == "Rebilled: droplet[s-2vcpu-4gb]"
    assert line.meta == {
        "cost_usd": "24.3333",
        "costs_hash": "a" * 64,
        "exchange_rate": "1.5",
        "product": "droplet",
        "rate_on": "2026-04-01",
        "rebilling_rule": "at_cost",
        "rebilling_rule_id": "at_cost",
    }
    assert quote.all_in_monthly_cents == 1000 + 4380


def test_the_fixed_amount_is_for_each_line_that_charges_something() -> None:
    costs = droplets(run("24", charges=3), run("-2", charges=0))
    plain, fixed = price(inputs(costs, rules=[rule(markup=markup("0", "250"))])).rebilled

    assert (plain.amount_cents, fixed.amount_cents) == (3300, 750)
    assert (fixed.qty, fixed.unit, fixed.unit_price_cents) == ("3", "cost_line", "250")
    assert fixed.meta["part"] == "fixed"


def test_step_and_floor_are_for_the_sum_of_a_product_and_size() -> None:
    costs = droplets(run("1.01", charges=2))

    def amounts(**said: str) -> list[tuple[str, int]]:
        lines = price(inputs(costs, rules=[rule(markup=markup("0", **said))])).rebilled
        return [(line.unit, line.amount_cents) for line in lines]

    # 1.515 AUD.
    assert amounts() == [("AUD", 152)]
    assert amounts(step="100") == [("AUD", 152), ("rounding", 48)]
    assert amounts(step="50") == [("AUD", 152), ("rounding", -2)]
    assert amounts(floor="500") == [("AUD", 152), ("rounding", 348)]
    assert amounts(fixed="10", step="5") == [
        ("AUD", 152),
        ("cost_line", 20),
        ("rounding", -2),
    ]


def test_a_refund_is_passed_on_without_a_floor() -> None:
    costs = droplets(run("-3", charges=0))
    [line] = price(inputs(costs, rules=[rule(markup=markup("20", "100", "5", "500"))])).rebilled
    assert line.amount_cents == -540


def test_a_cost_of_days_that_the_subscription_does_not_bill_is_not_rebilled() -> None:
    billed = Period(date(2026, 4, 16), date(2026, 5, 1))
    whole, before, after = (
        run("30"),
        run("7", days=15),
        run("9", "2026-04-16", days=15),
    )
    [line] = price(inputs(droplets(whole, before, after), terms=(Term(BARE, (billed,)),))).rebilled

    assert line.meta["cost_usd"] == "24"  # half of the month, and the second half
    assert line.service is not None
    assert (line.service.start, line.service.days) == (date(2026, 4, 16), 15)


def test_a_cost_of_a_third_of_its_days_is_exact() -> None:
    day = Period(date(2026, 4, 1), date(2026, 4, 2))
    [line] = price(inputs(droplets(run("10", days=3)), terms=(Term(BARE, (day,)),))).rebilled
    assert (line.meta["cost_usd"], line.qty, line.amount_cents) == ("10/3", "6", 600)
    assert multiplies(line)


def test_two_plans_of_a_month_price_their_own_days() -> None:
    first, second = (
        Period(date(2026, 4, 1), date(2026, 4, 11)),
        Period(date(2026, 4, 11), APRIL.end),
    )
    cheap, dear = rule("cheap", {"plan": "bare"}), rule("dear", {"plan": "other"})
    quote = price(
        inputs(
            droplets(run("30")),
            rules=[cheap, replace(dear, markup=markup("100"))],
            terms=(Term(BARE, (first,)), Term(OTHER, (second,))),
        )
    )
    assert [
        (line.meta["rebilling_rule"], line.meta["cost_usd"], line.amount_cents)
        for line in quote.rebilled
    ] == [
        ("cheap", "10", 1800),
        ("dear", "20", 6000),
    ]


def test_the_most_specific_rule_prices_a_product() -> None:
    rules = [
        rule("general", markup=markup("0")),
        rule("droplets", {"product": "droplet"}, markup=markup("10")),
        rule("small", {"product": "droplet", "sku": SIZE}, markup=markup("50")),
        rule("metered", {"meter": "volume_gb_month"}, markup=markup("70")),
        rule("of_others", {"tenant": "globex", "product": "droplet", "sku": SIZE}),
    ]
    quote = price(
        inputs(
            droplets(run("1")),
            droplets(run("1"), sku="s-1vcpu-1gb"),
            other("volume", run("1"), meters=("volume_gb_month",)),
            other("registry", run("1")),
            rules=rules,
        )
    )
    assert {
        (line.meta["product"], dict(line.dimensions).get("size")): line.meta["rebilling_rule"]
        for line in quote.rebilled
    } == {
        ("droplet", SIZE): "small",
        ("droplet", "s-1vcpu-1gb"): "droplets",
        ("volume", None): "metered",
        ("registry", None): "general",
    }
    assert [line.resource_kind for line in quote.rebilled if "registry" in line.description] == [
        "registry"
    ]


def test_a_cost_is_left_to_what_may_cover_its_usage_unless_the_rule_takes_all() -> None:
    items = replace(BARE, items=(HOURS,))
    unit = PriceSnapshot("p", "droplet_hours", "hour", Decimal(2), date(2026, 4, 1), None)
    addon = AddonSnapshot("a", "more", "droplet_hours", Decimal(1000), 100)
    costs, registry = droplets(run("24")), other("registry", run("1"))

    by_plan = price(inputs(costs, registry, version=items, usage=(used(24),)))
    by_price = price(inputs(costs, prices=(unit,)))
    by_addon = price(inputs(costs, addons=(HeldAddon(addon, (APRIL,)),)))
    takes = price(inputs(costs, version=items, usage=(used(24),), rules=[rule(takes_all=True)]))

    assert [line.meta["product"] for line in by_plan.rebilled] == ["registry"]
    assert by_plan.overage[0].amount_cents == 620
    assert (by_price.rebilled, by_addon.rebilled) == ((), ())
    assert (takes.overage, [line.meta["cost_usd"] for line in takes.rebilled]) == ((), ["24"])


def test_each_day_of_a_cost_is_billed_by_the_price_of_that_day_or_by_the_rule() -> None:
    """A day that neither bills would be free: its usage has no line of its own."""
    days = date(2026, 4, 16), None
    price_of_hours = PriceSnapshot("p", "droplet_hours", "hour", Decimal(2), *days)
    quote = price(inputs(droplets(run("30")), usage=(used(24),), prices=(price_of_hours,)))
    [line] = quote.rebilled
    assert line.service is not None
    assert (line.amount_cents, line.service.days) == (15 * 180, 15)
    assert [one.amount_cents for one in quote.ad_hoc] == [15 * 24 * 2]

    listed = ListPriceSnapshot("l", "droplet_hours", SMALL, Decimal("0.04"), Decimal(1), *days)
    quote = price(
        inputs(
            droplets(run("30")),
            usage=(used(24),),
            list_prices=(listed,),
            on_list=(on_list({"meter": "droplet_hours"}),),
        )
    )
    assert sorted((one.amount_cents, one.unit) for one in quote.rebilled) == [
        (15 * 24 * 4 * 18 // 10, "hour"),
        (15 * 180, "AUD"),
    ]


def test_usage_whose_cost_lines_a_rule_prices_is_not_billed_again_or_missing_a_price() -> None:
    quote = price(inputs(droplets(run("24")), usage=(used(24),)))
    assert (quote.ad_hoc, [line.amount_cents for line in quote.rebilled]) == ((), [4320])


def test_a_rule_on_list_prices_and_one_on_cost_lines_never_both_price_a_droplet() -> None:
    listed = ListPriceSnapshot(
        "l", "droplet_hours", SMALL, Decimal(24), Decimal(672), date(2000, 1, 1), None
    )
    costs, usage = droplets(run("24")), (used(24),)
    by_list = on_list({"meter": "droplet_hours", "plan": "bare"})
    by_bill = rule("by_bill", {"product": "droplet", "plan": "bare", "tenant": "acme"})
    said: Any = {"list_prices": (listed,), "usage": usage}

    listed_wins = price(inputs(costs, on_list=[by_list], **said))
    bill_wins = price(inputs(costs, on_list=[by_list], rules=[by_bill], **said))

    assert [line.unit for line in listed_wins.rebilled] == ["hour"]
    assert [line.unit for line in bill_wins.rebilled] == ["AUD"]


def test_without_a_rate_costs_in_dollars_have_no_price_in_another_currency() -> None:
    with pytest.raises(NoExchangeRate, match="AUD"):
        price(inputs(droplets(run("24")), rate=None))
    dollars = replace(BARE, currency="USD")
    [line] = price(inputs(droplets(run("24")), rate=None, version=dollars)).rebilled
    assert line.amount_cents == 2880


def test_a_proof_freezes_rules_costs_and_rate_and_verifies() -> None:
    frozen = inputs(droplets(run("24.3333"), run("-1", charges=0)), other("registry", run("5")))
    quote, proof = prove(frozen)

    assert verify(proof).verified
    again = read_inputs(proof.inputs_json)
    assert again.rebilling == frozen.rebilling
    assert result_json(price(again)) == result_json(quote)
    tampered = replace(proof, inputs_json=proof.inputs_json.replace("24.3333", "24.3334"))
    assert not verify(tampered).verified


def test_a_projection_leaves_the_usage_to_the_bill() -> None:
    projected = UsageSeries("droplet_hours", dimensions=SMALL, projected_qty=Decimal(720))
    quote = price(inputs(usage=(projected,), projected_from=APRIL.start))
    assert (quote.rebilled, quote.ad_hoc) == ((), ())


def known(*rules: RuleSnapshot, late: LateBill = LateBill.WAIT) -> KnownCosts:
    said = [
        NewRule(
            one.code,
            Basis.BILL,
            one.match,
            one.markup,
            "AUD",
            one.takes_all,
            APRIL.start,
            None,
            late,
        )
        for one in rules
    ]
    return KnownCosts(list(zip(said, rules, strict=True)), [], {"AUD": Decimal("1.5")})


def test_inputs_freeze_only_rules_and_costs_that_are_used_and_no_other_tenant() -> None:
    bare = replace(inputs(), rebilling=None)
    several = replace(rule("several"), match=(("tenant", ("acme", "globex")),))
    of_volumes = rule("volumes", {"product": "volume"})

    assert with_rebilling(bare, known(several), "acme") is bare
    assert with_rebilling(bare, known(several), "initech", [droplets(run("1"))]) is bare
    made = with_rebilling(
        bare, known(several, of_volumes), "acme", [droplets(run("1")), other("registry", run("1"))]
    )
    assert made.rebilling is not None
    assert [one.code for one in made.rebilling.bill_rules] == ["several"]
    assert b"globex" not in inputs_json(made)
    assert len(price(made).rebilled) == 2


def test_a_subscription_waits_for_the_bill_only_if_a_rule_of_its_tenant_and_plan_does() -> None:
    terms = (Term(BARE, (APRIL,)),)
    of_acme = known(rule(match={"tenant": "acme", "product": "droplet"}))
    assert of_acme.late_bills(terms, "acme", APRIL.start) == {LateBill.WAIT}
    assert of_acme.late_bills(terms, "globex", APRIL.start) == set()
    later = known(rule(), late=LateBill.NEXT_MONTH)
    assert later.late_bills(terms, "globex", APRIL.start) == {LateBill.NEXT_MONTH}


USD = st.decimals(min_value=-50, max_value=500, places=6)


@given(
    st.lists(st.tuples(USD, st.integers(0, 29), st.integers(1, 30)), min_size=1, max_size=6),
    st.integers(1, 29),
    st.decimals(min_value=0, max_value=90, places=2),
)
def test_a_split_month_bills_each_cost_once(
    costs: list[tuple[Decimal, int, int]], cut: int, percent: Decimal
) -> None:
    runs = tuple(
        CostRun(date(2026, 4, 1 + start), min(days, 30 - start), usd, int(usd > 0))
        for usd, start, days in costs
    )
    day = date(2026, 4, 1 + cut)
    halves = (Period(APRIL.start, day), Period(day, APRIL.end))
    how = rule(markup=Markup(percent, Decimal(0), Decimal(0), Decimal(0)))

    def rebilled(*terms: Term) -> tuple[Line, ...]:
        return price(inputs(droplets(*runs), rules=[how], terms=terms)).rebilled

    whole = rebilled(Term(BARE, (APRIL,)))
    parts = [line for half in halves for line in rebilled(Term(BARE, (half,)))]
    billed = sum((Fraction(line.meta["cost_usd"]) for line in parts), Fraction(0))
    assert billed == sum((Fraction(one.usd) for one in runs), Fraction(0))
    assert all(map(multiplies, (*whole, *parts)))
    assert (
        abs(sum(line.amount_cents for line in parts) - sum(line.amount_cents for line in whole))
        <= 1
    )


@given(st.lists(st.fractions(min_value=-1000, max_value=1000), min_size=1, max_size=30))
def test_the_price_of_a_set_is_the_sum_of_its_parts_within_a_cent_each(
    exact: list[Fraction],
) -> None:
    total = whole_cents(sum(exact, Fraction(0)))
    shares = allotted(total, exact)
    assert sum(shares) == total
    assert all(abs(share - own) < 1 for share, own in zip(shares, exact, strict=True))


@given(st.lists(st.fractions(min_value=0, max_value=9), min_size=1), st.integers(-100, 100))
def test_what_a_floor_adds_is_spread_over_the_parts(exact: list[Fraction], more: int) -> None:
    total = whole_cents(sum(exact, Fraction(0))) + more
    shares = allotted(total, exact)
    assert sum(shares) == total
    added = [share - own for share, own in zip(shares, exact, strict=True)]
    assert max(added) - min(added) < 2
