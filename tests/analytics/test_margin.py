"""The margin of a month adds up to the provider's invoice and the tenants', to the cent."""

from decimal import Decimal

import grpc
import pytest
from arcadia.analytics.v1 import margin_service_pb2 as pb

from tests.analytics.account import Analytics
from tests.analytics.april import PERIOD, STUDIO, computed, line, shares, spans, unsettled
from tests.analytics.peers import SHOP
from tests.analytics.revenue import Billed, invoice


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
