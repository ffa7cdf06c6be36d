"""Quotes of usage by dimension, and addons of plans with prices by dimension."""

from typing import Any

import pytest
from arcadia.catalog.v1 import catalog_service_pb2, quotes_pb2, subscription_service_pb2
from arcadia.catalog.v1 import quote_service_pb2 as pb
from google.protobuf.json_format import ParseDict

from services.catalog.plans.seed import seed
from tests.catalog.shop import Shop, refusal
from tests.catalog.test_quotes import field_of

HOURS = {"resource_kind": "droplet_hours", "overage_unit": "hour"}
SIZED = HOURS | {"overage_price_cents": "4", "match": {"size": ["s-2vcpu-4gb"]}}
REST = HOURS | {"overage_price_cents": "1", "included_qty": "744"}


@pytest.fixture
async def seeded(shop: Shop) -> Shop:
    """The seeded catalog, in which it is the first of April."""
    await seed(shop.database)
    shop.clock.set("2026-04-01")
    return shop


async def sell(shop: Shop, code: str, *items: dict[str, Any]) -> None:
    """A plan with these items."""
    plan = catalog_service_pb2.CreatePlanRequest(code=code, name=code)
    await shop.catalog.CreatePlan(plan, metadata=shop.operator)
    said = {"plan_code": code, "price_cents": 1000, "currency": "AUD", "items": items}
    draft = ParseDict(said, catalog_service_pb2.CreatePlanVersionRequest())
    await shop.catalog.CreatePlanVersion(draft, metadata=shop.operator)
    publish = catalog_service_pb2.PublishPlanVersionRequest(plan_code=code, version=1)
    await shop.catalog.PublishPlanVersion(publish, metadata=shop.operator)


async def sell_addon(shop: Shop) -> None:
    """An addon of droplet hours."""
    addon = catalog_service_pb2.CreateAddonRequest(
        code="hours", resource_kind="droplet_hours", qty="100", price_cents=100, currency="AUD"
    )
    await shop.catalog.CreateAddon(addon, metadata=shop.operator)


async def quote(shop: Shop, plan: str, usage: dict[str, Any], *addons: str) -> quotes_pb2.Quote:
    said = {"plan_code": plan, "projected_usage": usage, "addons": addons}
    request = ParseDict(said, pb.CreateQuoteRequest())
    return await shop.quotes.CreateQuote(request, metadata=shop.acme)


async def test_usage_by_dimension_is_priced_by_its_rows_beside_the_plain_form(
    seeded: Shop,
) -> None:
    await sell(seeded, "sized", SIZED, REST)
    usage = {
        "droplet_hours": [
            {"size": "s-2vcpu-4gb", "qty": 1440},
            {"size": "s-1vcpu-1gb", "region": "syd1", "qty": "744.5"},
        ],
        "dns_zones": 2,
    }
    made = await quote(seeded, "sized", usage)
    assert [(one.description, one.amount_cents, dict(one.dimensions)) for one in made.overage] == [
        ("Overage: droplet_hours", 1, {}),
        ("Overage: droplet_hours s-2vcpu-4gb", 5760, {"size": "s-2vcpu-4gb"}),
    ]
    assert [one.amount_cents for one in made.ad_hoc] == [120]
    verify = pb.VerifyQuoteRequest(id=made.id)
    assert (await seeded.quotes.VerifyQuote(verify, metadata=seeded.acme)).verification.verified
    plain = await quote(seeded, "sized", {"droplet_hours": 745})
    assert [one.amount_cents for one in plain.overage] == [1]


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([], "projected_usage.droplet_hours"),
        ([1440], "projected_usage.droplet_hours"),
        ([{"qty": 1}, {"sise": "a", "qty": 1}], "projected_usage.droplet_hours[1].sise"),
        ([{"size": 4, "qty": 1}], "projected_usage.droplet_hours[0].size"),
        ([{"size": "", "qty": 1}], "projected_usage.droplet_hours[0].size"),
        ([{"size": "gpu-*", "qty": 1}], "projected_usage.droplet_hours[0].size"),
        ([{"size": ["a"], "qty": 1}], "projected_usage.droplet_hours[0].size"),
        ([{"size": "a"}], "projected_usage.droplet_hours[0].qty"),
        ([{"size": "a", "qty": -1}], "projected_usage.droplet_hours[0].qty"),
        ([{"size": "a", "qty": "x"}], "projected_usage.droplet_hours[0].qty"),
        ([{"size": "a", "qty": 1}, {"qty": 2, "size": "a"}], "projected_usage.droplet_hours[1]"),
    ],
)  # fmt: skip  # a table
async def test_a_bad_dimension_or_value_is_refused_by_its_path(
    seeded: Shop, parts: list[Any], field: str
) -> None:
    call = quote(seeded, "studio", {"droplet_hours": parts})
    assert await refusal(call, field_of) == ("INVALID_ARGUMENT", field)


async def test_an_addon_that_no_item_could_take_is_refused_wherever_it_is_attached(
    seeded: Shop,
) -> None:
    await sell_addon(seeded)
    await sell(seeded, "sized", SIZED)
    await sell(seeded, "whole", SIZED, REST)
    refused = ("FAILED_PRECONDITION", "ADDON_WITHOUT_ITEM")
    assert (await quote(seeded, "whole", {}, "hours")).recurring_cents == 1100
    assert (await quote(seeded, "starter", {}, "hours")).recurring_cents == 2100
    assert await refusal(quote(seeded, "sized", {}, "hours"), field_of) == refused
    blog, shop, wiki = [await seeded.deploy(name) for name in ("blog", "shop", "wiki")]
    order = seeded.subscribe(blog.id, plan_code="sized", addons=["hours"])
    assert await refusal(order, field_of) == refused
    bare = await seeded.subscribe(shop.id, plan_code="sized")
    attach = subscription_service_pb2.AttachAddonRequest(id=bare.id, code="hours")
    attached = seeded.subscriptions.AttachAddon(attach, metadata=seeded.acme)
    assert await refusal(attached, field_of) == refused
    held = await seeded.subscribe(wiki.id, plan_code="whole", addons=["hours"])
    change = subscription_service_pb2.ChangePlanRequest(
        id=held.id, plan_code="sized", effective_on="2026-05-01"
    )
    changed = seeded.subscriptions.ChangePlan(change, metadata=seeded.operator)
    assert await refusal(changed, field_of) == refused
