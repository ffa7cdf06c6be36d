"""The documented figures, over HTTP through the gateway."""

import uuid
from typing import Any

import grpc
import httpx
import pytest
from arcadia.catalog.v1 import pricing_service_pb2 as pb
from arcadia.catalog.v1 import pricing_service_pb2_grpc

from services.common.identity.tokens import ServiceTokens
from services.common.settings import Service
from tests.support.whole_stack import WholeStack

YEAR = 2099
"""Subscriptions do not begin in the past."""

PREVIEW = {
    "plan_code": "studio",
    "addons": ["storage_50gb"],
    "starts_on": "2026-05-20",
    "projected_usage": {"spaces_gb_month": 200, "droplet_hours": 1488},
}


def quoted(
    stack: WholeStack, body: dict[str, Any], tenant: str | None = "acme", **headers: str
) -> dict[str, Any]:
    with stack.client(tenant) as http:
        answer = http.post("/api/v1/quote", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    quote: dict[str, Any] = answer.json()
    return quote


def amounts(lines: list[dict[str, Any]]) -> dict[str, int]:
    return {line["description"]: int(line["amount_cents"]) for line in lines}


def tokens_over(stack: WholeStack, over: int) -> int:
    """How many tokens a month of Studio are so many more than it includes."""
    with stack.client("acme") as http:
        plans = http.get("/api/v1/catalog/plans").json()["plans"]
    [studio] = [plan["active_version"] for plan in plans if plan["code"] == "studio"]
    [item] = [item for item in studio["items"] if item["resource_kind"] == "llm_tokens"]
    return int(item["included_qty"]) + over


def test_studio_bare_is_fifty_dollars_a_month_without_overage(stack: WholeStack) -> None:
    quote = quoted(stack, {"plan_code": "studio"})
    assert (quote["all_in_monthly_cents"], quote["overage"], quote["ad_hoc"]) == ("5000", [], [])


def test_the_preview_of_studio_with_storage_from_the_twentieth_of_may(stack: WholeStack) -> None:
    usage = PREVIEW["projected_usage"] | {"llm_tokens": str(tokens_over(stack, 500_000))}  # type: ignore[operator]
    quote = quoted(stack, {**PREVIEW, "projected_usage": usage})
    assert amounts(quote["recurring"]) == {"Plan: studio": 5000, "Addon: storage_50gb": 750}
    assert quote["recurring_cents"] == "5750"
    assert quote["first_invoice_cents"] == "2225"
    assert {line["meta"]["proration"] for line in quote["first_invoice"]} == {"12/31"}
    assert [(line["resource_kind"], line["amount_cents"]) for line in quote["overage"]] == [
        ("llm_tokens", "500"),
        ("spaces_gb_month", "100"),
    ]
    assert quote["all_in_monthly_cents"] == "6350"


def test_a_quote_is_kept_verified_and_compared(stack: WholeStack) -> None:
    one = quoted(stack, PREVIEW)
    other = quoted(stack, {**PREVIEW, "projected_usage": {"spaces_gb_month": "199.5"}})
    with stack.client("acme") as http:
        assert http.get(f"/api/v1/quotes/{one['id']}").json()["quote"] == one
        verified = http.get(f"/api/v1/quotes/{one['id']}/verify").json()["verification"]
        assert (verified["verified"], verified["reason"]) == (True, "")
        assert verified["result_hash"] == one["proof"]["result_hash"]
        path = f"/api/v1/quotes/{one['id']}/compare"
        found = http.get(path, params={"other_id": other["id"]}).json()["differences"]
    assert {one["path"]: (one["left_json"], one["right_json"]) for one in found} == {
        "usage.droplet_hours": ('{"projected_qty":"1488"}', ""),
        "usage.spaces_gb_month.projected_qty": ('"200"', '"199.5"'),
    }
    with stack.client("globex") as http:
        assert http.get(f"/api/v1/quotes/{one['id']}").status_code == 404


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("plan_code", {"plan_code": "platinum"}),
        ("addons[1]", {"plan_code": "studio", "addons": ["storage_50gb", "moon"]}),
        ("starts_on", {"plan_code": "studio", "starts_on": "soon"}),
        (
            "projected_usage.llm_tokens",
            {"plan_code": "studio", "projected_usage": {"llm_tokens": -1}},
        ),
        (
            "projected_usage.llm_tokens",
            {"plan_code": "studio", "projected_usage": {"llm_tokens": [1]}},
        ),
        ("projected_usage.tea", {"plan_code": "studio", "projected_usage": {"tea": 1}}),
        (
            "projected_usage.droplet_hours[1].sise",
            {
                "plan_code": "studio",
                "projected_usage": {"droplet_hours": [{"qty": 1}, {"sise": "s", "qty": 1}]},
            },
        ),
    ],
)
def test_bad_input_is_a_400_that_names_the_field(
    stack: WholeStack, field: str, body: dict[str, Any]
) -> None:
    with stack.client("acme") as http:
        answer = http.post("/api/v1/quote", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["message"].startswith(f"{field}:")


def test_usage_by_size_is_quoted_at_the_price_of_the_size(stack: WholeStack) -> None:
    usage = {"droplet_hours": [{"size": "s-2vcpu-4gb", "qty": 1440}, {"qty": "1488"}]}
    quote = quoted(stack, {"plan_code": "studio", "projected_usage": usage})
    [line] = quote["overage"]
    assert line["description"] == "Overage: droplet_hours s-2vcpu-4gb"
    assert line["dimensions"] == {"size": "s-2vcpu-4gb"}
    assert (line["qty"], line["amount_cents"]) == ("1440", "11808")


def test_a_price_with_a_match_is_set_and_listed(stack: WholeStack) -> None:
    price = {
        "resource_kind": "load_balancer_hours", "unit": "hour", "unit_price_cents": "3.5",
        "currency": "NZD", "effective_from": f"{YEAR}-01-01", "match": {"size": ["2", "3*"]},
    }  # fmt: skip  # a table
    path = "/api/v1/catalog/resource-prices"
    with stack.client(None) as http:
        answer = http.post(path, json=price)
        assert answer.status_code == 200, answer.text
        assert answer.json()["resource_price"]["match"] == {"size": ["2", "3*"]}
        asked = f"{path}?resource_kind=load_balancer_hours&page_size=500"
        listed = http.get(asked).json()
        assert {"size": ["2", "3*"]} in [one["match"] for one in listed["resource_prices"]]
        refused = http.post(path, json=price | {"match": {"sise": ["2"]}})
        assert (refused.status_code, refused.json()["message"].split(":")[0]) == (400, "match.sise")
        tie = http.post(path, json=price | {"match": {"size": ["2"]}})
        assert (tie.status_code, "MATCH_TIE" in tie.text) == (422, True)


def test_an_idempotency_key_gives_the_same_quote_and_another_body_is_a_conflict(
    stack: WholeStack,
) -> None:
    key = {"idempotency-key": uuid.uuid4().hex}
    first = quoted(stack, PREVIEW, **key)
    assert quoted(stack, PREVIEW, **key) == first
    with stack.client("acme") as http:
        answer: httpx.Response = http.post("/api/v1/quote", json={"plan_code": "pro"}, headers=key)
    assert answer.status_code == 409


def subscribed(stack: WholeStack, addons: list[str]) -> str:
    with stack.client("acme") as http:
        slug = f"app-{uuid.uuid4().hex[:12]}"
        made = http.post("/api/v1/deployments", json={"slug": slug}).json()["deployment"]
    with stack.client() as http:  # an operator: a tenant holds no price for so long
        answer = http.post(
            f"/api/v1/deployments/{made['id']}/subscribe",
            json={"plan_code": "studio", "addons": addons, "starts_on": f"{YEAR}-04-01"},
        )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["subscription"]["id"])


@pytest.mark.parametrize(
    ("hours", "addons", "subtotal"), [("72", ["storage_50gb"], 6422), ("120", [], 7112)]
)
async def test_droplets_through_all_of_april(
    stack: WholeStack, hours: str, addons: list[str], subtotal: int
) -> None:
    item = pb.BatchQuoteItem(
        subscription_id=subscribed(stack, addons),
        usage=[
            pb.UsageSeries(
                resource_kind="droplet_hours",
                runs=[pb.UsageRun(first_day=f"{YEAR}-04-01", days=30, qty=hours)],
            )
        ],
    )
    request = pb.BatchQuoteRequest(
        period_start=f"{YEAR}-04-01", period_end=f"{YEAR}-05-01", items=[item]
    )
    token = ServiceTokens(stack.settings, "analytics").authorization()
    async with grpc.aio.insecure_channel(stack.settings.address(Service.CATALOG)) as channel:
        pricing = pricing_service_pb2_grpc.PricingServiceStub(channel)
        stream = pricing.BatchQuote(request, metadata=(("authorization", token),))
        [result] = [result async for answer in stream for result in answer.results]
    quote = result.quote
    billed = quote.first_invoice_cents + quote.overage_cents + quote.ad_hoc_cents
    assert billed == subtotal, result


def test_the_cost_of_a_change_of_a_subscription_is_quoted(stack: WholeStack) -> None:
    body = {
        "subscription_id": subscribed(stack, []),
        "plan_code": "pro",
        "starts_on": f"{YEAR}-05-20",
    }
    change = quoted(stack, body)["change"]
    assert amounts(change["credits"]) == {"Plan: studio": -1935}
    assert amounts(change["charges"]) == {"Plan: pro": 4645}
    assert change["net_cents"] == "2710"
