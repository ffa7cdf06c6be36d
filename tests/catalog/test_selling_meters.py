"""Event meters sold: by plan items, addons, resource prices and rules, in quotes and bills."""

from typing import Any

import pytest
from arcadia.catalog.v1 import catalog_service_pb2 as catalog_pb
from arcadia.catalog.v1 import draft_pricing_service_pb2 as draft_pb
from arcadia.catalog.v1 import meter_service_pb2 as pb
from arcadia.catalog.v1 import pricing_service_pb2 as pricing_pb
from arcadia.catalog.v1 import quote_service_pb2 as quote_pb
from arcadia.catalog.v1 import quotes_pb2
from arcadia.catalog.v1 import rebilling_service_pb2 as rebilling_pb
from arcadia.catalog.v1.draft_pricing_service_pb2_grpc import DraftPricingServiceStub
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Value

from tests.catalog.shop import Shop, refusal
from tests.catalog.test_meter_documents import AI, apply
from tests.catalog.test_meters import add_meter, state_cost
from tests.inventory.account import reason_of, violated_field

METER = AI.split("plans:")[0]


async def quote(shop: Shop, token: Any = None, **said: Any) -> quotes_pb2.Quote:
    request = ParseDict({"plan_code": "ai", **said}, quote_pb.CreateQuoteRequest())
    return await shop.quotes.CreateQuote(request, metadata=token or shop.acme)


async def verified(shop: Shop, made: quotes_pb2.Quote) -> bool:
    request = quote_pb.VerifyQuoteRequest(id=made.id)
    answer = await shop.quotes.VerifyQuote(request, metadata=shop.acme)
    return answer.verification.verified


def used(kind: str, qty: str, **dimensions: str) -> pricing_pb.UsageSeries:
    run = pricing_pb.UsageRun(first_day="2026-04-10", days=1, qty=qty)
    return pricing_pb.UsageSeries(resource_kind=kind, runs=[run], dimensions=dimensions)


async def billed(
    shop: Shop, *series: pricing_pb.UsageSeries, engine_version: str = ""
) -> pricing_pb.BatchQuoteResult:
    shop.clock.set("2026-04-01")
    subscription = await shop.subscribe((await shop.deploy()).id, "ai")
    request = pricing_pb.BatchQuoteRequest(
        period_start="2026-04-01",
        period_end="2026-05-01",
        items=[
            pricing_pb.BatchQuoteItem(
                subscription_id=subscription.id, usage=series, engine_version=engine_version
            )
        ],
    )
    async for answer in shop.pricing.BatchQuote(request, metadata=shop.program("analytics")):
        return answer.results[0]
    raise AssertionError("no answer")


async def test_a_plan_item_with_an_event_meter_is_quoted_and_its_proof_verified(
    shop: Shop,
) -> None:
    await apply(shop, AI)
    made = await quote(shop, projected_usage={"gpu_seconds": 5400})

    [line] = made.overage
    assert (line.qty, line.unit, line.amount_cents) == ("1.5", "hour", 750)
    assert line.meta["meter_name"] == "GPU seconds"
    assert await verified(shop, made)
    # A meter keeps what it meant, whatever it is called later.
    renaming = pb.UpdateMeterRequest(code="gpu_seconds", name="GPU time")
    await shop.meters.UpdateMeter(renaming, metadata=shop.operator)
    assert await verified(shop, made)
    again = await quote(shop, projected_usage={"gpu_seconds": 5400})
    assert again.overage[0].meta["meter_name"] == "GPU time"


async def test_a_resource_price_of_an_event_meter_takes_its_dimension(shop: Shop) -> None:
    await apply(
        shop,
        METER + "plans: [{code: ai, name: AI, price_cents: 1000, currency: AUD, items: []}]\n"
        "resource_prices:" + AI.split("resource_prices:")[1],
    )
    usage = [{"model": "h100", "qty": 1000}]
    made = await quote(shop, projected_usage={"gpu_seconds": usage}, starts_on="2026-04-10")

    [line] = made.ad_hoc
    assert (line.qty, line.unit, line.amount_cents) == ("1000", "second", 200)
    assert await verified(shop, made)
    wrong = quote(shop, projected_usage={"gpu_seconds": [{"size": "h100", "qty": 1}]})
    assert await refusal(wrong, violated_field) == (
        "INVALID_ARGUMENT", "projected_usage.gpu_seconds[0].size"
    )  # fmt: skip


async def test_a_month_of_an_event_meter_is_billed_with_its_addon(shop: Shop) -> None:
    await apply(shop, AI)
    result = await billed(shop, used("gpu_seconds", "7200"), used("gpu_seconds", "1", model="a10"))
    [line] = result.quote.overage
    assert (line.meta["used"], line.amount_cents) == ("7201", 1000)
    answer = await shop.pricing.VerifyProofs(
        pricing_pb.VerifyProofsRequest(proofs=[result.quote.proof]),
        metadata=shop.program("analytics"),
    )
    assert answer.verifications[0].verified
    request = pricing_pb.ListBillableSubscriptionsRequest(
        period_start="2026-04-01", period_end="2026-05-01"
    )
    listed = await shop.pricing.ListBillableSubscriptions(
        request, metadata=shop.program("analytics")
    )
    assert "gpu_seconds" in listed.billable_subscriptions[0].sold_kinds


async def test_usage_of_an_event_meter_is_valued_and_simulated(shop: Shop) -> None:
    await apply(shop, METER + "resource_prices:" + AI.split("resource_prices:")[1])
    series = [used("gpu_seconds", "1000", model="h100")]
    request = pricing_pb.ValueUsageRequest(currency="AUD", usage=series)
    answer = await shop.pricing.ValueUsage(request, metadata=shop.program("analytics"))
    assert answer.values[0].runs[0].value == "200"
    await apply(shop, "plans: [{code: ai, name: AI, price_cents: 1000, currency: AUD, items: []}]")
    result = await billed(shop)
    frozen = draft_pb.SimulateQuotesItem(
        inputs_json=result.quote.proof.inputs_json,
        engine_version=result.quote.proof.engine_version,
        unsold_usage=[used("gpu_seconds", "7200")],
    )
    simulation = draft_pb.SimulateQuotesRequest(items=[frozen], document=AI)
    priced = await simulated(shop, simulation)
    assert dict(priced.meter_amounts) == {"plan_base": 1000, "gpu_seconds": 1000}


async def simulated(shop: Shop, request: draft_pb.SimulateQuotesRequest) -> Any:
    stub: Any = DraftPricingServiceStub(shop.channel)
    async for answer in stub.SimulateQuotes(request, metadata=shop.program("analytics")):
        return answer.results[0]
    raise AssertionError("no answer")


@pytest.mark.parametrize("kind", ["gpu_seconds", "gpus"])
async def test_an_unknown_or_retired_meter_is_refused_by_its_field(shop: Shop, kind: str) -> None:
    await apply(shop, METER)
    request = pb.RetireMeterRequest(code="gpu_seconds")
    await shop.meters.RetireMeter(request, metadata=shop.operator)
    of_plan = {"plan_code": "studio", "price_cents": 1, "currency": "AUD"}
    item = {"resource_kind": kind, "overage_unit": "second"}
    price = {"unit": "second", "unit_price_cents": "1", "effective_from": "2026-05-01"}
    addon = {"qty": "1", "price_cents": 1}
    code = {"code": "more", "currency": "AUD"}
    rule: dict[str, Any] = {"basis": "list", "percent": "1", "effective_from": "2026-05-01", **code}
    rule["match"] = {"meter": kind}
    catalog, rebilling = shop.catalog, shop.rebilling
    calls: dict[str, Any] = {
        "items[0].resource_kind": catalog.CreatePlanVersion(
            ParseDict({**of_plan, "items": [item]}, catalog_pb.CreatePlanVersionRequest()),
            metadata=shop.operator,
        ),
        "resource_kind": catalog.CreateAddon(
            ParseDict({**code, **addon, "resource_kind": kind}, catalog_pb.CreateAddonRequest()),
            metadata=shop.operator,
        ),
        "match.meter": rebilling.CreateRebillingRule(
            ParseDict(
                {**rule, "match": {"meter": kind}}, rebilling_pb.CreateRebillingRuleRequest()
            ),
            metadata=shop.operator,
        ),
    }
    for field, call in calls.items():
        assert await refusal(call, violated_field) == ("INVALID_ARGUMENT", field)
    asked = ParseDict(
        {**price, "currency": "AUD", "resource_kind": kind},
        catalog_pb.CreateResourcePriceRequest(),
    )
    call = catalog.CreateResourcePrice(asked, metadata=shop.operator)
    reason = {"gpus": "UNKNOWN_KIND", "gpu_seconds": "METER_RETIRED"}[kind]
    assert await refusal(call, reason_of) == ("INVALID_ARGUMENT", reason)


async def test_unknown_usage_is_refused_by_its_field(shop: Shop) -> None:
    await apply(shop, AI)
    call = quote(shop, projected_usage={"gpus": 1})
    assert await refusal(call, violated_field) == ("INVALID_ARGUMENT", "projected_usage.gpus")
    result = await billed(shop, used("gpus", "1"))
    assert (result.failure.reason, "usage[0].resource_kind" in result.failure.message) == (
        "UNKNOWN_KIND", True
    )  # fmt: skip
    listing = catalog_pb.ListAddonsRequest(resource_kind="gpus")
    listed = shop.catalog.ListAddons(listing, metadata=shop.acme)
    assert await refusal(listed, violated_field) == ("INVALID_ARGUMENT", "resource_kind")
    listing = catalog_pb.ListAddonsRequest(resource_kind="gpu_seconds")
    assert len((await shop.catalog.ListAddons(listing, metadata=shop.acme)).addons) == 1


@pytest.mark.parametrize(
    ("document", "needed"),
    [
        (AI.split("addons:")[0], "version 1 of the plan ai"),
        (METER + "addons:" + AI.split("addons:")[1].split("resource_prices")[0], "the addon"),
        (METER + "resource_prices:" + AI.split("resource_prices:")[1], "the resource price in AUD"),
    ],
)
async def test_a_meter_that_something_needs_is_not_retired(
    shop: Shop, document: str, needed: str
) -> None:
    await apply(shop, document)
    call = shop.meters.RetireMeter(
        pb.RetireMeterRequest(code="gpu_seconds"), metadata=shop.operator
    )
    status, said = await refusal(call, lambda error: error.details() or "")
    assert (status, needed in said) == ("FAILED_PRECONDITION", True)


async def test_a_rule_needs_its_meter_until_it_ends(shop: Shop) -> None:
    await add_meter(shop)
    rule = rebilling_pb.CreateRebillingRuleRequest(
        code="calls", basis="list", percent="1", currency="AUD", effective_from="2026-04-01",
        match={"meter": Value(string_value="api_calls")},
    )  # fmt: skip
    await shop.rebilling.CreateRebillingRule(rule, metadata=shop.operator)
    retiring = pb.RetireMeterRequest(code="api_calls")
    call = shop.meters.RetireMeter(retiring, metadata=shop.operator)
    assert await refusal(call, reason_of) == ("FAILED_PRECONDITION", "METER_NEEDED")
    shop.clock.set("2026-04-20")
    ending = rebilling_pb.EndRebillingRuleRequest(code="calls", effective_to="2026-05-01")
    await shop.rebilling.EndRebillingRule(ending, metadata=shop.operator)
    shop.clock.set("2026-05-01")
    assert (await shop.meters.RetireMeter(retiring, metadata=shop.operator)).meter.retired


async def test_history_of_a_retired_meter_keeps_its_meaning(shop: Shop) -> None:
    ended = AI.split("resource_prices:")[1].replace(
        "effective_from: 2026-04-01,", "effective_from: 2026-04-01, effective_to: 2026-05-01,"
    )
    await apply(
        shop, METER + "plans: [{code: ai, name: AI, price_cents: 1, currency: AUD, items: []}]\n"
        "resource_prices:" + ended,
    )  # fmt: skip
    shop.clock.set("2026-05-02")
    await shop.meters.RetireMeter(pb.RetireMeterRequest(code="gpu_seconds"), metadata=shop.operator)
    result = await billed(shop, used("gpu_seconds", "1000", model="h100"))
    assert [line.amount_cents for line in result.quote.ad_hoc] == [200]


async def test_an_event_meter_priced_below_its_stated_cost_is_reported_to_operators(
    shop: Shop,
) -> None:
    await apply(shop, AI)
    await state_cost(
        shop, "gpu_seconds", unit="hour", unit_cost_cents="600", currency="AUD",
        effective_from="2026-04-01",
    )  # fmt: skip
    made = await quote(shop, shop.operator, projected_usage={"gpu_seconds": 36000})
    assert (made.all_in_monthly_cents, made.margin_guard.cost_cents) == (6000, 6000)
    assert made.margin_guard.below_floor
    earlier = await quote(
        shop, shop.operator, projected_usage={"gpu_seconds": 36000}, starts_on="2026-03-31"
    )
    assert list(earlier.margin_guard.unknown_kinds) == ["gpu_seconds"]


async def test_llm_tokens_priced_below_their_stated_cost_are_reported_to_operators(
    shop: Shop,
) -> None:
    """A million tokens at 1 cent per 1,000 earn 1,000 cents, and cost 1,500, beside the hours."""
    tokens = "{resource_kind: llm_tokens, overage_unit: 1k_tokens, overage_price_cents: 1}"
    await apply(
        shop,
        METER
        + "plans: [{code: ai, name: AI, price_cents: 0, currency: AUD, items: ["
        + tokens
        + ", {resource_kind: gpu_seconds, overage_unit: hour, overage_price_cents: 1}]}]",
    )
    usage = {"llm_tokens": 1_000_000}
    unstated = await quote(shop, shop.operator, projected_usage=usage)
    assert list(unstated.margin_guard.unknown_kinds) == ["llm_tokens"]
    await state_cost(
        shop, "llm_tokens", unit="1k_tokens", unit_cost_cents="1.5", currency="AUD",
        effective_from="2026-04-01",
    )  # fmt: skip
    made = await quote(shop, shop.operator, projected_usage=usage)
    assert (made.all_in_monthly_cents, made.margin_guard.cost_cents) == (1000, 1500)
    assert (made.margin_guard.margin_cents, made.margin_guard.below_floor) == (-500, True)
    earlier = await quote(shop, shop.operator, projected_usage=usage, starts_on="2026-03-31")
    assert list(earlier.margin_guard.unknown_kinds) == ["llm_tokens"]
    await state_cost(shop, "gpu_seconds", unit="hour", unit_cost_cents="100", currency="AUD")
    both = await quote(shop, shop.operator, projected_usage=usage | {"gpu_seconds": 7200})
    assert both.margin_guard.cost_cents == 1700


async def test_a_subscription_is_quoted_with_a_meter_that_is_newer_than_the_price_list(
    shop: Shop,
) -> None:
    await apply(shop, "plans: [{code: ai, name: AI, price_cents: 1, currency: AUD, items: []}]")
    shop.clock.set("2026-04-01")
    held = await shop.subscribe((await shop.deploy()).id, "ai")
    await quote(shop)  # the price list is read
    await apply(shop, AI.split("addons:")[0])
    request = ParseDict(
        {"subscription_id": held.id, "plan_code": "ai", "plan_version": 2,
         "projected_usage": {"gpu_seconds": 3600}},
        quote_pb.CreateQuoteRequest(),
    )  # fmt: skip
    made = await shop.quotes.CreateQuote(request, metadata=shop.operator)
    assert [line.amount_cents for line in made.overage] == [500]


async def test_engine_1_refuses_a_meter_that_it_did_not_know(shop: Shop) -> None:
    """Late usage of a month that engine 1 billed fails alone, with its reason."""
    await apply(shop, AI)
    result = await billed(shop, used("gpu_seconds", "7200"), engine_version="1")
    assert result.failure.reason == "KIND_UNKNOWN_TO_ENGINE"
