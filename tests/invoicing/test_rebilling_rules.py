"""The costs behind a rebilled line: their shares are the line, and their sums the frozen inputs."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.invoicing.invoices.rules.lines import Line
from services.analytics.invoicing.rollups.rules.rebilling import (
    CostRun,
    DeploymentCost,
    claims_of,
    cost_inputs,
    sku_of,
)
from services.common.values.money import plain, whole_cents
from services.common.values.periods import Period

APRIL = Period.month(2026, 4)
FIRST = datetime(2026, 4, 1, tzinfo=UTC)


def cost(row: int, usd: str, first: int = 0, days: int = 30, **said: Any) -> DeploymentCost:
    start = FIRST + timedelta(days=first)
    return DeploymentCost(
        "acme", "shop", f"bill/{row}", None, said.get("product", "droplet"), said.get("sku", ""),
        f"web-{row}", None, start, start + timedelta(days=days), Decimal(usd),
    )  # fmt: skip  # a table


def line(qty: Fraction, price: str = "180", unit: str = "usd", **said: Any) -> Line:
    shown = Decimal(qty.numerator) / Decimal(qty.denominator)
    return Line(
        kind="rebilled",
        resource_kind="droplet_hours",
        description="Rebilled: droplet",
        qty=shown,
        unit=unit,
        unit_price_cents=Decimal(price),
        amount_cents=whole_cents(qty * Fraction(Decimal(price))),
        meta={"costs_hash": "h", "product": "droplet", "exact_qty": str(qty)}
        | ({"cost_usd": str(qty)} if unit == "usd" else {}),
        deployment_id="shop",
        service_start=said.get("start", APRIL.start),
        service_end=said.get("end", APRIL.end),
    )


@pytest.mark.parametrize(
    ("kind", "description", "sku"),
    [
        ("droplet", "web-1 (s-1vcpu-1gb)", "s-1vcpu-1gb"),
        ("database", "db (db-s-1vcpu-1gb)", "db-s-1vcpu-1gb"),
        ("droplet", "web (old) (s-1vcpu-1gb)", "s-1vcpu-1gb"),
        ("droplet", "web-1", ""),
        ("volume", "disk (100 GB)", ""),
        ("droplet", "web-1 (two words)", ""),
    ],
)
def test_a_size_is_read_from_the_end_of_a_description(
    kind: str, description: str, sku: str
) -> None:
    assert sku_of(kind, description) == sku


def test_costs_are_summed_by_product_size_and_days() -> None:
    known = [
        cost(1, "1.5"),
        cost(2, "2"),
        cost(3, "-1"),
        cost(4, "7", first=10, days=5),
        cost(5, "3", product="volume"),
        cost(6, "4", sku="s-1vcpu-1gb"),
    ]
    inputs = {(one.product, one.sku): one for one in cost_inputs(known, APRIL)}

    assert [*inputs] == [("droplet", ""), ("droplet", "s-1vcpu-1gb"), ("volume", "")]
    assert inputs["droplet", ""].runs == (
        CostRun(date(2026, 4, 1), 30, Decimal("2.5"), 2),
        CostRun(date(2026, 4, 11), 5, Decimal(7), 1),
    )


def test_the_hash_of_costs_is_that_of_their_keys_days_and_amounts() -> None:
    def hash_of(*known: DeploymentCost) -> str:
        [one] = cost_inputs(known, APRIL)
        return one.lines_hash

    one, other = cost(1, "1.50"), cost(2, "2")
    assert hash_of(one, other) == hash_of(other, cost(1, "1.5"))
    assert hash_of(one, other) != hash_of(one, cost(2, "2.1"))
    assert hash_of(one, other) != hash_of(one, cost(3, "2"))


def test_a_line_without_hours_is_of_the_whole_month_and_one_of_a_moment_of_its_day() -> None:
    unknown = DeploymentCost(
        "acme", "shop", "k", None, "spaces_bucket", "", "", None, None, None, Decimal(1)
    )
    assert unknown.days(APRIL) == APRIL
    assert cost(1, "1", first=3, days=0).days(APRIL).days == 1
    assert cost(1, "1", first=-3, days=4).days(APRIL) == Period(APRIL.start, date(2026, 4, 2))


def test_a_fixed_amount_is_shared_by_the_lines_that_charge() -> None:
    lines = [line(Fraction(4)), line(Fraction(2), "50", unit="cost_line")]
    claims = claims_of("s", lines, [cost(1, "1"), cost(2, "5"), cost(3, "-2")], APRIL)
    assert [one.billed_cents for one in claims] == [230, 950, -360]


USD = st.decimals(min_value=-20, max_value=500, places=6)


@given(
    st.lists(st.tuples(USD, st.integers(0, 29), st.integers(1, 30)), min_size=1, max_size=8),
    st.integers(1, 30),
)
def test_the_shares_of_costs_add_up_to_their_line(
    known: list[tuple[Decimal, int, int]], billed: int
) -> None:
    costs = [
        cost(row, plain(usd), first, min(days, 30 - first))
        for row, (usd, first, days) in enumerate(known)
    ]
    until = APRIL.start + timedelta(days=billed)
    parts = [
        Fraction(one.amount_usd) * Fraction(shared.days if shared else 0, one.days(APRIL).days)
        for one in costs
        for shared in [one.days(APRIL).overlap(Period(APRIL.start, until))]
    ]
    of_costs = line(sum(parts, Fraction(0)), end=until)
    claims = claims_of("s", [of_costs], costs, APRIL)

    assert sum(one.billed_cents for one in claims) == of_costs.amount_cents
    total = sum((Fraction(one.billed_usd) for one in claims), Fraction(0))
    assert abs(total - sum(parts, Fraction(0))) <= Fraction(1, 10**12)
    if billed == 30:
        assert [one.billed_usd for one in claims] == [one.amount_usd for one in costs]
