"""Point-in-time attribution of costs, whose parts always add up to the whole."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.margin.rules.attribution import (
    INTERNAL,
    SHARED,
    UNATTRIBUTED,
    Attribution,
    Cost,
    CostPart,
    Holder,
    OwnedSpan,
    attribute,
    split_exactly,
)
from services.analytics.margin.rules.conversion import Conversion, Rate
from services.analytics.margin.rules.reconciling import Books, Difference, judge
from services.analytics.margin.rules.summary import (
    State,
    apportion,
    margin_of,
    percent_of,
    shares_by_deployment,
    shares_by_tenant,
    side,
)
from services.common.values.money import whole_cents
from services.common.values.periods import Period

APRIL = Period.month(2026, 4)
ACME = Holder(Attribution.TENANT, "acme", "shop")
GLOBEX = Holder(Attribution.TENANT, "globex", "blog")


def cost(amount: str = "12.00", **more: Any) -> Cost:
    told: dict[str, Any] = {
        "cost_id": UUID(int=7), "day": None, "kind": "droplet", "classification": "resource",
        "description": "web-1", "resource_id": UUID(int=1), "is_matched": True, "hours": None,
        "start": APRIL.start_at, "end": APRIL.end_at, "tenant_id": "acme",
        "deployment_id": "shop",
    }  # fmt: skip  # a table
    return Cost(**{**told, **more}, amount_usd=Decimal(amount))


def span(
    holder: Holder, start: datetime = APRIL.start_at, end: datetime = APRIL.end_at
) -> OwnedSpan:
    return OwnedSpan(holder.tenant_id, holder.deployment_id, start, end)


def test_a_cost_is_attributed_to_the_deployments_tenant() -> None:
    assert attribute(cost(), [span(ACME)], APRIL) == [CostPart(ACME, Decimal("12.00"))]


def test_a_cost_without_a_deployment_goes_to_the_resources_tenant() -> None:
    own = Holder(Attribution.TENANT, "acme")
    assert attribute(cost(), [span(own)], APRIL) == [CostPart(own, Decimal("12.00"))]


def test_a_cost_without_an_owner_is_internal() -> None:
    nobody = OwnedSpan("", "", APRIL.start_at, APRIL.end_at)
    assert attribute(cost(), [nobody], APRIL) == [CostPart(INTERNAL, Decimal("12.00"))]


def test_a_resource_that_changed_owners_is_shared_by_time() -> None:
    moved = APRIL.start_at + timedelta(days=10)
    parts = attribute(cost(), [span(ACME, end=moved), span(GLOBEX, start=moved)], APRIL)
    assert parts == [CostPart(ACME, Decimal(4)), CostPart(GLOBEX, Decimal(8))]


def test_only_owners_within_the_billed_span_share_it() -> None:
    moved = APRIL.start_at + timedelta(days=10)
    billed = cost(start=moved, end=APRIL.end_at)
    parts = attribute(billed, [span(ACME, end=moved), span(GLOBEX, start=moved)], APRIL)
    assert [part.holder for part in parts] == [GLOBEX]


@pytest.mark.parametrize("classification", ["tax", "credit", "account"])
def test_taxes_credits_and_account_charges_are_of_no_resource(classification: str) -> None:
    line = cost("-3.1", classification=classification, resource_id=None, is_matched=False)
    assert attribute(line, [], APRIL) == [CostPart(UNATTRIBUTED, Decimal("-3.1"))]


@pytest.mark.parametrize("classification", ["credit", "account", "shared", "unknown", "resource"])
def test_a_matched_line_belongs_to_the_owner_whatever_its_name(classification: str) -> None:
    line = cost("-3.1", classification=classification)
    assert attribute(line, [span(GLOBEX)], APRIL) == [CostPart(GLOBEX, Decimal("-3.1"))]


def test_a_tax_is_nobodys_even_with_a_resource() -> None:
    assert attribute(cost("3.1", classification="tax"), [span(ACME)], APRIL) == [
        CostPart(UNATTRIBUTED, Decimal("3.1"))
    ]


@pytest.mark.parametrize("classification", ["shared", "unknown"])
def test_an_unmatched_line_belongs_to_no_tenant(classification: str) -> None:
    holder = SHARED if classification == "shared" else UNATTRIBUTED
    line = cost(classification=classification, is_matched=False)
    assert attribute(line, [span(ACME)], APRIL) == [CostPart(holder, Decimal("12.00"))]


def test_a_cost_of_forty_digits_is_split_exactly() -> None:
    amount = Decimal("123456789012345678901234." + "0123456789" * 2)
    parts = split_exactly(amount, {ACME: 1, GLOBEX: 2})
    total = sum(Fraction(part.amount_usd) for part in parts)
    assert total == Fraction(amount)
    assert all(len(str(part.amount_usd).partition(".")[2]) <= 20 for part in parts)


def test_a_line_without_a_resource_is_unattributed_and_not_dropped() -> None:
    line = cost(resource_id=None, is_matched=False, tenant_id="", deployment_id="")
    assert attribute(line, [], APRIL) == [CostPart(UNATTRIBUTED, Decimal("12.00"))]


def test_a_project_that_matched_names_the_tenant_of_what_the_inventory_never_saw() -> None:
    line = cost(resource_id=None, deployment_id="")
    assert attribute(line, [], APRIL) == [
        CostPart(Holder(Attribution.TENANT, "acme"), Decimal("12.00"))
    ]


def test_a_shared_line_waits_to_be_split() -> None:
    assert attribute(cost(classification="shared", is_matched=False), [], APRIL) == [
        CostPart(SHARED, Decimal("12.00"))
    ]


AMOUNTS = st.decimals(Decimal(-100_000), Decimal(100_000), places=4)
HOLDERS = st.sampled_from([ACME, GLOBEX, INTERNAL, Holder(Attribution.TENANT, "hooli", "")])


@given(
    amount=AMOUNTS,
    weights=st.dictionaries(HOLDERS, st.integers(0, 10**9), min_size=1).filter(
        lambda weights: any(weights.values())
    ),
)
def test_the_parts_of_a_split_are_the_whole_to_the_last_digit(
    amount: Decimal, weights: dict[Holder, int]
) -> None:
    parts = split_exactly(amount, weights)
    assert sum(part.amount_usd for part in parts) == amount
    whole = sum(weights.values())
    for part in parts:
        exact = Fraction(amount) * weights[part.holder] / whole
        assert abs(Fraction(part.amount_usd) - exact) < Fraction(1, 10**6)


EXACT_PARTS = st.dictionaries(
    HOLDERS, st.fractions(Fraction(-10_000), Fraction(10_000), max_denominator=1_000), min_size=1
)


@given(parts=EXACT_PARTS)
def test_whole_cents_of_the_parts_add_up_to_the_rounded_whole(
    parts: dict[Holder, Fraction],
) -> None:
    total = whole_cents(sum(parts.values(), Fraction(0)))
    whole_parts = apportion(total, parts)
    assert sum(whole_parts.values()) == total
    assert all(abs(whole_parts[holder] - parts[holder]) <= 1 for holder in parts)


@given(earned=EXACT_PARTS, spent=EXACT_PARTS)
def test_deployments_add_up_to_tenants_and_tenants_to_the_whole(
    earned: dict[Holder, Fraction], spent: dict[Holder, Fraction]
) -> None:
    revenue = side(State.FINAL, earned, {"all": sum(earned.values(), Fraction(0))})
    cogs = side(State.FINAL, spent, {"all": sum(spent.values(), Fraction(0))})
    for shares in (shares_by_deployment(revenue, cogs), shares_by_tenant(revenue, cogs)):
        assert sum(share.revenue_cents or 0 for share in shares) == revenue.total_cents
        assert sum(share.cogs_cents or 0 for share in shares) == cogs.total_cents
    assert sum(cogs.by_kind.values()) == cogs.total_cents


def test_unknown_is_unknown_and_never_zero() -> None:
    revenue = side(State.FINAL, {ACME: Fraction(5000)}, {"plan_base": Fraction(5000)})
    unknown = side(State.UNKNOWN, {}, {})
    [share] = shares_by_tenant(revenue, unknown)
    assert (share.revenue_cents, share.cogs_cents) == (5000, None)
    assert margin_of(share.revenue_cents, share.cogs_cents) is None
    assert percent_of(share.revenue_cents, share.cogs_cents) is None


def test_the_margin_of_studio_with_five_droplets() -> None:
    assert margin_of(7112, 3053) == 4059
    assert percent_of(7112, 3053) == Decimal("57.1")
    assert margin_of(7112, 8692) == -1580


def test_without_revenue_there_is_no_percentage() -> None:
    assert percent_of(0, 3053) is None


def test_a_used_rate_and_an_assumed_parity_are_named() -> None:
    rate = Rate(UUID(int=3), Decimal("1.52"))
    known = Conversion("AUD", {"USD": rate})
    assert known.cents(Decimal(1000), "USD") == 1520
    assert known.cents(Decimal(1000), "AUD") == 1000
    assert (known.used, known.parity_assumed) == ({rate.id}, False)
    unknown = Conversion("AUD", {})
    assert unknown.cents(Decimal(1000), "USD") == 1000
    assert (unknown.used, unknown.parity_assumed) == (set(), True)


@pytest.mark.parametrize(
    ("reporting", "rate", "cents"), [("JPY", "150", 1500), ("KWD", "0.3", 3000), ("AUD", "1", 1000)]
)
def test_costs_come_to_minor_units_of_the_reporting_currency(
    reporting: str, rate: str, cents: int
) -> None:
    known = Conversion(reporting, {"USD": Rate(UUID(int=3), Decimal(rate))})
    assert known.cents(Decimal(1000), "USD") == cents
    at_parity = Conversion(reporting, {}).cents(Decimal(1000), "USD")
    assert at_parity == {"JPY": 10, "KWD": 10_000, "AUD": 1000}[reporting]


def books(**more: Any) -> Books:
    told: dict[str, Any] = {
        "resource_id": UUID(int=1), "kind": "droplet", "name": "web-1", "tenant_id": "acme",
        "deployment_id": "shop", "inventory_hours": Decimal(720), "provider_hours": Decimal(720),
        "billed_hours": Decimal(720), "provider_amount_usd": Decimal(6), "is_charged": True,
        "existed_from": APRIL.start_at, "existed_to": APRIL.end_at,
        "charged_from": APRIL.start_at, "charged_to": APRIL.end_at, "first_seen": None,
    }  # fmt: skip  # a table
    return Books(**{**told, **more})


@pytest.mark.parametrize(
    ("told", "difference"),
    [
        ({}, None),
        ({"provider_hours": Decimal("720.9")}, None),
        ({"provider_hours": None}, None),
        ({"billed_hours": None}, None),
        ({"is_charged": False, "provider_hours": None}, Difference.OURS_ONLY),
        ({"is_charged": False, "provider_hours": None, "kind": "domain"}, None),
        ({"inventory_hours": None, "existed_from": None}, Difference.PROVIDER_ONLY),
        ({"inventory_hours": None}, Difference.TIMING),
        ({"inventory_hours": None, "first_seen": APRIL.end_at}, Difference.BEGIN_UNKNOWN),
        (
            {"inventory_hours": None, "first_seen": APRIL.end_at, "charged_from": None},
            Difference.BEGIN_UNKNOWN,
        ),
        # Seen from the 11th on, and charged for the whole month: for ten days nobody knows.
        (
            {
                "inventory_hours": Decimal(480),
                "billed_hours": Decimal(480),
                "existed_from": APRIL.start_at + timedelta(days=10),
                "first_seen": APRIL.start_at + timedelta(days=10),
            },
            Difference.BEGIN_UNKNOWN,
        ),
        # Seen before the bill begins: when it was made decides nothing.
        (
            {"first_seen": APRIL.start_at, "provider_hours": Decimal(800)},
            Difference.AMOUNT,
        ),
        # Charged for less than is known: no time before its first sighting explains that.
        (
            {"first_seen": APRIL.end_at, "provider_hours": Decimal(600)},
            Difference.AMOUNT,
        ),
        ({"provider_hours": Decimal(600)}, Difference.AMOUNT),
        (
            {
                "provider_hours": Decimal(600),
                "charged_from": APRIL.start_at + timedelta(days=5),
            },
            Difference.TIMING,
        ),
        ({"billed_hours": Decimal(480)}, Difference.AMOUNT),
    ],
)
def test_each_difference_between_the_three_books_has_its_name(
    told: dict[str, Any], difference: Difference | None
) -> None:
    judged = judge(books(**told))
    assert (judged[0] if judged else None) == difference
