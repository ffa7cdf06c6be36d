"""The margin of a month adds up to the provider's invoice and the tenants', to the cent."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from arcadia.analytics.v1 import attribution_service_pb2 as attribution_pb
from arcadia.analytics.v1 import exchange_rate_service_pb2 as rates_pb
from arcadia.analytics.v1 import margin_service_pb2 as pb
from arcadia.analytics.v1 import metering_service_pb2 as metering_pb
from arcadia.billing.v1 import costs_pb2
from arcadia.inventory.v1 import lookup_service_pb2 as lookup_pb

from services.common.rpc.wire import timestamp
from services.common.values.periods import Period
from tests.analytics.account import Analytics, event, reason_of
from tests.analytics.peers import BLOG, SHOP, Span
from tests.analytics.revenue import Billed, invoice

APRIL = Period.month(2026, 4)
PERIOD = "2026-04-01"


def line(amount: str, resource: int = 0, **more: Any) -> costs_pb2.CostLine:
    """A line of April's bill, for the whole month unless it says otherwise."""
    told: dict[str, Any] = {
        "id": str(uuid4()), "period": PERIOD, "kind": "droplet", "classification": "resource",
        "match_state": "matched" if resource else "unmatched", "description": f"web-{resource}",
        "resource_id": str(UUID(int=resource)) if resource else "", "hours": "720",
        "start_at": timestamp(APRIL.start_at), "end_at": timestamp(APRIL.end_at),
    }  # fmt: skip  # a table
    return costs_pb2.CostLine(**{**told, **more}, amount_usd=amount)


def spans(*owners: tuple[str, str]) -> list[Span]:
    """A droplet for all of April for each owner; numbered from 1."""
    return [
        Span(number, APRIL.start_at, APRIL.end_at, tenant_id=tenant, deployment=deployment)
        for number, (tenant, deployment) in enumerate(owners, 1)
    ]


def shares(answer: Any) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (one.attribution, one.tenant_id): (one.revenue_cents, one.cogs_cents)
        for one in answer.by_tenant
    }


STUDIO = (
    Billed(5000, deployment_id=SHOP.id),
    Billed(2112, "overage", "droplet_hours", SHOP.id),
)
"""Studio with five droplets through all of April."""


async def test_studio_with_five_droplets_earns_4059_cents_which_is_57_1_percent(
    analytics: Analytics,
) -> None:
    await invoice(analytics.database, PERIOD, "acme", *STUDIO, Billed(711, "tax"))
    analytics.peers.spans = spans(("acme", "shop"))
    analytics.peers.cost_lines = [line("30.53", 1)]
    await analytics.attribute(PERIOD)
    answer = await analytics.margin(PERIOD)
    assert (answer.revenue_cents, answer.cogs_cents) == (7112, 3053)
    assert (answer.margin_cents, answer.margin_percent) == (4059, "57.1")
    assert (answer.revenue_state, answer.cogs_state) == ("final", "final")
    assert answer.conversion.parity_assumed


async def test_all_costs_of_that_month_make_the_overall_margin_minus_1580_cents(
    analytics: Analytics,
) -> None:
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    analytics.peers.spans = spans(("acme", "shop"), ("", ""))
    analytics.peers.cost_lines = [
        line("30.53", 1),
        line("40.00", 2),
        line("11.29", kind="", classification="tax", match_state="not_applicable"),
        line("5.10"),
    ]
    await analytics.attribute(PERIOD)
    answer = await analytics.margin(PERIOD)
    assert (answer.cogs_cents, answer.margin_cents) == (8692, -1580)
    assert shares(answer) == {
        ("tenant", "acme"): (7112, 3053),
        ("internal", ""): (0, 4000),
        ("unattributed", ""): (0, 1639),
    }
    assert {one.kind: one.amount_cents for one in answer.by_kind.cogs} == {
        "droplet": 7563,
        "tax": 1129,
    }
    assert {one.kind: one.amount_cents for one in answer.by_kind.revenue} == {
        "plan_base": 5000,
        "droplet_hours": 2112,
    }


async def test_a_droplet_that_changed_owners_is_split_by_time(
    analytics: Analytics,
) -> None:
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    moved = APRIL.start_at + timedelta(days=10)
    analytics.peers.spans = [
        Span(1, APRIL.start_at, moved),
        Span(1, moved, APRIL.end_at, tenant_id="globex", deployment="blog"),
    ]
    analytics.peers.cost_lines = [line("12.00", 1)]
    await analytics.attribute(PERIOD)
    answer = await analytics.margin(PERIOD)
    assert shares(answer) == {("tenant", "acme"): (7112, 400), ("tenant", "globex"): (0, 800)}
    assert {one.deployment_id for one in answer.by_deployment} == {SHOP.id, BLOG.id}


async def test_pooled_transfer_is_split_by_the_time_of_droplets(analytics: Analytics) -> None:
    analytics.peers.spans = [
        *spans(("acme", "shop"), ("globex", "blog"), ("", "")),
        Span(9, APRIL.start_at, APRIL.end_at, kind="volume", tenant_id="hooli", deployment=""),
    ]
    analytics.peers.cost_lines = [
        line("6.00", kind="bandwidth", classification="shared"),
        line("4.00", kind="bandwidth", classification="shared"),
    ]
    [*_, last] = await analytics.attribute(PERIOD)
    assert last.shared_count == 2
    answer = await analytics.margin(PERIOD)
    assert answer.cogs_cents == 1000
    owned = [one.cogs_cents for one in answer.by_tenant]
    assert sorted(owned) == [333, 333, 334]
    assert {one.tenant_id for one in answer.by_tenant} == {"acme", "globex", ""}


async def test_without_known_bytes_transfer_says_that_it_is_split_by_droplet_time(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = spans(("acme", "shop"))
    analytics.peers.cost_lines = [line("6.00", kind="", classification="shared")]
    await analytics.attribute(PERIOD)
    [split] = (await analytics.margin(PERIOD)).shared_costs
    assert (split.kind, split.amount_usd, split.split_key, split.remark) == (
        "other",
        "6",
        "droplet_time",
        "no outbound bytes are known",
    )


async def test_pooled_transfer_is_split_by_outbound_bytes_not_by_the_time_of_droplets(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = spans(("acme", "shop"), ("globex", "blog"), ("", ""))
    await analytics.record(
        event("a", kind="bandwidth_gb", qty="300.5", day="2026-04-10"),
        event("b", kind="bandwidth_gb", qty="599.5", day="2026-04-30"),
        event("c", kind="bandwidth_gb", qty="100", day="2026-04-01", deployment=BLOG.id),
        event("d", kind="bandwidth_gb", qty="9000", day="2026-05-01", deployment=BLOG.id),
        event("e", kind="llm_tokens", qty="9000", day="2026-04-10", deployment=BLOG.id),
    )
    for day in ("2026-04-01", "2026-04-10", "2026-04-30", "2026-05-01"):
        await analytics.meter(day)
    analytics.peers.cost_lines = [line("10.00", kind="bandwidth", classification="shared")]
    await analytics.attribute(PERIOD)

    answer = await analytics.margin(PERIOD)

    assert {one.tenant_id: one.cogs_cents for one in answer.by_tenant} == {
        "acme": 900,
        "globex": 100,
    }
    [split] = answer.shared_costs
    assert (split.split_key, split.remark, split.unkeyed_owner_count) == ("outbound_bytes", "", 1)


def bucket(number: int, size_gb: str | None, tenant: str, deployment: str, **more: Any) -> Span:
    """A bucket for all of April."""
    told: dict[str, Any] = {"start": APRIL.start_at, "end": APRIL.end_at, **more}
    return Span(
        100 + number, kind="spaces_bucket", size_gb=size_gb, tenant_id=tenant,
        deployment=deployment, **told,
    )  # fmt: skip  # a table


async def test_the_cost_of_spaces_is_split_by_what_each_stored_and_for_how_long(
    analytics: Analytics,
) -> None:
    half = APRIL.start_at + timedelta(days=15)
    analytics.peers.spans = [
        *spans(("hooli", "site")),
        bucket(1, "100", "acme", "shop", end=half),
        bucket(1, "300", "acme", "shop", start=half),
        bucket(2, "50", "globex", "blog"),
        bucket(3, "50", "", ""),
    ]
    analytics.peers.cost_lines = [
        line("5.00", kind="spaces_bucket", classification="shared"),
        line("1.00", kind="spaces_bucket", classification="shared"),
    ]
    await analytics.attribute(PERIOD)

    answer = await analytics.margin(PERIOD)

    assert {(one.attribution, one.tenant_id): one.cogs_cents for one in answer.by_tenant} == {
        ("tenant", "acme"): 400,
        ("tenant", "globex"): 100,
        ("internal", ""): 100,
    }
    [split] = answer.shared_costs
    assert (split.kind, split.amount_usd, split.split_key, split.remark) == (
        "spaces_bucket",
        "6",
        "stored_gb_months",
        "",
    )


async def test_a_bucket_of_unknown_size_does_not_count_as_empty(analytics: Analytics) -> None:
    analytics.peers.spans = [bucket(1, "100", "acme", "shop"), bucket(2, None, "globex", "blog")]
    analytics.peers.cost_lines = [line("6.00", kind="spaces_bucket", classification="shared")]
    await analytics.attribute(PERIOD)

    answer = await analytics.margin(PERIOD)

    assert {one.tenant_id: one.cogs_cents for one in answer.by_tenant} == {
        "acme": 300,
        "globex": 300,
    }
    [split] = answer.shared_costs
    assert (split.split_key, split.remark) == (
        "bucket_time",
        "the size of 1 of 2 buckets is unknown",
    )
    await analytics.attribute(PERIOD)
    assert len((await analytics.margin(PERIOD)).shared_costs) == 1


async def test_shared_costs_without_a_droplet_are_shown_as_unattributed(
    analytics: Analytics,
) -> None:
    analytics.peers.cost_lines = [line("10.00", kind="bandwidth", classification="shared")]
    await analytics.attribute(PERIOD)
    answer = await analytics.margin(PERIOD)
    assert [(one.attribution, one.cogs_cents) for one in answer.by_tenant] == [
        ("unattributed", 1000)
    ]
    [split] = answer.shared_costs
    assert (split.split_key, split.remark) == (
        "none",
        "no outbound bytes are known; no droplet is known",
    )


async def test_thousands_of_odd_costs_add_up_to_the_providers_invoice(
    analytics: Analytics,
) -> None:
    owners = [("acme", "shop"), ("globex", "blog"), ("", ""), ("hooli", "site")]
    analytics.peers.spans = spans(*owners)
    lines = [line(f"0.00{number % 97 + 1}", number % 4 + 1) for number in range(300)]
    lines += [line("7.777", kind="bandwidth", classification="shared"), line("-1.23456")]
    analytics.peers.cost_lines = lines
    await analytics.attribute(PERIOD, size=37)
    answer = await analytics.margin(PERIOD)
    bill = sum(Decimal(one.amount_usd) for one in lines)
    assert answer.cogs_cents == round(bill * 100)
    for parts in (answer.by_tenant, answer.by_deployment):
        assert sum(one.cogs_cents for one in parts) == answer.cogs_cents
    assert sum(one.amount_cents for one in answer.by_kind.cogs) == answer.cogs_cents


async def test_attributing_again_replaces_the_month(analytics: Analytics) -> None:
    analytics.peers.spans = spans(("acme", "shop"))
    analytics.peers.cost_lines = [line("30.53", 1), line("1.00", 1)]
    await analytics.attribute(PERIOD)
    analytics.peers.cost_lines = [line("20.00", 1)]
    await analytics.attribute(PERIOD)
    assert (await analytics.margin(PERIOD)).cogs_cents == 2000


async def test_unknown_is_unknown_and_never_zero(analytics: Analytics) -> None:
    request = pb.GetMarginRequest(period=PERIOD)
    never = await analytics.margins.GetMargin(request, metadata=analytics.operator)
    computed = await analytics.margin(PERIOD)
    for answer in (never, computed):
        for field in ("revenue_cents", "cogs_cents", "margin_cents", "margin_percent"):
            assert not answer.HasField(field)
        assert (answer.revenue_state, answer.cogs_state) == ("unknown", "unknown")
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    answer = await analytics.margin(PERIOD)
    assert answer.revenue_cents == 7112
    assert not answer.HasField("cogs_cents")
    assert not answer.by_tenant[0].HasField("cogs_cents")
    assert not answer.by_tenant[0].HasField("margin_cents")


async def test_drafts_and_bills_not_ingested_make_it_provisional(analytics: Analytics) -> None:
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    await invoice(analytics.database, PERIOD, "globex", Billed(99), issued=False)
    analytics.peers.cost_lines = [line("1.00")]
    analytics.peers.costs_complete = False
    await analytics.attribute(PERIOD)
    answer = await analytics.margin(PERIOD)
    assert (answer.revenue_state, answer.cogs_state) == ("provisional", "provisional")
    assert answer.revenue_cents == 7112


async def rate(analytics: Analytics, rate: str, day: str, until: str = "", **more: str) -> Any:
    request = rates_pb.CreateExchangeRateRequest(
        from_currency="USD", to_currency="AUD", rate=rate, effective_from=day,
        effective_to=until, **more,
    )  # fmt: skip  # a table
    answer = await analytics.rates.CreateExchangeRate(request, metadata=analytics.operator)
    return answer.exchange_rate


async def test_costs_are_brought_to_the_reporting_currency_by_a_rate_that_is_named(
    analytics: Analytics,
) -> None:
    await rate(analytics, "1.5", "2026-01-01", source="rba")
    await rate(analytics, "1.6", "2026-04-15")
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    analytics.peers.spans = spans(("acme", "shop"))
    analytics.peers.cost_lines = [line("30.53", 1)]
    await analytics.attribute(PERIOD)
    answer = await analytics.margin(PERIOD)
    assert answer.cogs_cents == 4885  # 30.53 x 1.6, half up
    assert [one.rate for one in answer.conversion.exchange_rates] == ["1.6"]
    assert not answer.conversion.parity_assumed
    assert answer.conversion.reporting_currency == "AUD"


async def test_a_new_rate_ends_the_open_one_and_none_overlap(analytics: Analytics) -> None:
    await rate(analytics, "1.5", "2026-01-01")
    await rate(analytics, "1.6", "2026-04-15")
    listed = await analytics.rates.ListExchangeRates(
        rates_pb.ListExchangeRatesRequest(), metadata=analytics.operator
    )
    assert [(one.rate, one.effective_from, one.effective_to) for one in listed.exchange_rates] == [
        ("1.6", "2026-04-15", ""),
        ("1.5", "2026-01-01", "2026-04-15"),
    ]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await rate(analytics, "1.4", "2026-02-01")
    assert reason_of(refused.value) == "RATE_OVERLAPS"
    of_march = await analytics.rates.ListExchangeRates(
        rates_pb.ListExchangeRatesRequest(in_force_on="2026-03-01"), metadata=analytics.operator
    )
    assert [one.rate for one in of_march.exchange_rates] == ["1.5"]


async def test_a_rate_of_some_months_splits_an_open_one_that_continues_after_it(
    analytics: Analytics,
) -> None:
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    analytics.peers.spans = spans(("acme", "shop"))
    analytics.peers.cost_lines = [line("30.53", 1)]
    await analytics.attribute(PERIOD)
    open_one = await rate(analytics, "1.5", "2026-01-01")
    before = await analytics.margin(PERIOD)
    assert (before.cogs_cents, before.cogs_state) == (4580, "final")
    await rate(analytics, "1.7", "2026-02-01", "2026-04-01")
    # The rate of April is that of before, and nothing falls back to parity.
    after = await analytics.margin(PERIOD)
    assert (after.cogs_cents, after.cogs_state) == (4580, "final")
    assert [one.rate for one in after.conversion.exchange_rates] == ["1.5"]
    assert not after.conversion.parity_assumed
    listed = await analytics.rates.ListExchangeRates(
        rates_pb.ListExchangeRatesRequest(), metadata=analytics.operator
    )
    assert [(one.rate, one.effective_from, one.effective_to) for one in listed.exchange_rates] == [
        ("1.5", "2026-04-01", ""),
        ("1.7", "2026-02-01", "2026-04-01"),
        ("1.5", "2026-01-01", "2026-02-01"),
    ]
    assert listed.exchange_rates[2].id == open_one.id
    await rate(analytics, "1.6", "2026-04-30", "2026-05-01")
    assert (await analytics.margin(PERIOD)).cogs_cents == 4885


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"rate": "0"}, "rate"),
        ({"rate": "NaN"}, "rate"),
        ({"rate": "-1"}, "rate"),
        ({"from_currency": "usd"}, "from_currency"),
        ({"from_currency": "ABC"}, "from_currency"),
        ({"to_currency": "XAU"}, "to_currency"),
        ({"to_currency": "USD"}, "to_currency"),
        ({"effective_from": "yesterday"}, "effective_from"),
        ({"effective_to": "2025-01-01"}, "effective_to"),
    ],
)
async def test_an_invalid_rate_is_refused_with_the_field(
    analytics: Analytics, wrong: dict[str, str], field: str
) -> None:
    sane = {
        "from_currency": "USD",
        "to_currency": "AUD",
        "rate": "1.5",
        "effective_from": "2026-01-01",
    }
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.rates.CreateExchangeRate(
            rates_pb.CreateExchangeRateRequest(**{**sane, **wrong}), metadata=analytics.operator
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith(field)


async def test_shares_are_listed_page_by_page_with_the_most_revenue_first(
    analytics: Analytics,
) -> None:
    for number, (tenant, cents) in enumerate([("acme", 50), ("globex", 70), ("hooli", 60)], 1):
        await invoice(analytics.database, PERIOD, tenant, Billed(cents), number=number)
    analytics.peers.cost_lines = [line("1.00")]
    await analytics.attribute(PERIOD)
    first = await analytics.margin(PERIOD, page_size=2)
    assert [one.tenant_id for one in first.by_tenant] == ["globex", "hooli"]
    request = pb.ListMarginSharesRequest(
        period=PERIOD, group_by="tenant", page_token=first.by_tenant_next_page_token
    )
    rest = await analytics.margins.ListMarginShares(request, metadata=analytics.operator)
    assert [one.tenant_id or one.attribution for one in rest.margin_shares] == [
        "acme",
        "unattributed",
    ]
    request = pb.ListMarginSharesRequest(period=PERIOD, group_by="deployment", tenant_id="hooli")
    only = await analytics.margins.ListMarginShares(request, metadata=analytics.operator)
    assert [(one.tenant_id, one.revenue_cents) for one in only.margin_shares] == [("hooli", 60)]


async def test_two_tenants_equal_slugs_stay_apart_and_an_id_finds_what_stands_under_its_slug(
    analytics: Analytics,
) -> None:
    await invoice(analytics.database, PERIOD, "acme", Billed(5000))
    analytics.peers.deployments = []
    analytics.peers.spans = spans(("acme", "shop"), ("globex", "shop"))
    analytics.peers.cost_lines = [line("30.53", 1), line("7.00", 2)]
    await analytics.attribute(PERIOD)
    answer = await analytics.margin(PERIOD)
    by_deployment = {
        (one.tenant_id, one.deployment_id): one.cogs_cents
        for one in answer.by_deployment
        if one.deployment_id
    }
    assert by_deployment == {("acme", "shop"): 3053, ("globex", "shop"): 700}

    async def costs_of(**asked: str) -> list[int]:
        request = pb.GetMarginTrendRequest(from_period="2026-04", to_period="2026-04", **asked)
        trend = await analytics.margins.GetMarginTrend(request, metadata=analytics.operator)
        return [month.cogs_cents for month in trend.months]

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await costs_of(deployment_id="shop")
    assert (refused.value.details() or "").startswith("tenant_id")
    assert await costs_of(deployment_id="shop", tenant_id="globex") == [700]
    assert await costs_of(deployment_id=SHOP.id) == [0]
    analytics.peers.deployments = [SHOP]
    assert await costs_of(deployment_id=SHOP.id) == [3053]


async def test_the_trend_has_every_month_and_says_which_are_unknown(
    analytics: Analytics,
) -> None:
    await invoice(analytics.database, "2026-03-01", "acme", Billed(4000), number=1)
    await analytics.margin("2026-03-01")
    await invoice(analytics.database, PERIOD, "globex", Billed(7000), number=2)
    await analytics.margin(PERIOD)
    request = pb.GetMarginTrendRequest(from_period="2026-02", to_period="2026-04")
    trend = await analytics.margins.GetMarginTrend(request, metadata=analytics.operator)
    assert [(one.period, one.revenue_state) for one in trend.months] == [
        ("2026-02-01", "unknown"),
        ("2026-03-01", "final"),
        ("2026-04-01", "final"),
    ]
    assert not trend.months[0].HasField("revenue_cents")
    request = pb.GetMarginTrendRequest(from_period="2026-03", to_period="2026-04", tenant_id="acme")
    of_acme = await analytics.margins.GetMarginTrend(request, metadata=analytics.operator)
    assert [one.revenue_cents for one in of_acme.months] == [4000, 0]
    with pytest.raises(grpc.aio.AioRpcError):
        await analytics.margins.GetMarginTrend(
            pb.GetMarginTrendRequest(from_period="2020-01", to_period="2026-04"),
            metadata=analytics.operator,
        )


async def reconciled(analytics: Analytics) -> Any:
    request = pb.ListReconciliationDifferencesRequest(period=PERIOD)
    return await analytics.margins.ListReconciliationDifferences(
        request, metadata=analytics.operator
    )


async def test_the_three_books_of_a_closed_month_agree_or_each_difference_is_named(
    analytics: Analytics,
) -> None:
    late: datetime = APRIL.start_at + timedelta(days=20)
    analytics.peers.spans = [
        *spans(("acme", "shop"), ("acme", "shop"), ("acme", "shop"), ("acme", "shop")),
        Span(6, APRIL.start_at, APRIL.end_at),
        Span(5, APRIL.start_at, late),
        Span(5, late, APRIL.end_at, status="off"),
    ]
    analytics.peers.cost_lines = [
        line("6.00", 1),
        line("1.20", 1, description="web-1 backups"),
        line("5.00", 2, hours="600"),
        line("4.00", 3, hours="240", start_at=timestamp(late)),
        line("6.00", 5),
        line("2.00", 6, hours="480", end_at=timestamp(late)),
        line("4.00", 6, hours="240", start_at=timestamp(late)),
        line("9.00", match_state="unmatched"),
    ]
    await analytics.meter_month(APRIL)
    await analytics.close(PERIOD)
    await analytics.attribute(PERIOD)
    await analytics.margin(PERIOD)
    answer = await reconciled(analytics)
    assert (answer.agreed_count, answer.difference_count) == (2, 5)
    named = {
        one.resource_id[-1:] or one.name: (one.difference_type, one.billed_hours)
        for one in answer.differences
    }
    assert named == {
        "2": ("amount", "720"),
        "3": ("timing", "720"),
        "4": ("ours_only", "720"),
        "5": ("amount", "480"),
        "web-0": ("provider_only", ""),
    }
    assert answer.differences[0].provider_amount_usd == "9"


async def test_a_cost_matched_in_another_month_is_not_called_provider_only(
    analytics: Analytics,
) -> None:
    seen: datetime = APRIL.start_at + timedelta(days=10)
    after: datetime = APRIL.end_at + timedelta(days=9)
    analytics.peers.spans = [
        Span(1, seen, APRIL.end_at, kind="reserved_ip"),
        Span(2, APRIL.start_at, APRIL.end_at),
    ]
    analytics.peers.lives = {
        1: lookup_pb.Lifetime(lived_from=timestamp(seen), begin_unknown=True),
        3: lookup_pb.Lifetime(lived_from=timestamp(after), begin_unknown=True),
        4: lookup_pb.Lifetime(
            lived_from=timestamp(APRIL.start_at - timedelta(days=9)),
            lived_to=timestamp(APRIL.start_at - timedelta(days=2)),
        ),
    }
    for number, life in analytics.peers.lives.items():
        life.resource_id = str(UUID(int=number))
    analytics.peers.cost_lines = [
        line("4.00", 1, kind="reserved_ip"),
        line("6.00", 2),
        line("3.00", 3, kind="uptime_check", hours="24"),
        line("2.00", 3, kind="uptime_check", hours="24"),
        line("1.00", 4),
        line("0.50", 5),
    ]
    await analytics.meter_month(APRIL)
    await analytics.close(PERIOD)
    for size in (100, 1):
        await analytics.attribute(PERIOD, size=size)
        await analytics.margin(PERIOD)
        answer = await reconciled(analytics)
        assert [(one.resource_id[-1:], one.difference_type) for one in answer.differences] == [
            ("3", "begin_unknown"),
            ("1", "begin_unknown"),
            ("4", "timing"),
            ("5", "provider_only"),
        ]
        assert not answer.differences[0].HasField("inventory_hours")
        assert "2026-05-10 00:00" in answer.differences[0].explanation
    request = pb.ListReconciliationDifferencesRequest(
        period=PERIOD, difference_type="begin_unknown"
    )
    of_type = await analytics.margins.ListReconciliationDifferences(
        request, metadata=analytics.operator
    )
    assert len(of_type.differences) == 2
    looked_up = [
        one for one in analytics.peers.asked if isinstance(one, lookup_pb.LookupResourcesRequest)
    ]
    assert "2" not in {key.resource_id[-1:] for one in looked_up for key in one.keys}


async def test_a_month_of_which_an_invoice_was_issued_stays_closed(
    analytics: Analytics,
) -> None:
    await analytics.meter_month(APRIL)
    await analytics.close(PERIOD)
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.metering.ReopenMetering(
            metering_pb.ReopenMeteringRequest(period=PERIOD), metadata=analytics.worker
        )
    assert reason_of(refused.value) == "INVOICES_ISSUED"


async def test_a_month_that_is_not_closed_is_not_reconciled(analytics: Analytics) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await reconciled(analytics)
    assert reason_of(refused.value) == "METERING_OPEN"
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_bill_that_changes_between_pages_is_aborted(analytics: Analytics) -> None:
    analytics.peers.cost_lines = [line("1.00"), line("2.00")]
    analytics.peers.abort_costs_at = "1"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.attribute(PERIOD, size=1)
    assert refused.value.code() is grpc.StatusCode.ABORTED
    assert not (await analytics.margin(PERIOD)).HasField("cogs_cents")


async def unsettled(analytics: Analytics) -> list[str]:
    request = attribution_pb.GetUnsettledMonthsRequest(before="2026-05-01")
    answer = await analytics.attribution.GetUnsettledMonths(request, metadata=analytics.worker)
    return list(answer.periods)


async def computed(analytics: Analytics, period: str) -> None:
    """A month's margin with an invoice and a bill, final."""
    number = int(period[5:7])
    await invoice(analytics.database, period, "acme", Billed(5000), number=number)
    analytics.peers.cost_lines = [line("10.00", period=period)]
    await analytics.attribute(period)
    answer = await analytics.margin(period)
    assert (answer.revenue_state, answer.cogs_state) == ("final", "final")


async def test_re_ingesting_or_re_matching_a_bill_makes_its_month_due_again(
    analytics: Analytics,
) -> None:
    for period in ("2026-01-01", "2026-02-01", "2026-03-01"):
        await computed(analytics, period)
    assert await unsettled(analytics) == []
    analytics.peers.bills["2026-02-01"] = "2"
    assert await unsettled(analytics) == ["2026-02-01"]
    # Brought to its owners, but the margin was not computed: it is still due.
    await analytics.attribute("2026-02-01")
    assert await unsettled(analytics) == ["2026-02-01"]
    await analytics.margin("2026-02-01")
    assert await unsettled(analytics) == []


async def test_months_that_wait_come_in_turn_the_longest_untouched_first(
    analytics: Analytics,
) -> None:
    months = [f"2025-{month:02}-01" for month in range(1, 13)] + ["2026-01-01", "2026-02-01"]
    for period in months:
        await analytics.margin(period)
        analytics.peers.bills[period] = ""
    assert await unsettled(analytics) == months[:12]
    for period in months[:12]:
        await analytics.margin(period)
    assert await unsettled(analytics) == [*months[12:], *months[:10]]


async def test_a_rate_that_is_set_for_the_past_makes_the_months_since_provisional(
    analytics: Analytics,
) -> None:
    for period in ("2026-01-01", "2026-02-01", "2026-03-01"):
        await computed(analytics, period)
    with pytest.raises(grpc.aio.AioRpcError):
        await rate(analytics, "0", "2026-01-01")
    assert await unsettled(analytics) == []
    await rate(analytics, "1.5", "2026-02-28")
    assert await unsettled(analytics) == ["2026-02-01", "2026-03-01"]
    request = pb.GetMarginRequest(period="2026-02-01")
    told = await analytics.margins.GetMargin(request, metadata=analytics.operator)
    assert (told.revenue_state, told.cogs_state, told.cogs_cents) == (
        "provisional",
        "provisional",
        1000,
    )
    assert (await analytics.margin("2026-02-01")).cogs_cents == 1500
    assert await unsettled(analytics) == ["2026-03-01"]
