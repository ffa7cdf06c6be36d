"""Simulated revenue, added up by tenant, deployment and meter."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.margin.rules.conversion import Conversion, Rate
from services.analytics.simulation.rules import (
    Billed,
    Cost,
    Grouping,
    SimulatedRevenue,
    Simulation,
)

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
FLOOR = Decimal(30)


def conversions(rate: str = "1.5") -> dict[date, Conversion]:
    rates = {
        "USD": Rate(UUID(int=1), Decimal(rate)),
        "EUR": Rate(UUID(int=2), Decimal("1.7321")),
    }
    return {month: Conversion("AUD", rates) for month in (APRIL, MAY)}


def billed(
    cents: int,
    tenant: str = "acme",
    of: str = "shop",
    meter: str = "plan_base",
    currency: str = "AUD",
) -> Billed:
    return Billed(tenant, of, meter, currency, APRIL, cents)


def simulated(*failed: tuple[str, str, date]) -> Simulation:
    return Simulation(conversions(), failed)


def test_a_share_says_what_is_paid_more_by_how_much_and_what_remains_of_it() -> None:
    made = simulated()
    made.add_before([billed(5000)])
    made.add_after([billed(4000)])
    made.add_costs([Cost("acme", "shop", "droplet", APRIL, Decimal(20))])
    [share], total = made.shares(Grouping.TENANT, floor_percent=FLOOR, costs_known=True)
    assert share.revenues == (SimulatedRevenue("AUD", 5000, 4000),)
    assert (share.revenues[0].change_cents, share.revenues[0].change_percent) == (
        -1000,
        Decimal(-20),
    )
    assert (share.cost_cents, share.margin_before_cents, share.margin_after_cents) == (
        3000,
        2000,
        1000,
    )
    assert (share.margin_before_percent, share.margin_after_percent) == (Decimal(40), Decimal(25))
    assert (share.below_floor_before, share.below_floor_after) == (False, True)
    assert total.margin_after_cents == 1000


def test_currencies_are_never_added_and_are_reported_by_the_rate_of_their_month() -> None:
    made = simulated()
    made.add_before([billed(100), billed(100, currency="EUR")])
    made.add_after([billed(100), billed(200, currency="EUR")])
    [share], _ = made.shares(Grouping.TENANT, floor_percent=FLOOR, costs_known=True)
    assert share.revenues == (
        SimulatedRevenue("AUD", 100, 100),
        SimulatedRevenue("EUR", 100, 200),
    )
    assert (share.revenue_before_cents, share.revenue_after_cents) == (273, 446)


def test_unknown_costs_leave_the_margin_unknown() -> None:
    made = simulated()
    made.add_before([billed(100)])
    [share], total = made.shares(Grouping.TENANT, floor_percent=FLOOR, costs_known=False)
    assert (share.cost_cents, share.margin_after_cents, share.below_floor_after) == (
        None,
        None,
        None,
    )
    assert total.margin_before_percent is None


def test_a_deployment_that_cannot_be_priced_is_left_out_before_and_after() -> None:
    made = simulated(("acme", "shop", APRIL))
    made.add_before([billed(100), billed(70, of="blog")])
    made.add_after([billed(90), billed(80, of="blog")])
    made.add_costs([Cost("acme", "shop", "droplet", APRIL, Decimal(1))])
    shares, total = made.shares(Grouping.DEPLOYMENT, floor_percent=FLOOR, costs_known=True)
    assert [(one.deployment_id, one.revenue_before_cents) for one in shares] == [("blog", 70)]
    assert (total.revenue_before_cents, total.revenue_after_cents, total.cost_cents) == (70, 80, 0)


def test_an_amount_never_billed_has_no_change_in_percent() -> None:
    assert SimulatedRevenue("AUD", 0, 100).change_percent is None
    assert SimulatedRevenue("AUD", 300, 400).change_percent == Decimal("33.3")


def test_the_cost_of_a_kind_counts_at_the_meter_that_measures_it() -> None:
    made = simulated()
    made.add_after([billed(10, meter="droplet_hours")])
    made.add_costs(
        [
            Cost("acme", "shop", "droplet", APRIL, Decimal(2)),
            Cost("acme", "", "tax", APRIL, Decimal(1)),
        ]
    )
    shares, _ = made.shares(Grouping.METER, floor_percent=FLOOR, costs_known=True)
    assert [(one.meter, one.cost_cents) for one in shares] == [("droplet_hours", 300), ("tax", 150)]


amounts = st.lists(
    st.builds(
        Billed,
        st.sampled_from(["acme", "globex"]),
        st.sampled_from(["shop", "blog", "docs"]),
        st.sampled_from(["plan_base", "droplet_hours", "llm_tokens"]),
        st.sampled_from(["AUD", "EUR"]),
        st.sampled_from([APRIL, MAY]),
        st.integers(-(10**9), 10**9),
    )
)
spent = st.lists(
    st.builds(
        Cost,
        st.sampled_from(["acme", "globex"]),
        st.sampled_from(["", "shop", "blog"]),
        st.sampled_from(["droplet", "volume", "tax"]),
        st.sampled_from([APRIL, MAY]),
        st.decimals(-1000, 10**6, places=4),
    )
)


@given(amounts, amounts, spent)
def test_tenants_deployments_and_meters_add_up_to_the_same_total(
    before: list[Billed], after: list[Billed], costs: list[Cost]
) -> None:
    totals = []
    for grouping in Grouping:
        made = simulated()
        made.add_before(before)
        made.add_after(after)
        made.add_costs(costs)
        shares, total = made.shares(grouping, floor_percent=FLOOR, costs_known=True)
        assert total.revenue_before_cents == sum(one.revenue_before_cents for one in shares)
        assert total.revenue_after_cents == sum(one.revenue_after_cents for one in shares)
        assert total.cost_cents == sum(one.cost_cents or 0 for one in shares)
        totals.append(total)
    assert totals[0] == totals[1] == totals[2]
    assert {one.currency: one.before_cents for one in totals[0].revenues} == {
        currency: sum(one.amount_cents for one in before if one.currency == currency)
        for currency in {one.currency for one in (*before, *after)}
    }
