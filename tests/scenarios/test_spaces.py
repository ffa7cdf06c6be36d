"""A month of Spaces, from the buckets at the provider to the invoice and the margin."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from contracts.costs import billing_history
from contracts.flows import BY_HAND, start_flow
from services.common.values.periods import Period
from tests.providers.simulator import Simulator
from tests.scenarios.april import Account, April
from tests.scenarios.system import running_scenario
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from workflows.costs.billing_history import BillingHistory
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import sync_by_hand

MAY = Period.month(2026, 5)
REFUSED = "the Spaces key may not read the bucket"

OWNERS = {
    "acme-assets": ("acme", "shop"),
    "globex-exports": ("globex", "blog"),
    "hooli-models": ("hooli", "models"),
}


def make_account(simulator: Simulator) -> Account:
    """Five buckets since before May; one of them the key may not read."""
    simulator.reset(seed=3, now="2026-04-28T00:00:00Z")
    simulator.change("spaces_bucket", "globex-exports", size_gigabytes=200)
    simulator.fault("status", path="/s3/ams3/hooli-models", status=403)
    simulator.set_clock("2026-06-02T00:00:00Z")
    return Account((), "")


@pytest.fixture(scope="module")
async def may(
    engine_room: EngineRoom, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[April]:
    """May, billed: three of the buckets are tenants', two are nobody's."""
    folder = tmp_path_factory.mktemp("spaces")
    async with running_scenario("spaces", engine_room, postgres, folder, make_account) as system:
        await (
            await start_flow(
                system.temporal, sync_by_hand(system.settings, ("spaces_bucket",)), ResourceSync.run
            )
        ).result()
        for bucket, (tenant, slug) in OWNERS.items():
            made = await system.post("/deployments", tenant, slug=slug)
            system.deployments[slug] = made["deployment"]["id"]
            [found] = (await system.get("/inventory", query=bucket))["resources"]
            await system.post(
                f"/inventory/{found['id']}/assign", deployment_id=system.deployments[slug]
            )
        system.first_seen("2026-04-28", "spaces_bucket")
        await (
            await start_flow(system.temporal, billing_history(BY_HAND), BillingHistory.run)
        ).result()
        await system.metered(MAY)
        await system.subscribed("blog", "storage_50gb")
        await system.rolled_up("2026-05")
        await system.attributed(MAY)
        yield system


async def test_a_bucket_shows_its_size_and_time_or_why_it_is_unknown(may: April) -> None:
    found = (await may.get("/inventory", kind="spaces_bucket"))["resources"]
    assert len(found) == 5
    attrs = {
        one["name"]: (await may.get(f"/inventory/{one['id']}"))["resource"]["attrs"]
        for one in found
    }
    assert attrs["globex-exports"]["size_bytes"] == 200 * 2**30
    assert attrs["globex-exports"]["object_count"] == 200 * 16
    assert attrs["globex-exports"]["measured_at"]
    assert attrs["hooli-models"] == {"unmeasured": REFUSED}


async def test_200_gb_through_all_of_may_are_200_gb_months(may: April) -> None:
    for tenant, size in (("globex", 200), ("acme", 212)):
        answer = await may.get(
            "/usage", tenant, from_day="2026-05-01", to_day="2026-06-01", page_size=500
        )
        assert {day["resource_kind"] for day in answer["daily_usage"]} == {"spaces_gb_month"}
        assert len(answer["daily_usage"]) == MAY.days
        assert sum(Decimal(day["qty"]) for day in answer["daily_usage"]) == size


async def test_the_addon_counts_and_what_is_over_it_is_billed(may: April) -> None:
    """Studio has 100 GB, `storage_50gb` adds 50: of 200, 50 are over, at 2 cents."""
    [listed] = (await may.get("/invoices", "globex", period="2026-05"))["invoices"]
    lines = (await may.get(f"/invoices/{listed['id']}", "globex"))["lines"]
    assert [(line["description"], line["amount_cents"]) for line in lines] == [
        ("Plan: studio", "5000"),
        ("Addon: storage_50gb", "750"),
        ("Overage: spaces_gb_month", "100"),
        ("GST 10%", "585"),
    ]
    assert (lines[2]["meta"]["used"], lines[2]["meta"]["allowance"]) == ("200", "150")


async def test_an_unmeasured_bucket_is_listed_with_its_reason_and_is_not_zero(
    may: April,
) -> None:
    month: dict[str, Any] = {"from_day": "2026-05-01", "to_day": "2026-06-01"}
    [found] = (await may.get("/usage/unmetered", **month))["resources"]
    assert (found["resource_name"], found["tenant_id"], found["reason"]) == (
        "hooli-models",
        "hooli",
        REFUSED,
    )
    assert (found["first_day"], found["last_day"]) == ("2026-05-01", "2026-05-31")
    assert found["seconds"] == str(MAY.days * 86_400)
    assert (await may.get("/usage/unmetered", "hooli", **month))["resources"] == [found]
    assert (await may.get("/usage/unmetered", "acme", **month))["resources"] == []
    assert (await may.get("/usage", "hooli"))["daily_usage"] == []


async def test_the_margin_says_by_what_the_cost_of_spaces_was_split(may: April) -> None:
    margin = await may.get("/dashboard/margin", period="2026-05")
    splits = {one["kind"]: one for one in margin["shared_costs"]}
    spaces = splits["spaces_bucket"]
    # 5.00 for all of them, and 0.02 a GB over 250.
    assert Decimal(spaces["amount_usd"]) > 5
    assert (spaces["split_key"], spaces["remark"]) == (
        "bucket_time",
        "the size of 1 of 5 buckets is unknown",
    )
    parts = sum(int(one["cogs_cents"]) for one in margin["by_tenant"])
    assert parts == int(margin["cogs_cents"])
