"""Costs, hours and margins exactly at their bounds: a second, an hour, 0.05 percent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest

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
    Share,
    Side,
    State,
    apportion,
    margin_of,
    percent_of,
    shares_by_deployment,
    shares_by_tenant,
    side,
)
from services.common.values.periods import Period

APRIL = Period.month(2026, 4)
BEGIN = datetime(2026, 4, 1, tzinfo=UTC)
END = datetime(2026, 5, 1, tzinfo=UTC)
ACME = Holder(Attribution.TENANT, "acme", "shop")
GLOBEX = Holder(Attribution.TENANT, "globex", "blog")


def cost(amount: str = "12.00", **more: Any) -> Cost:
    told: dict[str, Any] = {
        "cost_id": UUID(int=7), "day": None, "kind": "droplet", "classification": "resource",
        "description": "web-1", "resource_id": UUID(int=1), "is_matched": True, "hours": None,
        "start": BEGIN, "end": END, "tenant_id": "acme", "deployment_id": "shop",
    }  # fmt: skip  # a table
    return Cost(**{**told, **more}, amount_usd=Decimal(amount))


def span(holder: Holder, start: datetime = BEGIN, end: datetime = END) -> OwnedSpan:
    return OwnedSpan(holder.tenant_id, holder.deployment_id, start, end)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ({"classification": "shared"}, [CostPart(ACME, Decimal("12.00"))]),
        ({"classification": "shared", "is_matched": False}, [CostPart(SHARED, Decimal("12.00"))]),
        ({"classification": "tax"}, [CostPart(UNATTRIBUTED, Decimal("12.00"))]),
        (
            {"is_matched": False, "tenant_id": "", "deployment_id": ""},
            [CostPart(UNATTRIBUTED, Decimal("12.00"))],
        ),
        # Matched, and nobody's: the operator's own. Known to be a tenant's, and not matched: its.
        ({"tenant_id": "", "deployment_id": ""}, [CostPart(INTERNAL, Decimal("12.00"))]),
        ({"is_matched": False}, [CostPart(ACME, Decimal("12.00"))]),
    ],
)
def test_a_cost_without_a_lifetime_is_attributed_by_its_line(
    more: dict[str, Any], parts: list[CostPart]
) -> None:
    assert attribute(cost(**more), [], APRIL) == parts


def test_an_owner_of_one_second_pays_for_one_second() -> None:
    changed = BEGIN + seconds(1)
    parts = attribute(
        cost("2592.000000", end=None),
        [span(ACME, end=changed), span(GLOBEX, changed)],
        APRIL,
    )
    assert parts == [CostPart(ACME, Decimal("0.001000")), CostPart(GLOBEX, Decimal("2591.999000"))]


def test_less_than_a_second_does_not_count() -> None:
    nearly = BEGIN + seconds(0.999999)
    spans = [span(ACME, end=nearly), span(GLOBEX, BEGIN + seconds(1))]
    assert attribute(cost(), spans, APRIL) == [CostPart(GLOBEX, Decimal("12.000000"))]
    # Nobody had it for a second of what was billed: as billing found it.
    assert attribute(cost(), [span(GLOBEX, end=nearly)], APRIL) == [
        CostPart(ACME, Decimal("12.00"))
    ]
    assert attribute(cost(), [span(GLOBEX, start=END)], APRIL) == [CostPart(ACME, Decimal("12.00"))]


def test_who_had_it_twice_has_both_spans_and_nothing_beyond_what_was_billed() -> None:
    spans = [
        span(ACME, BEGIN - seconds(500), BEGIN + seconds(100)),
        span(GLOBEX, BEGIN + seconds(100), BEGIN + seconds(200)),
        span(ACME, BEGIN + seconds(200), BEGIN + seconds(900)),
    ]
    billed = cost("4.00", start=BEGIN, end=BEGIN + seconds(400))
    assert attribute(billed, spans, APRIL) == [
        CostPart(ACME, Decimal("3.000000")),
        CostPart(GLOBEX, Decimal("1.000000")),
    ]


def test_a_line_without_a_span_is_of_the_whole_month() -> None:
    halves = [span(ACME, end=BEGIN + timedelta(days=15)), span(GLOBEX, BEGIN + timedelta(days=15))]
    expected = [CostPart(ACME, Decimal("6.000000")), CostPart(GLOBEX, Decimal("6.000000"))]
    assert attribute(cost(start=None, end=None), halves, APRIL) == expected
    later = [
        span(ACME, BEGIN - timedelta(days=9), BEGIN),
        span(GLOBEX, BEGIN, END + timedelta(days=9)),
    ]
    assert attribute(cost(start=None, end=None), later, APRIL) == [
        CostPart(GLOBEX, Decimal("12.000000"))
    ]


def test_an_amount_is_split_to_the_last_digit_of_the_bill() -> None:
    weights = {ACME: 1, GLOBEX: 2}
    assert split_exactly(Decimal("0.00000001"), weights) == [
        CostPart(GLOBEX, Decimal("0.00000001"))
    ]
    assert split_exactly(Decimal("1.0000001"), weights) == [
        CostPart(ACME, Decimal("0.3333334")),
        CostPart(GLOBEX, Decimal("0.6666667")),
    ]
    assert split_exactly(Decimal(1), weights) == [
        CostPart(ACME, Decimal("0.333333")),
        CostPart(GLOBEX, Decimal("0.666667")),
    ]
    assert split_exactly(Decimal(-3), weights) == [
        CostPart(ACME, Decimal("-1.000000")),
        CostPart(GLOBEX, Decimal("-2.000000")),
    ]
    assert split_exactly(Decimal("0.00"), {GLOBEX: 1, ACME: 1}) == [CostPart(ACME, Decimal("0.00"))]


BOOKS = Books(
    resource_id=UUID(int=1), kind="droplet", name="web-1", tenant_id="acme", deployment_id="shop",
    inventory_hours=Decimal(720), provider_hours=Decimal(720), billed_hours=Decimal(720),
    provider_amount_usd=Decimal(6), is_charged=True,
    existed_from=BEGIN, existed_to=END, charged_from=BEGIN, charged_to=END, first_seen=None,
)  # fmt: skip  # a table
SECOND_OF_HOURS = Decimal("0.0003")


@pytest.mark.parametrize("hours", ["719", "721", "719.5", "720"])
def test_an_hour_more_or_less_is_no_difference(hours: str) -> None:
    assert judge(BOOKS) is None
    assert judge(replace(BOOKS, provider_hours=Decimal(hours))) is None
    assert judge(replace(BOOKS, billed_hours=Decimal(hours))) is None


@pytest.mark.parametrize("hours", ["718.999", "721.001"])
def test_a_second_more_than_an_hour_is_a_difference_of_the_amount(hours: str) -> None:
    shown = f"{Decimal(hours):.2f}".rstrip("0").rstrip(".")
    assert judge(replace(BOOKS, provider_hours=Decimal(hours))) == (
        Difference.AMOUNT,
        f"charged for other hours than it existed: {shown} h on the bill, 720 h in the inventory",
    )
    assert judge(replace(BOOKS, billed_hours=Decimal(hours))) == (
        Difference.AMOUNT,
        (
            f"existed for 720 h, and its tenant was metered for {shown} h: powered off, or not the"
            " tenant's, for the rest"
        ),
    )


@pytest.mark.parametrize("end", ["charged_from", "charged_to", "existed_from", "existed_to"])
def test_an_end_that_moved_by_more_than_an_hour_is_a_difference_of_the_span(end: str) -> None:
    differs = replace(BOOKS, provider_hours=Decimal("700.125"))
    at = getattr(BOOKS, end)
    for hour in (timedelta(hours=1), -timedelta(hours=1)):
        told = judge(replace(differs, **{end: at + hour}))
        assert told is not None
        assert told[0] is Difference.AMOUNT
        moved = at + hour + (seconds(1) if hour > timedelta() else -seconds(1))
        assert judge(replace(differs, **{end: moved})) == (
            Difference.TIMING,
            (
                "charged for another span than it existed: 700.12 h on the bill,"
                " 720 h in the inventory"
            ),
        )
    unknown: dict[str, Any] = {end: None}
    told = judge(replace(differs, **unknown))
    assert told is not None
    assert told[0] is Difference.AMOUNT
    # A span alone, with the hours that it should have, is nothing to act on.
    assert judge(replace(BOOKS, **{end: at + timedelta(days=2)})) is None


def test_an_amount_known_to_one_side_only_is_named() -> None:
    assert judge(replace(BOOKS, inventory_hours=None, existed_from=None)) == (
        Difference.PROVIDER_ONLY,
        "on the provider's bill, and not in the inventory",
    )
    assert judge(replace(BOOKS, inventory_hours=None)) == (
        Difference.TIMING,
        ("charged for another span than it existed: 720 h on the bill, none in the inventory"),
    )
    uncharged = replace(BOOKS, is_charged=False, inventory_hours=Decimal("7.256"))
    assert judge(uncharged) == (
        Difference.OURS_ONLY,
        "existed for 7.26 h, and is not on the provider's bill",
    )
    assert judge(replace(uncharged, kind="kubernetes_cluster")) is None
    assert judge(replace(BOOKS, provider_hours=None)) is None
    assert judge(replace(BOOKS, billed_hours=None)) is None


def test_a_resource_that_may_predate_its_first_sighting_has_an_unknown_begin() -> None:
    at = BEGIN + timedelta(days=3, hours=4)
    seen = replace(BOOKS, inventory_hours=Decimal(644), billed_hours=None, existed_from=at)
    told = (
        Difference.BEGIN_UNKNOWN,
        (
            "charged for a time before it was first seen (2026-04-04 04:00):"
            " the provider does not report when it was created"
        ),
    )
    assert judge(replace(seen, first_seen=at)) == told
    assert judge(replace(seen, first_seen=at, inventory_hours=None)) == told
    for known in (
        {"first_seen": BEGIN + timedelta(hours=1)},  # an hour is no difference
        {"first_seen": at, "provider_hours": Decimal("642.999")},
    ):
        judged = judge(replace(seen, **known))
        assert judged is not None
        assert judged[0] is Difference.TIMING
    just = replace(seen, first_seen=BEGIN + timedelta(hours=1, seconds=1))
    assert (judge(just) or [None])[0] is Difference.BEGIN_UNKNOWN
    assert judge(replace(seen, first_seen=at, provider_hours=Decimal(645))) is None


@pytest.mark.parametrize(
    ("revenue", "cogs", "percent"),
    [
        (7112, 3053, "57.1"),
        (10_000, 9_995, "0.1"),
        (100_000, 99_951, "0.0"),
        (100_000, 99_950, "0.1"),
        (100_000, 100_050, "-0.1"),
        (100_000, 100_049, "0.0"),
        (1, 0, "100.0"),
        (-100, 50, "150.0"),
        (0, 50, None),
        (None, 50, None),
        (50, None, None),
    ],
)
def test_a_percentage_is_rounded_half_up_to_one_place(
    revenue: int | None, cogs: int | None, percent: str | None
) -> None:
    told = percent_of(revenue, cogs)
    assert (None if told is None else str(told)) == percent


def test_an_unknown_amount_stays_unknown_and_zero_is_a_figure() -> None:
    assert margin_of(7112, 3053) == 4059
    assert margin_of(0, 0) == 0
    assert margin_of(None, 0) is None
    assert margin_of(0, None) is None
    assert side(State.UNKNOWN, {ACME: Fraction(1)}, {"plan": Fraction(1)}) == Side(
        State.UNKNOWN, None, {}, {}
    )
    assert side(State.FINAL, {}, {}) == Side(State.FINAL, 0, {}, {})


def test_the_whole_is_rounded_once_and_its_parts_add_up() -> None:
    thirds = {ACME: Fraction(1, 3), GLOBEX: Fraction(1, 3), INTERNAL: Fraction(1, 3)}
    assert side(State.PROVISIONAL, thirds, {"droplet": Fraction(1)}) == Side(
        State.PROVISIONAL, 1, {INTERNAL: 1, ACME: 0, GLOBEX: 0}, {"droplet": 1}
    )
    assert side(State.FINAL, {ACME: Fraction(1, 2)}, {"x": Fraction(1, 2)}).total_cents == 1
    assert apportion(1, {"a": Fraction(1, 4), "b": Fraction(3, 4)}) == {"a": 0, "b": 1}
    assert apportion(-2, {"a": Fraction(-5, 2), "b": Fraction(1, 2)}) == {"a": -2, "b": 0}
    assert apportion(3, {"b": Fraction(3, 2), "a": Fraction(3, 2)}) == {"a": 2, "b": 1}


def test_shares_go_by_revenue_then_costs_then_name_and_nobodys_come_last() -> None:
    deployments = {
        Holder(Attribution.TENANT, "acme", "blog"): 10,
        ACME: 20,
        GLOBEX: 30,
    }
    earned = Side(State.FINAL, 60, deployments, {})
    spent = Side(
        State.FINAL,
        100,
        {UNATTRIBUTED: 60, INTERNAL: 5, ACME: 15, Holder.owner("zeta", "z"): 20},
        {},
    )
    assert shares_by_deployment(earned, spent) == [
        Share(GLOBEX, 30, 0),
        Share(ACME, 20, 15),
        Share(Holder(Attribution.TENANT, "acme", "blog"), 10, 0),
        Share(Holder.owner("zeta", "z"), 0, 20),
        Share(INTERNAL, 0, 5),
        Share(UNATTRIBUTED, 0, 60),
    ]
    assert shares_by_tenant(earned, spent) == [
        Share(Holder(Attribution.TENANT, "acme"), 30, 15),
        Share(Holder(Attribution.TENANT, "globex"), 30, 0),
        Share(Holder(Attribution.TENANT, "zeta"), 0, 20),
        Share(INTERNAL, 0, 5),
        Share(UNATTRIBUTED, 0, 60),
    ]
    unknown = Side(State.UNKNOWN, None, {}, {})
    assert shares_by_tenant(earned, unknown)[0] == Share(
        Holder(Attribution.TENANT, "acme"), 30, None
    )
    assert shares_by_tenant(unknown, spent) == [
        Share(Holder(Attribution.TENANT, "zeta"), None, 20),
        Share(Holder(Attribution.TENANT, "acme"), None, 15),
        Share(INTERNAL, None, 5),
        Share(UNATTRIBUTED, None, 60),
    ]


def test_an_amount_is_converted_by_the_rate_that_the_answer_names() -> None:
    rate = Rate(UUID(int=3), Decimal("1.5"))
    books = Conversion("AUD", {"USD": rate})
    assert books.cents(Decimal("100.5"), "AUD") == Fraction(201, 2)
    assert books.cents(0, "EUR") == 0
    assert (books.used, books.parity_assumed) == (set(), False)
    assert books.cents(100, "USD") == 150
    assert (books.used, books.parity_assumed) == ({rate.id}, False)
    assert books.cents(Fraction(1, 3), "EUR") == Fraction(1, 3)
    assert books.parity_assumed
    assert books.cents(100, "JPY") == 10_000


def test_shares_are_ordered_by_revenue_and_then_by_costs() -> None:
    def order(earned: dict[str, int], spent: dict[str, int]) -> list[str]:
        sides = [
            {Holder(Attribution.TENANT, name): cents for name, cents in one.items()}
            for one in (earned, spent)
        ]
        told = shares_by_tenant(*(Side(State.FINAL, 0, one, {}) for one in sides))
        return [share.holder.tenant_id for share in told]

    assert order({"acme": 0, "globex": 1}, {"acme": 9}) == ["globex", "acme"]
    assert order({"acme": 5, "globex": 5}, {"acme": 0, "globex": 1}) == ["globex", "acme"]
