"""Prices by dimension over the API: accepted ones, and refused ones with both rows named."""

from typing import Any

import pytest
from arcadia.catalog.v1 import catalog_pb2
from arcadia.catalog.v1 import catalog_service_pb2 as pb
from google.protobuf.json_format import MessageToDict, ParseDict
from grpc.aio import AioRpcError

from tests.catalog.shop import Shop, refusal
from tests.inventory.account import reason_of, violated_field

HOURS = {"resource_kind": "droplet_hours", "overage_unit": "hour"}


def item(cents: str, match: dict[str, Any] | None = None, **said: Any) -> dict[str, Any]:
    return HOURS | {"overage_price_cents": cents, "match": match or {}} | said


async def draft(shop: Shop, *items: dict[str, Any]) -> catalog_pb2.PlanVersion:
    said = {"plan_code": "studio", "price_cents": 5000, "currency": "AUD", "items": items}
    request = ParseDict(said, pb.CreatePlanVersionRequest())
    return (await shop.catalog.CreatePlanVersion(request, metadata=shop.operator)).plan_version


async def publish(shop: Shop, version: int) -> pb.PublishPlanVersionResponse:
    request = pb.PublishPlanVersionRequest(plan_code="studio", version=version)
    return await shop.catalog.PublishPlanVersion(request, metadata=shop.operator)


async def set_price(
    shop: Shop, cents: str, match: dict[str, Any] | None = None, **said: Any
) -> catalog_pb2.ResourcePrice:
    price = {
        "resource_kind": "load_balancer_hours",
        "unit": "hour",
        "unit_price_cents": cents,
        # The seed has no prices in it.
        "currency": "NZD",
        "effective_from": "2026-05-01",
        "match": match or {},
    }
    request = ParseDict(price | said, pb.CreateResourcePriceRequest())
    answer = await shop.catalog.CreateResourcePrice(request, metadata=shop.operator)
    return answer.resource_price


def match_of(message: Any) -> object:
    return MessageToDict(message)["match"]


async def test_items_of_a_kind_differ_by_their_matches_and_keep_them(shop: Shop) -> None:
    made = await draft(
        shop,
        item("1"),
        item("4", {"size": ["s-2vcpu-4gb", "s-2vcpu-2gb"]}),
        item("300", {"size": "gpu-*", "region": ["tor1"]}),
    )
    kept = (await publish(shop, made.version)).plan_version
    assert not kept.items[0].match
    assert [match_of(one) for one in kept.items[1:]] == [
        {"size": ["s-2vcpu-2gb", "s-2vcpu-4gb"]},
        {"size": ["gpu-*"], "region": ["tor1"]},
    ]


async def test_items_that_tie_are_refused_at_publish_and_both_are_named(shop: Shop) -> None:
    sized = item("4", {"size": ["s-2vcpu-4gb"]})
    made = await draft(shop, item("1"), sized, item("5", {"region": ["syd1"]}))
    named = (
        r"items\[2\].match: droplet_hours\[region=syd1\] ties with items\[1\],"
        r" droplet_hours\[size=s-2vcpu-4gb\], for region=syd1,size=s-2vcpu-4gb"
    )
    with pytest.raises(AioRpcError, match=named):
        await publish(shop, made.version)
    assert await refusal(publish(shop, made.version), reason_of) == (
        "FAILED_PRECONDITION",
        "MATCH_TIE",
    )
    both = item("6", {"region": ["syd1"], "size": ["s-2vcpu-4gb"]})
    made = await draft(shop, item("1"), sized, item("5", {"region": ["syd1"]}), both)
    assert (await publish(shop, made.version)).plan_version.status == "active"


@pytest.mark.parametrize(
    ("match", "field", "reason"),
    [
        ({"flavour": ["x"]}, "items[1].match.flavour", "UNKNOWN_DIMENSION"),
        ({"size": []}, "items[1].match.size", "OUT_OF_RANGE"),
        ({"size": [""]}, "items[1].match.size", "MALFORMED_VALUE"),
        ({"size": ["*"]}, "items[1].match.size", "MALFORMED_VALUE"),
        ({"size": ["s-*-4gb"]}, "items[1].match.size", "MALFORMED_VALUE"),
        ({"size": ["a b"]}, "items[1].match.size", "MALFORMED_VALUE"),
        ({"size": [1]}, "items[1].match.size", "MALFORMED_VALUE"),
        ({"size": {"a": "b"}}, "items[1].match.size", "MALFORMED_VALUE"),
        ({"size": [f"size-{n}" for n in range(101)]}, "items[1].match.size", "OUT_OF_RANGE"),
        ({}, "items[1].resource_kind", "DUPLICATE_KIND"),
    ],
)
async def test_an_invalid_match_is_refused_with_its_path(
    shop: Shop, match: dict[str, Any], field: str, reason: str
) -> None:
    for read, said in ((violated_field, field), (reason_of, reason)):
        call = draft(shop, item("1"), item("2", match))
        assert await refusal(call, read) == ("INVALID_ARGUMENT", said)


async def test_a_dimension_that_the_meter_does_not_declare_is_named(shop: Shop) -> None:
    zones = {"resource_kind": "dns_zones", "overage_unit": "zone", "match": {"region": ["x"]}}
    with pytest.raises(
        AioRpcError, match="'region' is not a dimension of dns_zones, which has none"
    ):
        await draft(shop, zones)
    with pytest.raises(AioRpcError, match="which has size, region, image_kind"):
        await draft(shop, item("1", {"sise": ["x"]}))


async def test_prices_of_a_kind_stand_beside_each_other_by_match_and_follow_within_one(
    shop: Shop,
) -> None:
    await set_price(shop, "3")
    first = await set_price(shop, "4", {"size": ["2"]})
    assert match_of(first) == {"size": ["2"]}
    second = await set_price(shop, "5", {"size": ["2"]}, effective_from="2026-06-01")
    seen: list[catalog_pb2.ResourcePrice] = []
    request = pb.ListResourcePricesRequest(resource_kind="load_balancer_hours", page_size=40)
    while True:
        page = await shop.catalog.ListResourcePrices(request, metadata=shop.acme)
        seen += [one for one in page.resource_prices if one.currency == "NZD"]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert [(one.unit_price_cents, one.effective_from, one.effective_to) for one in seen] == [
        ("5", "2026-06-01", ""),
        ("4", "2026-05-01", "2026-06-01"),
        ("3", "2026-05-01", ""),
    ]
    assert seen[0].id == second.id


async def test_prices_that_tie_on_some_day_are_refused_and_both_are_named(shop: Shop) -> None:
    by_size, by_region = {"size": ["2"]}, {"region": ["syd1"]}
    await set_price(shop, "4", by_size, effective_to="2026-07-01")
    # They never meet.
    await set_price(shop, "5", by_region, effective_from="2026-07-01")
    call = set_price(shop, "6", by_region, effective_to="2026-06-01")
    assert await refusal(call, reason_of) == ("FAILED_PRECONDITION", "MATCH_TIE")
    named = r"load_balancer_hours\[region=syd1\] in NZD ties with load_balancer_hours\[size=2\]"
    with pytest.raises(AioRpcError, match=rf"{named} on 2026-05-01, for region=syd1,size=2"):
        await set_price(shop, "6", by_region, effective_to="2026-06-01")
    # Nothing of it was set; in another currency it ties with nothing.
    await set_price(shop, "6", by_size | by_region)
    await set_price(shop, "6", by_region, effective_to="2026-06-01")
    await set_price(shop, "6", by_region, effective_to="2026-06-01", currency="USD")
