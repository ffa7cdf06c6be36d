"""Plans, versions, addons and unit prices: published ones are immutable, overlaps are refused."""

import asyncio
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from arcadia.catalog.v1 import catalog_pb2
from arcadia.catalog.v1 import catalog_service_pb2 as pb

from kinds.metering import METERS
from services.catalog.meters.rules.meters import BUILT_IN
from services.catalog.plans.requests import unit_price, version_terms
from services.common.errors import InvalidArgument
from tests.catalog.shop import Shop, refusal
from tests.inventory.account import reason_of, violated_field


async def plans(shop: Shop, **said: Any) -> dict[str, catalog_pb2.Plan]:
    answer = await shop.catalog.ListPlans(pb.ListPlansRequest(**said), metadata=shop.acme)
    return {plan.code: plan for plan in answer.plans}


async def draft(shop: Shop, code: str = "studio", **said: Any) -> catalog_pb2.PlanVersion:
    request = pb.CreatePlanVersionRequest(
        **{"plan_code": code, "price_cents": 5500, "currency": "AUD", **said}
    )
    answer = await shop.catalog.CreatePlanVersion(request, metadata=shop.operator)
    return answer.plan_version


async def publish(
    shop: Shop, code: str, version: int, **said: Any
) -> pb.PublishPlanVersionResponse:
    request = pb.PublishPlanVersionRequest(plan_code=code, version=version, **said)
    return await shop.catalog.PublishPlanVersion(request, metadata=shop.operator)


async def test_the_seeded_catalog_is_that_of_the_specification(shop: Shop) -> None:
    seeded = await plans(shop)
    assert [(code, plan.active_version.price_cents) for code, plan in seeded.items()] == [
        ("starter", 2000),
        ("studio", 5000),
        ("pro", 12000),
    ]
    assert {plan.active_version.currency for plan in seeded.values()} == {"AUD"}
    kinds = {"droplet_hours", "spaces_gb_month", "snapshot_gb_month", "bandwidth_gb", "dns_zones"}
    for code, plan in seeded.items():
        tokens = set() if code == "starter" else {"llm_tokens"}
        assert {item.resource_kind for item in plan.active_version.items} == kinds | tokens
    terms = {item.resource_kind: item for item in seeded["studio"].active_version.items}
    assert [
        (kind, terms[kind].included_qty, terms[kind].overage_price_cents, terms[kind].overage_unit)
        for kind in ("droplet_hours", "spaces_gb_month")
    ] == [("droplet_hours", "1488", "1", "hour"), ("spaces_gb_month", "100", "2", "gb_month")]
    assert terms["llm_tokens"].overage_price_cents == "1"
    assert terms["llm_tokens"].overage_unit == "1k_tokens"
    answer = await shop.catalog.ListAddons(pb.ListAddonsRequest(), metadata=shop.acme)
    storage = {addon.code: addon for addon in answer.addons}["storage_50gb"]
    assert (storage.resource_kind, storage.qty, storage.price_cents, storage.currency) == (
        "spaces_gb_month",
        "50",
        750,
        "AUD",
    )


async def test_lists_page_to_their_end(shop: Shop) -> None:
    codes, token = [], ""
    while True:
        request = pb.ListPlansRequest(page_size=1, page_token=token)
        answer = await shop.catalog.ListPlans(request, metadata=shop.acme)
        codes += [plan.code for plan in answer.plans]
        token = answer.next_page_token
        if not token:
            break
    assert codes == ["starter", "studio", "pro"]
    kinds: list[str] = []
    listed = pb.ListResourcePricesRequest(page_size=4)
    while True:
        page = await shop.catalog.ListResourcePrices(listed, metadata=shop.acme)
        kinds += [price.resource_kind for price in page.resource_prices]
        if not page.next_page_token:
            break
        listed.page_token = page.next_page_token
    assert kinds == sorted(kinds)
    assert set(kinds) == {*METERS}


async def test_publishing_retires_the_active_version_and_activates_the_new(shop: Shop) -> None:
    made = await draft(shop)
    assert (made.version, made.status) == (2, "draft")
    answer = await publish(shop, "studio", 2)
    assert (answer.plan_version.status, answer.plan_version.version) == ("active", 2)
    assert (answer.retired_version.status, answer.retired_version.version) == ("retired", 1)
    assert (await plans(shop))["studio"].active_version.version == 2
    listed = await shop.catalog.ListPlanVersions(
        pb.ListPlanVersionsRequest(plan_code="studio"), metadata=shop.operator
    )
    assert [(one.version, one.status) for one in listed.plan_versions] == [
        (2, "active"),
        (1, "retired"),
    ]


@pytest.mark.parametrize("version", [1, 2])
async def test_a_published_version_is_neither_changed_nor_published_again(
    shop: Shop, version: int
) -> None:
    await draft(shop)
    await publish(shop, "studio", 2)
    redraft = pb.UpdatePlanVersionRequest(
        plan_code="studio", version=version, price_cents=1, currency="AUD"
    )
    for call in (
        shop.catalog.UpdatePlanVersion(redraft, metadata=shop.operator),
        publish(shop, "studio", version),
    ):
        assert await refusal(call, reason_of) == ("FAILED_PRECONDITION", "VERSION_PUBLISHED")


async def test_a_draft_shows_its_latest_state(shop: Shop) -> None:
    item = {
        "resource_kind": "llm_tokens",
        "overage_unit": "1k_tokens",
        "pricing_model": "graduated",
        "tiers": [
            {"up_to_qty": "100.5", "unit_price_cents": "0.4"},
            {"unit_price_cents": "0.25"},
        ],
    }
    await draft(shop, items=[item])
    flat = {"resource_kind": "dns_zones", "overage_unit": "zone", "pricing_model": "flat"}
    request = pb.UpdatePlanVersionRequest(
        plan_code="studio",
        version=2,
        price_cents=1,
        currency="AUD",
        items=[item, {**flat, "amount_cents": 70}],
    )
    await shop.catalog.UpdatePlanVersion(request, metadata=shop.operator)
    kept = (await publish(shop, "studio", 2)).plan_version
    assert kept.price_cents == 1
    assert [tier.unit_price_cents for tier in kept.items[0].tiers] == ["0.4", "0.25"]
    assert kept.items[0].tiers[0].up_to_qty == "100.5"
    assert not kept.items[0].tiers[1].HasField("up_to_qty")
    assert (kept.items[1].pricing_model, kept.items[1].amount_cents) == ("flat", 70)


REWRITING = (
    "UPDATE plan_versions SET price_cents = 1 WHERE status = 'active'",
    "UPDATE plan_versions SET status = 'draft', published_at = NULL WHERE status = 'active'",
    "DELETE FROM plan_versions",
    "TRUNCATE plan_versions CASCADE",
    "DELETE FROM plan_items",
    "UPDATE plan_items SET included_qty = 0",
    "INSERT INTO plan_items SELECT id, 9, 'llm_tokens', 0, 'token', 0 FROM plan_versions",
)


def test_the_database_itself_keeps_what_was_published(shop: Shop) -> None:
    for statement in REWRITING:
        with psycopg.connect(shop.admin_url) as connection, pytest.raises(psycopg.Error) as refused:
            connection.execute(statement)
        assert "immutable" in str(refused.value), statement


def test_the_database_itself_refuses_a_second_active_version(shop: Shop) -> None:
    statement = (
        "INSERT INTO plan_versions (plan_id, version, status, price_cents, currency, created_at,"
        " published_at) SELECT plan_id, 7, 'active', 1, 'AUD', now(), now() FROM plan_versions"
    )
    with (
        psycopg.connect(shop.admin_url) as connection,
        pytest.raises(psycopg.errors.UniqueViolation, match="plan_versions_one_active"),
    ):
        connection.execute(statement)


DROPLETS = {"resource_kind": "droplet_hours", "overage_unit": "hour"}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"price_cents": -1}, "price_cents"),
        ({"currency": "aud"}, "currency"),
        ({"currency": "ABC"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"items": [{**DROPLETS, "resource_kind": "unicorns"}]}, "items[0].resource_kind"),
        ({"items": [DROPLETS, DROPLETS]}, "items[1].resource_kind"),
        ({"items": [{**DROPLETS, "overage_unit": "gb"}]}, "items[0].overage_unit"),
        ({"items": [{**DROPLETS, "included_qty": "-1"}]}, "items[0].included_qty"),
        ({"items": [{**DROPLETS, "included_qty": "NaN"}]}, "items[0].included_qty"),
        ({"items": [{**DROPLETS, "overage_price_cents": "a"}]}, "items[0].overage_price_cents"),
        ({"items": [{**DROPLETS, "hard_cap_qty": "-1"}]}, "items[0].hard_cap_qty"),
        ({"items": [{**DROPLETS, "pricing_model": "magic"}]}, "items[0].pricing_model"),
        ({"items": [{**DROPLETS, "pricing_model": "volume"}]}, "items[0].tiers"),
        ({"items": [{**DROPLETS, "tiers": [{"unit_price_cents": "1"}]}]}, "items[0].tiers"),
        ({"items": [{**DROPLETS, "pricing_model": "package"}]}, "items[0].package_qty"),
        ({"items": [{**DROPLETS, "package_qty": "1"}]}, "items[0].package_qty"),
        ({"items": [{**DROPLETS, "amount_cents": 1}]}, "items[0].amount_cents"),
        (
            {
                "items": [
                    {
                        **DROPLETS,
                        "pricing_model": "graduated",
                        "tiers": [
                            {"up_to_qty": "5", "unit_price_cents": "1"},
                            {"up_to_qty": "5", "unit_price_cents": "1"},
                            {"unit_price_cents": "1"},
                        ],
                    }
                ]
            },
            "items[0].tiers[1].up_to_qty",
        ),
    ],
)
def test_terms_that_make_no_sense_are_refused_by_their_field(
    said: dict[str, Any], field: str
) -> None:
    asked = {"plan_code": "studio", "price_cents": 5500, "currency": "AUD", **said}
    with pytest.raises(InvalidArgument) as refused:
        version_terms(pb.CreatePlanVersionRequest(**asked), BUILT_IN)
    assert refused.value.violations[0].field == field


async def test_a_refused_draft_is_named_by_its_field_and_leaves_nothing(shop: Shop) -> None:
    call = draft(shop, items=[DROPLETS, DROPLETS])
    assert await refusal(call, violated_field) == ("INVALID_ARGUMENT", "items[1].resource_kind")
    assert shop.rows("SELECT count(*) FROM plan_versions") == [(3,)]


async def test_a_plan_is_seen_by_tenants_once_it_is_published(shop: Shop) -> None:
    request = pb.CreatePlanRequest(code="mega", name="Mega")
    await shop.catalog.CreatePlan(request, metadata=shop.operator)
    again = shop.catalog.CreatePlan(request, metadata=shop.operator)
    assert await refusal(again, violated_field) == ("ALREADY_EXISTS", "code")
    await draft(shop, "mega")
    assert "mega" not in await plans(shop)
    get = pb.GetPlanRequest(code="mega")
    hidden = shop.catalog.GetPlan(get, metadata=shop.acme)
    assert await refusal(hidden, reason_of) == ("NOT_FOUND", "PLAN_NOT_FOUND")
    drafts = plans(shop, include_unpublished=True)
    assert await refusal(drafts, reason_of) == ("PERMISSION_DENIED", "OPERATOR_ONLY")
    assert not (await shop.catalog.GetPlan(get, metadata=shop.operator)).plan.HasField(
        "active_version"
    )
    await publish(shop, "mega", 1)
    assert (await shop.catalog.GetPlan(get, metadata=shop.acme)).plan.name == "Mega"


async def test_a_token_without_a_tenant_reads_what_is_sold(shop: Shop) -> None:
    homeless = shop.user("somebody", roles=["member"])
    answer = await shop.catalog.ListPlans(pb.ListPlansRequest(), metadata=homeless)
    assert len(answer.plans) == 3


def price(day: str, cents: str = "2", **said: str) -> pb.CreateResourcePriceRequest:
    return pb.CreateResourcePriceRequest(
        **{  # type: ignore[arg-type]
            "resource_kind": "dns_zones",
            "unit": "zone",
            "unit_price_cents": cents,
            "currency": "AUD",
            "effective_from": day,
            **said,
        }
    )


async def test_a_new_unit_price_ends_the_open_one_and_never_hides_a_later_one(
    shop: Shop,
) -> None:
    async def set_price(request: pb.CreateResourcePriceRequest) -> catalog_pb2.ResourcePrice:
        answer = await shop.catalog.CreateResourcePrice(request, metadata=shop.operator)
        return answer.resource_price

    made = await set_price(price("2026-05-01", "0.4"))
    assert (made.unit_price_cents, made.effective_to) == ("0.4", "")
    for overlapping in (price("2026-04-01"), price("2021-01-01")):
        assert await refusal(set_price(overlapping), reason_of) == (
            "FAILED_PRECONDITION",
            "PRICE_OVERLAPS",
        )
    await set_price(price("2026-05-01", currency="USD"))
    assert await in_force(shop, "2026-04-30") == ["60 AUD"]
    assert await in_force(shop, "2026-05-01") == ["0.4 AUD", "2 USD"]
    await set_price(price("2026-05-01", "0.5"))
    assert await in_force(shop, "2026-05-01") == ["0.5 AUD", "2 USD"]


async def in_force(shop: Shop, day: str) -> list[str]:
    request = pb.ListResourcePricesRequest(resource_kind="dns_zones", in_force_on=day)
    answer = await shop.catalog.ListResourcePrices(request, metadata=shop.acme)
    return [f"{one.unit_price_cents} {one.currency}" for one in answer.resource_prices]


async def test_a_unit_price_of_some_months_splits_an_open_one_that_continues_after_it(
    shop: Shop,
) -> None:
    request = price("2026-06-01", "45", effective_to="2026-09-01")
    await shop.catalog.CreateResourcePrice(request, metadata=shop.operator)
    days = ("2026-05-31", "2026-06-01", "2026-08-31", "2026-09-01", "2030-01-01")
    found = [(await in_force(shop, day))[0] for day in days]
    assert found == ["60 AUD", "45 AUD", "45 AUD", "60 AUD", "60 AUD"]
    [[set_until, continued]] = shop.rows(
        "SELECT p.set_until, o.effective_from::text FROM resource_prices AS p"
        " JOIN resource_prices AS o ON o.id = p.continues"
    )
    assert (set_until, continued) == (None, "2020-01-01")


async def test_unit_prices_set_at_once_leave_no_overlap_and_are_all_kept(shop: Shop) -> None:
    asked = [
        price(f"2026-0{month}-01", str(month), effective_to=f"2026-0{month + 3}-01")
        for month in range(1, 7)
    ]
    await asyncio.gather(
        *(shop.catalog.CreateResourcePrice(one, metadata=shop.operator) for one in asked)
    )
    rows = shop.rows(
        "SELECT effective_from, effective_to FROM resource_prices"
        " WHERE resource_kind = 'dns_zones' AND superseded_at IS NULL ORDER BY 1"
    )
    assert all(row[1] == following[0] for row, following in pairwise(rows))
    assert rows[-1][1] is None
    said = shop.rows(
        "SELECT unit_price_cents::int, set_until::text FROM resource_prices"
        " WHERE resource_kind = 'dns_zones' AND continues IS NULL ORDER BY effective_from"
    )
    assert said == [(60, None), *((n, f"2026-0{n + 3}-01") for n in range(1, 7))]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"unit": "hour"}, "unit"),
        ({"currency": "ABC"}, "currency"),
        ({"unit_price_cents": ""}, "unit_price_cents"),
        ({"unit_price_cents": "-0.1"}, "unit_price_cents"),
        ({"effective_to": "2026-01-01"}, "effective_to"),
        ({"effective_from": "2026-02-30"}, "effective_from"),
        ({"resource_kind": "cpu"}, "resource_kind"),
    ],
)
def test_a_unit_price_that_makes_no_sense_is_refused_by_its_field(
    said: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        unit_price(price("2026-05-01", **said), BUILT_IN)
    assert refused.value.violations[0].field == field


async def test_a_repeated_write_is_done_once_and_another_body_is_a_conflict(shop: Shop) -> None:
    first = await draft(shop, request_id="r-1")
    assert await draft(shop, request_id="r-1") == first
    assert shop.rows("SELECT count(*) FROM plan_versions") == [(4,)]
    other = draft(shop, request_id="r-1", price_cents=1)
    assert await refusal(other, reason_of) == ("ALREADY_EXISTS", "IDEMPOTENCY_KEY_REUSED")
    published = await publish(shop, "studio", 2, request_id="r-2")
    assert await publish(shop, "studio", 2, request_id="r-2") == published
