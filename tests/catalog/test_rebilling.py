"""Rebilling rules over the API, and quotes and bills that are priced by them."""

from typing import Any

import pytest
from arcadia.catalog.v1 import catalog_service_pb2 as catalog_pb
from arcadia.catalog.v1 import list_price_service_pb2 as list_pb
from arcadia.catalog.v1 import pricing_service_pb2 as pricing_pb
from arcadia.catalog.v1 import quote_service_pb2 as quote_pb
from arcadia.catalog.v1 import rebilling_service_pb2 as pb

from tests.catalog.shop import Shop, refusal
from tests.inventory.account import reason_of

METAL = """
plans:
  - {code: metal, name: Metal, price_cents: 1000, currency: USD, items: []}
"""


def rule(code: str = "cost_plus", **said: Any) -> pb.CreateRebillingRuleRequest:
    match = said.pop("match", {"meter": ["droplet_hours", "volume_gb_month"]})
    said = {"basis": "list", "percent": "20", "currency": "USD"} | said
    said.setdefault("effective_from", "2026-04-01")
    request = pb.CreateRebillingRuleRequest(code=code, **said)
    for key, value in match.items():
        if isinstance(value, str):
            request.match[key].string_value = value
        else:
            request.match[key].list_value.extend(value)
    return request


async def set_rule(shop: Shop, code: str = "cost_plus", **said: Any) -> pb.RebillingRule:
    answer = await shop.rebilling.CreateRebillingRule(rule(code, **said), metadata=shop.operator)
    return answer.rebilling_rule


async def listed(shop: Shop, **said: Any) -> list[pb.RebillingRule]:
    request = pb.ListRebillingRulesRequest(**said)
    answer = await shop.rebilling.ListRebillingRules(request, metadata=shop.operator)
    return list(answer.rebilling_rules)


async def stock(shop: Shop) -> None:
    """A plan in USD without items, and the list prices."""
    request = catalog_pb.ApplyCatalogRequest(document=METAL)
    await shop.catalog.ApplyCatalog(request, metadata=shop.operator)
    told = list_pb.RecordListPricesRequest(
        provider="digitalocean",
        on="2026-04-01",
        recorded_by="sync",
        prices=[
            list_pb.ListedPrice(
                meter="droplet_hours", dimensions={"size": size}, usd=usd, per_qty="672"
            )
            for size, usd in (("s-2vcpu-4gb", "24"), ("gpu-h100x1-80gb", "2278.08"))
        ],
    )
    await shop.list_prices.RecordListPrices(told, metadata=shop.worker)


def usage(hours: str, size: str) -> pricing_pb.UsageSeries:
    return pricing_pb.UsageSeries(
        resource_kind="droplet_hours",
        runs=[pricing_pb.UsageRun(first_day="2026-04-01", days=30, qty=hours)],
        dimensions={"size": size},
    )


async def billed(shop: Shop, subscription_id: str, *series: pricing_pb.UsageSeries) -> Any:
    request = pricing_pb.BatchQuoteRequest(
        period_start="2026-04-01",
        period_end="2026-05-01",
        items=[pricing_pb.BatchQuoteItem(subscription_id=subscription_id, usage=series)],
    )
    program = shop.program("analytics")
    async for answer in shop.pricing.BatchQuote(request, metadata=program):
        [result] = answer.results
        return result
    raise AssertionError("no answer")


async def test_a_month_is_billed_at_list_price_plus_twenty_percent(shop: Shop) -> None:
    await stock(shop)
    await set_rule(shop)
    shop.clock.set("2026-04-01")
    deployment = await shop.deploy()
    subscription = await shop.subscribe(deployment.id, "metal")
    result = await billed(
        shop, subscription.id, usage("24", "s-2vcpu-4gb"), usage("48", "gpu-h100x1-80gb")
    )

    amounts = {line.dimensions["size"]: line.amount_cents for line in result.quote.rebilled}
    # 720 h at 24 USD and 1,440 h at 2,278.08 USD for 672, plus 20 %.
    assert amounts == {"s-2vcpu-4gb": 3086, "gpu-h100x1-80gb": 585_792}
    assert result.quote.rebilled_cents == sum(amounts.values())
    assert result.quote.all_in_monthly_cents == 1000 + sum(amounts.values())
    proof = pricing_pb.VerifyProofsRequest(proofs=[result.quote.proof])
    answer = await shop.pricing.VerifyProofs(proof, metadata=shop.program("analytics"))
    assert answer.verifications[0].verified


async def test_a_meter_priced_from_cost_alone_is_sold(shop: Shop) -> None:
    await stock(shop)
    await set_rule(shop, match={"meter": "volume_gb_month"})
    shop.clock.set("2026-04-01")
    subscription = await shop.subscribe((await shop.deploy()).id, "metal")
    request = pricing_pb.ListBillableSubscriptionsRequest(
        period_start="2026-04-01", period_end="2026-05-01"
    )
    answer = await shop.pricing.ListBillableSubscriptions(
        request, metadata=shop.program("analytics")
    )
    [one] = answer.billable_subscriptions

    assert one.subscription.id == subscription.id
    assert list(one.sold_kinds) == ["volume_gb_month"]


async def test_a_preview_is_priced_by_the_rules_and_follows_their_changes(shop: Shop) -> None:
    await stock(shop)
    await set_rule(shop)
    request = quote_pb.CreateQuoteRequest(plan_code="metal", starts_on="2026-04-01")
    request.projected_usage["volume_gb_month"].number_value = 100
    first = await shop.quotes.CreateQuote(request, metadata=shop.acme)
    await set_rule(shop, percent="50")
    second = await shop.quotes.CreateQuote(request, metadata=shop.acme)

    assert (first.rebilled_cents, second.rebilled_cents) == (1200, 1500)
    # A tenant sees the rule by its id alone.
    assert set(first.rebilled[0].meta) == {"list_price_id", "rebilling_rule_id"}
    read = await shop.quotes.GetQuote(quote_pb.GetQuoteRequest(id=first.id), metadata=shop.acme)
    assert read.quote.rebilled_cents == 1200


async def test_a_rule_is_for_its_months_its_tenant_and_its_currency(shop: Shop) -> None:
    await stock(shop)
    await set_rule(shop, "later", effective_from="2026-05-01")
    await set_rule(shop, "globex", match={"tenant": "globex", "meter": "volume_gb_month"})
    await set_rule(shop, "aud", currency="AUD")
    request = quote_pb.CreateQuoteRequest(plan_code="metal", starts_on="2026-04-01")
    request.projected_usage["volume_gb_month"].number_value = 100

    status, reason = await refusal(
        shop.quotes.CreateQuote(request, metadata=shop.acme), lambda error: error.details() or ""
    )
    assert (status, "no price in force" in reason) == ("FAILED_PRECONDITION", True)
    theirs = await shop.quotes.CreateQuote(request, metadata=shop.tenant("globex"))
    assert theirs.rebilled_cents == 1200


async def test_a_rule_of_the_same_code_follows_and_an_end_is_an_end(shop: Shop) -> None:
    await set_rule(shop)
    await set_rule(shop, percent="30", effective_from="2026-06-01")
    ended = pb.EndRebillingRuleRequest(code="cost_plus", effective_to="2026-08-01")
    await shop.rebilling.EndRebillingRule(ended, metadata=shop.operator)

    assert [(one.percent, one.effective_from, one.effective_to) for one in await listed(shop)] == [
        ("30", "2026-06-01", "2026-08-01"),
        ("20", "2026-04-01", "2026-06-01"),
    ]
    assert await listed(shop, in_force_on="2026-08-01") == []


async def test_two_rules_that_tie_are_refused_and_both_are_named(shop: Shop) -> None:
    await set_rule(shop, "of_acme", match={"tenant": "acme", "meter": "droplet_hours"})
    status, told = await refusal(
        shop.rebilling.CreateRebillingRule(
            rule("of_plan", match={"plan": "metal", "meter": "droplet_hours"}),
            metadata=shop.operator,
        ),
        lambda error: error.details() or "",
    )
    assert status == "FAILED_PRECONDITION"
    assert "of_acme" in told
    assert "of_plan" in told
    assert [one.code for one in await listed(shop)] == ["of_acme"]
    both = {"tenant": "acme", "plan": "metal", "meter": "droplet_hours"}
    await set_rule(shop, "both", match=both)
    await set_rule(shop, "of_plan", match={"plan": "metal", "meter": "droplet_hours"})


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("basis", {"basis": "guess"}),
        ("percent", {"percent": "-1"}),
        ("currency", {"currency": "XXQ"}),
        ("effective_from", {"effective_from": "2026-04-02"}),
        ("effective_to", {"effective_to": "2026-04-01"}),
        ("match.meter", {"match": {"meter": "magic"}}),
        ("match.product", {"match": {"product": "Droplets"}}),
        ("effective_from", {"effective_from": "2026-03-01"}),
    ],
)
async def test_a_wrong_rule_is_refused_by_its_field_and_nothing_is_set(
    shop: Shop, field: str, wrong: dict[str, Any]
) -> None:
    call = shop.rebilling.CreateRebillingRule(rule(**wrong), metadata=shop.operator)
    status, told = await refusal(call, lambda error: error.details() or "")

    assert (status, told.partition(":")[0]) == ("INVALID_ARGUMENT", field)
    assert shop.rows("SELECT count(*) FROM rebilling_rules") == [(0,)]


async def test_a_rule_on_the_bill_says_what_it_does_without_the_bill(shop: Shop) -> None:
    by_default = await set_rule(shop, "waits", basis="bill", match={"product": "droplet"})
    later = await set_rule(
        shop, "later", basis="bill", match={"product": "volume"}, late_bill="next_month"
    )
    on_list = await set_rule(shop, "listed", match={"meter": "load_balancer_hours"})

    assert [one.late_bill for one in (by_default, later, on_list)] == ["wait", "next_month", ""]
    assert {one.code: one.late_bill for one in await listed(shop)} == {
        "waits": "wait", "later": "next_month", "listed": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("late_bill", {"late_bill": "never"}),
        ("late_bill", {"basis": "list", "late_bill": "wait"}),
        ("match.product", {"match": {"product": "Droplets"}}),
        ("match.product", {"match": {"product": "drop*"}}),
        ("match.product", {"match": {"product": "snapshot"}}),
        ("match.meter", {"match": {"meter": "database_hours"}}),
        ("match.meter", {"match": {"meter": "llm_tokens"}}),
        ("match.meter", {"match": {"meter": "droplet_hours", "product": "droplet"}}),
    ],
)
async def test_a_rule_on_the_bill_takes_products_whole(
    shop: Shop, field: str, wrong: dict[str, Any]
) -> None:
    said = {"basis": "bill", "match": {}} | wrong
    status, told = await refusal(
        shop.rebilling.CreateRebillingRule(rule(**said), metadata=shop.operator),
        lambda error: error.details() or "",
    )
    assert (status, told.split(":", 1)[0]) == ("INVALID_ARGUMENT", field)
    assert await listed(shop) == []


@pytest.mark.parametrize(
    ("reason", "match"),
    [
        ("MATCH_TIE", {"product": "droplet"}),
        ("MATCH_TIE", {"plan": "metal"}),
        ("PRODUCT_IN_PART", {"product": "database", "plan": "metal"}),
    ],
)
async def test_a_rule_on_the_bill_never_competes_with_one_on_list_prices(
    shop: Shop, reason: str, match: dict[str, str]
) -> None:
    await set_rule(shop, "listed", match={"meter": ["droplet_hours", "database_hours"]})
    call = shop.rebilling.CreateRebillingRule(
        rule("billed", basis="bill", match=match), metadata=shop.operator
    )
    assert await refusal(call, reason_of) == ("FAILED_PRECONDITION", reason)
    assert [one.code for one in await listed(shop)] == ["listed"]


@pytest.mark.parametrize(
    ("on_list", "on_bill", "refused"),
    [
        ({"tenant": "acme"}, {"tenant": "globex"}, False),
        ({"tenant": "acme"}, {"tenant": ["globex", "init*"]}, False),
        ({"tenant": "acme"}, {"tenant": ["globex", "ac*"]}, True),
        ({"tenant": "acme*"}, {"tenant": "ac*"}, True),
        ({"tenant": ["acme", "globex"]}, {"tenant": ["globex", "initech"]}, True),
        ({"tenant": "acme"}, {}, True),
        ({}, {"tenant": "acme"}, True),
        ({"tenant": "acme"}, {"plan": "metal"}, True),
        ({"plan": "metal", "tenant": "acme"}, {"plan": "cloud", "tenant": "acme"}, False),
        ({"plan": "metal", "tenant": "acme"}, {"plan": "metal"}, True),
    ],
)
async def test_rules_on_parts_of_a_product_concern_each_other_only_for_a_common_customer(
    shop: Shop, on_list: dict[str, Any], on_bill: dict[str, Any], refused: bool
) -> None:
    await set_rule(shop, "listed", match={"meter": "database_hours", "sku": "db-*", **on_list})
    call = shop.rebilling.CreateRebillingRule(
        rule("billed", basis="bill", match={"product": "database", **on_bill}),
        metadata=shop.operator,
    )
    if refused:
        assert (await refusal(call, reason_of))[0] == "FAILED_PRECONDITION"
    else:
        await call
        assert [one.code for one in await listed(shop)] == ["billed", "listed"]


@pytest.mark.parametrize(
    ("size", "on_list", "is_unsold"),
    [
        ("db-s-1vcpu-1gb", {"tenant": "acme", "plan": "metal"}, True),
        ("db-s-1vcpu-1gb", {"tenant": "globex", "plan": "metal"}, False),
        # Its costs are the other rule's, as it has no list price.
        ("db-unheard-of", {"tenant": "acme", "plan": "metal"}, False),
    ],
)
async def test_usage_whose_costs_a_rule_on_list_prices_takes_by_another_meter_is_unsold(
    shop: Shop, size: str, on_list: dict[str, Any], is_unsold: bool
) -> None:
    await stock(shop)
    price = list_pb.ListedPrice(
        meter="database_hours", dimensions={"size": "db-s-1vcpu-1gb"}, usd="15", per_qty="672"
    )
    told = list_pb.RecordListPricesRequest(
        provider="digitalocean", on="2026-04-01", recorded_by="sync", prices=[price]
    )
    await shop.list_prices.RecordListPrices(told, metadata=shop.worker)
    await set_rule(shop, "listed", match=on_list)
    await set_rule(shop, "billed", basis="bill", match={"product": "database"})
    shop.clock.set("2026-04-01")
    subscription = await shop.subscribe((await shop.deploy()).id, "metal")
    runs = [pricing_pb.UsageRun(first_day="2026-04-01", days=30, qty="24")]
    hours = pricing_pb.UsageSeries(
        resource_kind="database_hours", runs=runs, dimensions={"size": size}
    )
    storage = pricing_pb.UsageSeries(resource_kind="database_storage_gb_month", runs=runs)

    result = await billed(shop, subscription.id, hours, storage)

    assert list(result.unsold_usage) == ([storage] if is_unsold else [])
    assert len(result.quote.rebilled) == is_unsold


async def test_a_month_that_is_over_keeps_its_rules(shop: Shop) -> None:
    await set_rule(shop)
    shop.clock.set("2026-06-01")
    before = await listed(shop)
    ended = pb.EndRebillingRuleRequest(code="cost_plus", effective_to="2026-05-01")
    for call in (
        shop.rebilling.CreateRebillingRule(
            rule(percent="90", effective_from="2026-05-01"), metadata=shop.operator
        ),
        shop.rebilling.EndRebillingRule(ended, metadata=shop.operator),
    ):
        status, told = await refusal(call, lambda error: error.details() or "")
        assert status == "INVALID_ARGUMENT"
        assert "must not be before the current month, 2026-06-01" in told
    assert await listed(shop) == before
    await set_rule(shop, percent="90", effective_from="2026-06-01")


@pytest.mark.parametrize(
    "match",
    [{}, {"meter": "droplet_hours"}, {"meter": "droplet*"}, {"sku": "s-2vcpu-4gb"}, {"sku": "*"}],
)
async def test_usage_in_the_scope_of_a_rule_without_a_list_price_is_unsold_and_stops_nothing(
    shop: Shop, match: dict[str, Any]
) -> None:
    await stock(shop)
    await set_rule(shop, match=match)
    shop.clock.set("2026-04-01")
    subscription = await shop.subscribe((await shop.deploy()).id, "metal")
    both = usage("24", "s-2vcpu-4gb"), usage("24", "unheard-of")
    result = await billed(shop, subscription.id, *both)

    assert [line.dimensions["size"] for line in result.quote.rebilled] == ["s-2vcpu-4gb"]
    assert list(result.unsold_usage) == [both[1]]
    request = pricing_pb.FindUnsoldUsageRequest(
        period_start="2026-04-01",
        period_end="2026-05-01",
        items=[pricing_pb.BatchQuoteItem(subscription_id=subscription.id, usage=both)],
    )
    found = [
        list(one.unsold_usage)
        async for answer in shop.pricing.FindUnsoldUsage(
            request, metadata=shop.program("analytics")
        )
        for one in answer.results
    ]
    assert found == [[both[1]]]
