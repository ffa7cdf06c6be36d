"""The running month: the quote engine over the usage so far, and daily costs beside it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import grpc
import pytest
from arcadia.analytics.v1 import attribution_service_pb2 as attribution_pb
from arcadia.analytics.v1 import margin_service_pb2 as pb
from arcadia.billing.v1 import costs_pb2
from arcadia.catalog.v1 import pricing_service_pb2 as pricing_pb
from arcadia.catalog.v1 import quotes_pb2
from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceStub

from services.analytics.catalog_client import billable, items_of, quote
from services.analytics.usage.store.periods import usage_of_period
from services.common.identity.callers import ALL
from services.common.rpc.clients import connect
from services.common.settings import Service
from services.common.values.periods import Period, month_of
from tests.analytics.account import Analytics, event, reason_of, today
from tests.analytics.peers import BLOG, SHOP, Span, at


def this_month() -> Period:
    return month_of(today())


def studio(item: pricing_pb.BatchQuoteItem) -> pricing_pb.BatchQuoteResult:
    """50 dollars a month, and a cent for a token; globex cannot be priced."""
    if item.subscription_id == BLOG.subscription_id:
        failure = pricing_pb.QuoteFailure(reason="NO_PRICE_IN_FORCE", message="none")
        return pricing_pb.BatchQuoteResult(subscription_id=item.subscription_id, failure=failure)
    tokens = sum(
        int(run.qty) * run.days
        for used in item.usage
        if used.resource_kind == "llm_tokens"
        for run in used.runs
    )
    base = quotes_pb2.QuoteLine(kind="plan_base", amount_cents=5000)
    made = quotes_pb2.Quote(
        recurring=[base], first_invoice=[base], recurring_cents=5000, first_invoice_cents=5000,
        currency="AUD", overage_cents=tokens,
        overage=[
            quotes_pb2.QuoteLine(kind="overage", resource_kind="llm_tokens", amount_cents=tokens)
        ],
        proof=quotes_pb2.Proof(
            inputs_json="{}", inputs_hash="|".join(used.facts_hash for used in item.usage),
            engine_version="1", result_hash="r",
        ),
    )  # fmt: skip  # a table
    return pricing_pb.BatchQuoteResult(subscription_id=item.subscription_id, quote=made)


async def accrue(analytics: Analytics, *, size: int = 0) -> list[Any]:
    key, token, answers = analytics.next_key(), "", []
    while True:
        request = attribution_pb.RefreshAccrualRequest(
            period=this_month().start.isoformat(), pass_key=key, page_size=size, page_token=token
        )
        answer = await analytics.attribution.RefreshAccrual(request, metadata=analytics.worker)
        answers.append(answer)
        if not (token := answer.next_page_token):
            return answers


async def attribute_days(analytics: Analytics, days: Period) -> Any:
    key, token = analytics.next_key(), ""
    while True:
        request = attribution_pb.AttributeDailyCostsRequest(
            from_day=days.start.isoformat(),
            to_day=days.end.isoformat(),
            pass_key=key,
            page_token=token,
        )
        answer = await analytics.attribution.AttributeDailyCosts(request, metadata=analytics.worker)
        if not (token := answer.next_page_token):
            return answer


async def read(analytics: Analytics) -> Any:
    return await analytics.margins.GetAccrual(pb.GetAccrualRequest(), metadata=analytics.operator)


def daily(amount: str, resource: int) -> costs_pb2.DailyCost:
    return costs_pb2.DailyCost(
        day=this_month().start.isoformat(), kind="droplet", classification="resource",
        match_state="matched", resource_id=str(UUID(int=resource)), amount_usd=amount,
    )  # fmt: skip  # a table


async def test_the_accrual_is_what_the_invoice_would_be_now_beside_the_daily_costs(
    analytics: Analytics,
) -> None:
    first_day = this_month().start
    analytics.peers.price = studio
    analytics.peers.spans = [Span(1, this_month().start_at, at("2199-01-01"))]
    analytics.peers.daily_costs = [daily("1.25", 1), daily("0.75", 2)]
    await analytics.meter(first_day.isoformat())
    await analytics.send(event("a", qty="12", day=first_day.isoformat()))
    await attribute_days(analytics, Period(first_day, first_day + timedelta(days=1)))
    [answered] = await accrue(analytics)
    assert (answered.priced_count, answered.failed_count) == (1, 1)

    accrual = await read(analytics)
    assert accrual.period == first_day.isoformat()
    # Who cannot be priced is parked by name, and stops nobody else.
    assert [(one.tenant_id, one.deployment_id, one.reason) for one in accrual.failures] == [
        ("globex", BLOG.id, "NO_PRICE_IN_FORCE")
    ]
    assert (accrual.revenue_cents, accrual.cogs_cents, accrual.margin_cents) == (5012, 200, 4812)
    assert accrual.costs_until == first_day.isoformat()
    assert accrual.HasField("usage_until")
    assert {one.kind: one.amount_cents for one in accrual.by_kind.revenue} == {
        "plan_base": 5000,
        "llm_tokens": 12,
    }
    assert {(one.attribution, one.tenant_id): one.cogs_cents for one in accrual.by_tenant} == {
        ("tenant", "acme"): 125,
        ("internal", ""): 75,
    }


async def test_unknown_costs_of_the_running_month_are_unknown(analytics: Analytics) -> None:
    nothing = await read(analytics)
    assert not nothing.HasField("revenue_cents")
    analytics.peers.price = studio
    await accrue(analytics)
    accrual = await read(analytics)
    assert accrual.revenue_cents == 5000
    assert not accrual.HasField("cogs_cents")
    assert not accrual.HasField("margin_cents")


async def test_the_accrual_asks_for_the_same_quotes_as_the_roll_up(analytics: Analytics) -> None:
    analytics.peers.price = studio
    period = this_month()
    await analytics.send(event("a", qty="12", day=period.start.isoformat()))
    await accrue(analytics)
    asked = [one for one in analytics.peers.asked if isinstance(one, pricing_pb.BatchQuoteRequest)]
    async with connect(analytics.settings, Service.CATALOG, caller="analytics") as channel:
        catalog = PricingServiceStub(channel)
        page = await billable(catalog, period, page_size=200, page_token="")
        async with analytics.database.read(ALL) as session:
            tenants = sorted({one.subscription.tenant_id for one in page.billable_subscriptions})
            usage = await usage_of_period(session, period, tenants)
        items = items_of(page.billable_subscriptions, usage)
        outcomes = await quote(catalog, period, items)
    again = [one for one in analytics.peers.asked if isinstance(one, pricing_pb.BatchQuoteRequest)]
    assert again == [*asked, *asked]
    [listed] = await listing(analytics)
    rolled_up = next(one.quote for one in outcomes if one.quote is not None)
    assert listed.accrued_cents == rolled_up.first_invoice_cents + rolled_up.overage_cents
    assert listed.inputs_hash == rolled_up.proof.inputs_hash != ""


async def test_accruals_are_listed_by_tenant_and_deployment(analytics: Analytics) -> None:
    analytics.peers.price = lambda item: studio(
        pricing_pb.BatchQuoteItem(subscription_id=SHOP.subscription_id, usage=item.usage)
    )
    await accrue(analytics, size=1)
    listed = await listing(analytics)
    assert [(one.tenant_id, one.deployment_id) for one in listed] == [
        ("acme", SHOP.id),
        ("globex", BLOG.id),
    ]
    assert [one.tenant_id for one in await listing(analytics, tenant_id="globex")] == ["globex"]
    await accrue(analytics)
    assert len(await listing(analytics)) == 2


async def test_daily_costs_are_of_one_month(analytics: Analytics) -> None:
    month = this_month()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await attribute_days(analytics, Period(month.start, month.end + timedelta(days=1)))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(refused.value) == "OUT_OF_RANGE"


async def listing(analytics: Analytics, **wanted: Any) -> list[Any]:
    answer = await analytics.margins.ListAccruals(
        pb.ListAccrualsRequest(**wanted), metadata=analytics.operator
    )
    return list(answer.accruals)
