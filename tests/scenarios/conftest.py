"""April 2026 from the provider's account to the tenants' invoices, shared by tests."""

from collections.abc import AsyncIterator

import pytest

from contracts.costs import billing_history
from contracts.flows import BY_HAND, start_flow
from tests.scenarios.april import APRIL, April, make_account
from tests.scenarios.system import running_scenario
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from workflows.costs.billing_history import BillingHistory
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import sync_by_hand

MAY = APRIL.following()


@pytest.fixture(scope="module")
async def april(
    engine_room: EngineRoom, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[April]:
    """The whole of April, billed: first acme alone, then globex too."""
    folder = tmp_path_factory.mktemp("april")
    async with running_scenario("april", engine_room, postgres, folder, make_account) as made:
        await _bring_in(made)
        yield made


async def _bring_in(april: April) -> None:
    for tenant, slug in (("acme", "shop"), ("globex", "blog"), ("initech", "docs")):
        answer = await april.post("/deployments", tenant, slug=slug)
        april.deployments[slug] = answer["deployment"]["id"]
    kinds = ("project", "droplet", "snapshot", "domain")
    await (
        await start_flow(april.temporal, sync_by_hand(april.settings, kinds), ResourceSync.run)
    ).result()
    for zone in april.account.zones:
        [found] = (await april.get("/inventory", kind="domain", query=zone))["resources"]
        await april.post(
            f"/inventory/{found['id']}/assign", deployment_id=april.deployments["docs"]
        )
    april.first_seen("2026-05-22", "domain")
    await (await start_flow(april.temporal, billing_history(BY_HAND), BillingHistory.run)).result()
    for month in (APRIL, MAY):
        await april.metered(month)
    await april.attributed(APRIL)
    await april.subscribed("shop")
    await april.rolled_up()
    april.margin_of_acme_alone = await april.get("/dashboard/margin", period="2026-04")
    await april.subscribed("blog", "storage_50gb")
    april.second_rollup = await april.rolled_up()
    await april.attributed(APRIL)
