"""A simulation of billed months by the real catalog."""

import asyncio
import csv
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from arcadia.analytics.v1 import simulation_service_pb2 as pb
from arcadia.analytics.v1.simulation_service_pb2_grpc import SimulationServiceStub
from arcadia.catalog.v1 import catalog_service_pb2 as catalog_pb
from arcadia.catalog.v1 import list_price_service_pb2 as list_pb

from services.common.values.periods import Period
from tests.analytics.account import event
from tests.analytics.peers import Span, at
from tests.invoicing.test_with_the_catalog import Month, ids, subscribed
from tests.invoicing.test_with_the_catalog import month as month
from tests.support.environment import environment_of

MAY = Period.month(2026, 5)


@dataclass
class Simulating:
    """An operator who simulates drafts."""

    month: Month

    async def document(self) -> Any:
        """The current catalog, to be changed."""
        answer = await self.month.shop.catalog.ExportCatalog(
            catalog_pb.ExportCatalogRequest(), metadata=self.month.shop.operator
        )
        return yaml.safe_load(answer.document)

    async def simulate(self, draft: Any = None, **asked: Any) -> Any:
        stub = SimulationServiceStub(self.month.metering.channel)
        if draft is not None:
            asked["document"] = yaml.safe_dump(draft, sort_keys=False)
        request = pb.SimulateCatalogRequest(**asked)
        return await stub.SimulateCatalog(request, metadata=self.month.books.operator)


@pytest.fixture
async def april(month: Month) -> Month:
    """Acme runs 3 droplets with an addon, globex from the 16th one: billed and issued."""
    await subscribed(month, "acme", "shop", "storage_50gb")
    await month.runs("acme", "shop", 3)
    month.shop.clock.set("2026-04-16")
    await subscribed(month, "globex", "blog")
    await month.runs("globex", "blog", 1, "2026-04-16")
    month.shop.clock.set("2026-04-01")
    await month.closed()
    await month.books.rolled_up()
    return month


def by_tenant(answer: Any) -> dict[str, tuple[int, int]]:
    """What each was and would have been billed."""
    return {
        one.tenant_id: (one.revenues[0].before_cents, one.revenues[0].after_cents)
        for one in answer.simulated_shares
    }


async def test_the_current_catalog_comes_to_what_was_billed(april: Month) -> None:
    them = Simulating(april)
    answer = await them.simulate(await them.document())
    assert by_tenant(answer) == {"acme": (6422, 6422), "globex": (2500, 2500)}
    assert list(answer.months) == ["2026-04-01"]
    assert (answer.total.revenue_before_cents, answer.total.revenue_after_cents) == (8922, 8922)
    assert answer.failure_count == 0


async def test_a_dearer_plan_and_overage_are_priced_by_deployment_and_meter(april: Month) -> None:
    them = Simulating(april)
    draft = await them.document()
    [studio] = [plan for plan in draft["plans"] if plan["code"] == "studio"]
    studio["price_cents"] = 6000
    items = [one for one in studio["items"] if one["resource_kind"] == "droplet_hours"]
    [item] = [one for one in items if "by" not in one]
    item["overage_price_cents"] = "2"
    answer = await them.simulate(draft)
    assert by_tenant(answer) == {"acme": (6422, 6000 + 750 + 1344), "globex": (2500, 3000)}
    [acme, _] = answer.simulated_shares
    assert (acme.revenues[0].change_cents, acme.revenues[0].change_percent) == (1672, "26")
    meters = await them.simulate(draft, group_by="meter")
    assert [
        (one.meter, one.revenue_before_cents, one.revenue_after_cents)
        for one in meters.simulated_shares
    ] == [
        ("droplet_hours", 672, 1344),
        ("plan_base", 7500, 9000),
        ("spaces_gb_month", 750, 750),
    ]
    deployments = await them.simulate(draft, group_by="deployment", tenant_id="acme")
    [shop] = deployments.simulated_shares
    assert (shop.deployment_id, shop.revenue_after_cents) == ((await ids(april))["shop"], 8094)
    assert not shop.HasField("cost_cents")
    assert list(answer.months_without_costs) == ["2026-04-01"]


async def test_a_draft_version_is_simulated_before_it_is_published(april: Month) -> None:
    request = catalog_pb.CreatePlanVersionRequest(
        plan_code="studio", price_cents=4000, currency="AUD"
    )
    made = await april.shop.catalog.CreatePlanVersion(request, metadata=april.shop.operator)
    answer = await Simulating(april).simulate(
        plan_code="studio", plan_version=made.plan_version.version
    )
    # Without an item for droplet hours they are at the unit price, like those of any plan.
    assert by_tenant(answer)["globex"] == (2500, 2000 + by_meter(answer, "globex"))


def by_meter(answer: Any, tenant: str) -> int:
    [found] = [one for one in answer.simulated_shares if one.tenant_id == tenant]
    return int(found.revenue_after_cents) - 2000


async def test_a_month_that_was_adjusted_counts_with_its_adjustment(april: Month) -> None:
    late = event("late-1", qty="3000000", day="2026-04-15", deployment=(await ids(april))["shop"])
    await april.metering.record(late)
    await april.metering.meter_month(MAY)
    await april.metering.close("2026-05-01")
    await april.books.rolled_up("2026-05-01")
    them = Simulating(april)
    answer = await them.simulate(await them.document(), months=2)
    assert list(answer.months) == ["2026-04-01", "2026-05-01"]
    assert all(before == after for before, after in by_tenant(answer).values())
    alone = await them.simulate(await them.document(), to_period="2026-04")
    [acme, _] = alone.simulated_shares
    lines = await april.books.lines_of("acme", "2026-05-01")
    [adjustment] = [one for one in lines if one.kind == "adjustment"]
    assert acme.revenue_after_cents == 6422 + adjustment.amount_cents


async def test_a_page_has_whole_tenants_and_the_next_one_follows(april: Month) -> None:
    them = Simulating(april)
    draft = await them.document()
    first = await them.simulate(draft, page_size=1)
    second = await them.simulate(draft, page_size=1, page_token=first.next_page_token)
    assert [*by_tenant(first), *by_tenant(second)] == ["acme", "globex"]
    assert second.next_page_token == ""


async def test_a_catalog_that_changes_between_pages_ends_the_simulation(april: Month) -> None:
    them = Simulating(april)
    draft = await them.document()
    first = await them.simulate(draft, page_size=1)
    await april.shop.catalog.CreatePlan(
        catalog_pb.CreatePlanRequest(code="other", name="Other"), metadata=april.shop.operator
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await them.simulate(draft, page_size=1, page_token=first.next_page_token)
    assert refused.value.code() is grpc.StatusCode.ABORTED


async def test_the_command_shows_who_pays_more_and_writes_csv(april: Month, tmp_path: Path) -> None:
    draft = await Simulating(april).document()
    [studio] = [plan for plan in draft["plans"] if plan["code"] == "studio"]
    studio["price_cents"] = 6000
    file, table = tmp_path / "draft.yaml", tmp_path / "rows.csv"
    file.write_text(yaml.safe_dump(draft, sort_keys=False))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cli.app", "catalog", "simulate", str(file), "--csv", str(table)),
        env=environment_of(april.metering.settings),
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 240)
    told = out.decode()
    assert process.returncode == 0, err.decode()
    assert "AUD 89.22 billed, AUD 104.22 by the draft, 15.00" in told
    assert "2 pay more; 0 fall below the margin floor of 30 %" in told
    with table.open(newline="") as rows:
        assert [(row["tenant_id"], row["change_cents"]) for row in csv.DictReader(rows)] == [
            ("acme", "1000"),
            ("globex", "500"),
        ]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "document"),
        ({"document": "plans: []", "plan_code": "studio"}, "document"),
        ({"document": "plans: ["}, "document"),
        ({"document": "plans:\n- code: studio"}, "document.plans[0].name"),
        ({"plan_code": "studio"}, "plan_version"),
        ({"plan_code": "studio", "plan_version": 99}, "plan_version"),
        ({"document": "plans: []", "months": 25}, "months"),
        ({"document": "plans: []", "group_by": "colour"}, "group_by"),
    ],
)
async def test_a_bad_draft_is_refused_with_the_field(
    april: Month, asked: dict[str, Any], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await Simulating(april).simulate(**asked)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith(f"{field}: ")


async def test_nothing_is_simulated_before_a_month_is_billed(month: Month) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await Simulating(month).simulate(document="plans: []")
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION


METAL = """
plans:
  - code: metal
    name: Metal
    price_cents: 1000
    currency: USD
    items: [{resource_kind: dns_zones, included_qty: 1, overage_unit: zone}]
"""
RULE = {
    "code": "cost_plus",
    "basis": "list",
    "match": {"meter": ["droplet_hours"]},
    "percent": "20",
    "currency": "USD",
    "effective_from": "2027-01-01",
}


async def test_a_rule_is_simulated_before_it_is_set(month: Month) -> None:
    shop = month.shop
    apply = catalog_pb.ApplyCatalogRequest(document=METAL)
    await shop.catalog.ApplyCatalog(apply, metadata=shop.operator)
    size = {"size": "s-1vcpu-1gb"}
    listed = list_pb.ListedPrice(meter="droplet_hours", dimensions=size, usd="6", per_qty="672")
    told = list_pb.RecordListPricesRequest(
        provider="digitalocean", on="2026-04-01", recorded_by="sync", prices=[listed]
    )
    await shop.list_prices.RecordListPrices(told, metadata=shop.worker)
    deployment = await shop.deploy("shop", shop.acme)
    await shop.subscribe(deployment.id, "metal", token=shop.acme)
    month.inventory.spans.append(Span(1, at("2026-04-01"), at("2026-05-01"), size=size["size"]))
    await month.closed()
    await month.books.rolled_up()
    answer = await Simulating(month).simulate({"rebilling": [RULE]}, group_by="meter")

    assert answer.failure_count == 0
    # 720 h that were not sold, at 6 USD for 672 and 20 percent more.
    assert {
        one.meter: (one.revenues[0].before_cents, one.revenues[0].after_cents)
        for one in answer.simulated_shares
    } == {"droplet_hours": (0, 771), "plan_base": (1000, 1000)}
    assert list(answer.rules_left_out) == []
    on_bill = {
        **RULE,
        "code": "on_bill",
        "basis": "bill",
        "match": {"product": ["droplet"], "plan": ["metal"]},
    }
    named = await Simulating(month).simulate({"rebilling": [RULE, on_bill]})
    assert list(named.rules_left_out) == ["on_bill"]
    assert shop.rows("SELECT count(*) FROM rebilling_rules") == [(0,)]
