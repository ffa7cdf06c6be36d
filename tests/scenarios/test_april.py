"""April 2026 through the gateway, to the cent: the specified figures."""

import asyncio
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from contracts.flows import start_flow
from contracts.metering import metering_by_hand
from tests.openapi.contract import problems
from tests.openapi.fuzzing import fuzz
from tests.openapi.recording import record
from tests.openapi.tour import Tour, writes
from tests.scenarios.april import APRIL, April
from workflows.metering.metering import Metering

BILL_CENTS = 8692
"""The provider's invoice of April."""


def share(margin: Any, attribution: str, tenant: str = "") -> tuple[int, int, int, str | None]:
    """Revenue, COGS and margin in cents, and the percentage, of an owner."""
    [found] = [
        one
        for one in margin["by_tenant"]
        if (one["attribution"], one["tenant_id"]) == (attribution, tenant)
    ]
    cents = (int(found[f"{name}_cents"]) for name in ("revenue", "cogs", "margin"))
    return (*cents, found.get("margin_percent"))


async def used(april: April, tenant: str, from_day: str, to_day: str) -> dict[str, Decimal]:
    """A tenant's usage over days, by kind, as its member reads it."""
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    answer = await april.get("/usage", tenant, from_day=from_day, to_day=to_day, page_size=500)
    for figure in answer["daily_usage"]:
        totals[figure["resource_kind"]] += Decimal(figure["qty"])
    return dict(totals)


async def test_three_droplets_on_studio_with_storage_are_invoiced_at_70_64(april: April) -> None:
    second = april.second_rollup
    assert (second["status"], second["skipped_count"], second["issued_count"]) == (
        "completed",
        "1",
        "1",
    )
    answer = await april.invoice_of("globex")
    invoice, lines = answer["invoice"], answer["lines"]
    assert [invoice[f"{name}_cents"] for name in ("subtotal", "tax", "total")] == [
        "6422",
        "642",
        "7064",
    ]
    assert (invoice["status"], invoice["number"]) == ("issued", "INV-000002")
    told = ("kind", "description", "qty", "amount_cents")
    assert [tuple(line[name] for name in told) for line in lines] == [
        ("plan_base", "Plan: studio", "1", "5000"),
        ("addon", "Addon: storage_50gb", "1", "750"),
        ("overage", "Overage: droplet_hours", "672", "672"),
        ("tax", "GST 10%", "10", "642"),
    ]
    assert [line["deployment_id"] for line in lines] == [*[april.deployments["blog"]] * 3, ""]
    assert (lines[2]["meta"]["used"], lines[2]["meta"]["allowance"]) == ("2160", "1488")
    traced = await april.get(f"/invoices/{invoice['id']}/lines/{lines[2]['id']}/trace", "globex")
    assert len(traced["daily_usage"]) == APRIL.days
    assert sum(Decimal(day["qty"]) for day in traced["daily_usage"]) == 3 * 720
    assert (await april.get(f"/invoices/{invoice['id']}/verify", "globex"))["verified"] is True
    assert (await april.get("/invoices:verify"))["verified"] is True


async def test_five_droplets_on_studio_leave_40_59_of_71_12(april: April) -> None:
    answer = await april.invoice_of("acme")
    assert answer["invoice"]["subtotal_cents"] == "7112"
    assert answer["lines"][1]["meta"]["used"] == "3600"
    margin = april.margin_of_acme_alone
    assert share(margin, "tenant", "acme") == (7112, 3053, 4059, "57.1")
    # The whole bill against the only invoice: 71.12 less 86.92.
    assert [margin[f"{name}_cents"] for name in ("revenue", "cogs", "margin")] == [
        "7112",
        "8692",
        "-1580",
    ]
    assert (margin["revenue_state"], margin["cogs_state"]) == ("final", "final")
    assert margin["conversion"]["parity_assumed"] is True


async def test_every_cut_of_the_margin_adds_up_to_the_bill_and_to_the_invoices(
    april: April,
) -> None:
    margin = await april.get("/dashboard/margin", period="2026-04")
    invoices = (await april.get("/invoices", period="2026-04"))["invoices"]
    revenue = sum(int(invoice["subtotal_cents"]) for invoice in invoices)
    [bill] = [
        one
        for one in (await april.get("/billing/provider-invoices"))["provider_invoices"]
        if one["period"] == "2026-04-01"
    ]
    assert bill["amount_usd"] == "86.92"
    lines = (await april.get("/billing/cost-lines", period="2026-04-01"))["cost_lines"]
    assert len(lines) == 13
    assert sum(Decimal(line["amount_usd"]) * 100 for line in lines) == BILL_CENTS
    for cut in ("by_tenant", "by_deployment"):
        for name, whole in (("revenue", revenue), ("cogs", BILL_CENTS)):
            assert sum(int(one[f"{name}_cents"]) for one in margin[cut]) == whole, cut
    for name, whole in (("revenue", revenue), ("cogs", BILL_CENTS)):
        assert int(margin[f"{name}_cents"]) == whole
        assert sum(int(one["amount_cents"]) for one in margin["by_kind"][name]) == whole
    assert {one["kind"]: one["amount_cents"] for one in margin["by_kind"]["cogs"]} == {
        "droplet": "7902",
        "tax": "790",
    }
    assert share(margin, "tenant", "globex") == (6422, 1800, 4622, "72")
    assert share(margin, "internal") == (0, 3000, -3000, None)
    # The deleted droplet, and the provider's tax.
    assert share(margin, "unattributed") == (0, 49 + 790, -839, None)
    listed = await april.get("/dashboard/margin/shares", period="2026-04", group_by="tenant")
    assert listed["margin_shares"] == margin["by_tenant"]
    trend = await april.get("/dashboard/margin/trend", from_period="2026-03", to_period="2026-05")
    assert [month.get("margin_cents") for month in trend["months"]] == [None, "4842", None]


async def test_simulating_the_current_catalog_gives_what_was_billed_and_what_it_cost(
    april: April,
) -> None:
    document = (await april.get("/catalog:export"))["document"]
    answer = await april.post("/catalog:simulate", document=document)
    told = ("revenue_before_cents", "revenue_after_cents", "cost_cents", "margin_after_cents")
    assert {
        one["tenant_id"]: tuple(int(one[name]) for name in told)
        for one in answer["simulated_shares"]
    } == {"acme": (7112, 7112, 3053, 4059), "globex": (6422, 6422, 1800, 4622)}
    assert (answer["months"], answer["failure_count"]) == (["2026-04-01"], 0)
    dearer = document.replace("price_cents: 5000", "price_cents: 4000")
    answer = await april.post("/catalog:simulate", document=dearer, group_by="deployment")
    # Besides what is billed, acme's spare droplet of no deployment costs something.
    assert [
        (one["tenant_id"], [revenue["change_cents"] for revenue in one["revenues"]])
        for one in answer["simulated_shares"]
    ] == [("acme", []), ("acme", ["-1000"]), ("globex", ["-1000"])]
    await april.post("/catalog:simulate", "acme", status=403, document=document)


async def test_the_three_books_differ_only_by_what_was_gone_before_anybody_looked(
    april: April,
) -> None:
    books = await april.get("/dashboard/reconciliation", period="2026-04")
    assert (books["agreed_count"], books["difference_count"]) == ("11", "1")
    [difference] = books["differences"]
    assert (difference["difference_type"], difference["name"]) == (
        "provider_only",
        "brief (s-1vcpu-1gb)",
    )
    assert (difference["provider_hours"], difference["provider_amount_usd"]) == ("54.88", "0.49")


async def test_usage_is_metered_to_the_second_and_read_by_its_tenant(april: April) -> None:
    for tenant, droplets in (("acme", 5), ("globex", 3)):
        month = await used(april, tenant, "2026-04-01", "2026-05-01")
        assert month == {"droplet_hours": droplets * 720}
    ten_days = await used(april, "initech", "2026-05-01", "2026-06-01")
    assert ten_days["droplet_hours"] == 480
    assert round(ten_days["dns_zones"], 3) == Decimal("0.645")
    assert ten_days["snapshot_gb_month"] == 10  # 31 GB for 10 of 31 days


async def test_a_foreign_tenant_sees_nothing(april: April) -> None:
    for what in ("invoices", "credit-notes", "usage", "deployments", "subscriptions", "inventory"):
        name = what.replace("-", "_") if what not in ("usage", "inventory") else ""
        answer = await april.get(f"/{what}", "umbrella")
        assert answer[name or {"usage": "daily_usage", "inventory": "resources"}[what]] == []
    invoice = (await april.invoice_of("acme"))["invoice"]["id"]
    figure = (await april.get("/usage", "acme", page_size=1))["daily_usage"][0]["id"]
    for path in (
        f"/invoices/{invoice}",
        f"/invoices/{invoice}/lines",
        f"/invoices/{invoice}/document",
        f"/invoices/{invoice}/verify",
        f"/usage/{figure}/facts",
        f"/deployments/{april.deployments['shop']}",
    ):
        for stranger in ("umbrella", "globex"):
            await april.get(path, stranger, status=404)
    for what in ("margin?period=2026-04", "reconciliation?period=2026-04", "accrual"):
        await april.get(f"/dashboard/{what}", "acme", status=403)


async def test_the_running_month_is_accrued_by_subscription(april: April) -> None:
    await (await start_flow(april.temporal, metering_by_hand(), Metering.run)).result()
    accrual = await april.get("/dashboard/accrual")
    # Two days of usage at most: all of it is within the allowance.
    assert accrual["revenue_cents"] == str(5000 + 5750)
    assert {one["tenant_id"]: one["revenue_cents"] for one in accrual["by_tenant"]} == {
        "acme": "5000",
        "globex": "5750",
    }
    listed = (await april.get("/dashboard/accrual/subscriptions"))["accruals"]
    assert [(one["tenant_id"], one["recurring_cents"]) for one in listed] == [
        ("acme", "5000"),
        ("globex", "5750"),
    ]


async def test_with_a_rate_the_costs_are_in_the_currency_of_the_invoices(april: April) -> None:
    await april.post(
        "/exchange-rates", from_currency="USD", to_currency="AUD", rate="1.5",
        effective_from="2026-04-01", source="test",
    )  # fmt: skip  # a table
    await april.attributed(APRIL)
    margin = await april.get("/dashboard/margin", period="2026-04")
    assert (margin["cogs_cents"], margin["conversion"]["parity_assumed"]) == ("13038", False)
    assert [rate["rate"] for rate in margin["conversion"]["exchange_rates"]] == ["1.5"]
    assert sum(int(one["cogs_cents"]) for one in margin["by_tenant"]) == 13038
    assert margin["margin_cents"] == str(7112 + 6422 - 13038)


async def test_every_answer_is_as_the_openapi_document_describes_it(april: April) -> None:
    async with april.http() as http:
        tour = Tour(http)
        await writes(tour, april.deployments["shop"])
        await tour.read_everything()
    for tenant in ("acme", "umbrella"):
        async with april.http(tenant) as http:
            await Tour(http, known=tour.known).read_everything()
    # There is no drift, provision or migration in April.
    assert len(tour.unreached) < 8
    found = [problem for answer in april.answers for problem in problems(answer)]
    assert sorted(set(found)) == []
    record(april.answers)


async def test_a_fuzzer_finds_no_error_and_no_undescribed_answer(
    april: April, tmp_path: Path
) -> None:
    found = await asyncio.gather(
        fuzz(april.gateway, april.token(), tmp_path, phase="coverage"),
        fuzz(april.gateway, april.token("acme"), tmp_path, phase="fuzzing"),
    )
    assert list(found) == ["", ""], "\n".join(found)
