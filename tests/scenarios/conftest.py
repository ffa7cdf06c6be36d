"""April 2026 from the provider's account to the tenants' invoices, for the tests that read it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from services.catalog.seed import seed
from services.common.database import Database
from services.common.settings import Service
from stack.engines.temporal import Temporal
from stack.probes import TEMPORAL_FRONTEND, grpc_serving
from tests.gateway.harness import run_gateway, seeing
from tests.providers.simulator import start_simulator
from tests.scenarios.april import APRIL, April, make_account
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from tests.support.ports import free_port
from tests.support.serving import served
from tests.support.working import Workers
from workflows.billing_starts import start_billing_history
from workflows.connection import connect
from workflows.search_attributes import register_search_attributes
from workflows.starts import full_sync, start_sync

MAY = APRIL.following()


@pytest.fixture(scope="module")
async def april(
    engine_room: EngineRoom, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[April]:
    """All of it, billed: first acme alone, then globex too."""
    simulator = start_simulator(engine_room, "april-simulator")
    engine = Temporal(
        engine_room.folder / "april-temporal", free_port(), free_port(), durable=False
    )
    engine.prepare()
    address = f"127.0.0.1:{engine.port}"
    engine_room.start(
        "april-temporal", engine.command(), lambda _: grpc_serving(address, TEMPORAL_FRONTEND)
    )
    names = {service: postgres.create(service) for service in Service}
    addresses: dict[str, Any] = {
        f"{service}_address": f"127.0.0.1:{free_port()}" for service in Service
    }
    settings = postgres.settings(
        names, TEMPORAL_ADDRESS=address, DO_API_URL=simulator.url, DO_API_TOKEN="april",
        log_level="warning", **addresses,
    )  # fmt: skip
    account = make_account(simulator)
    temporal = await connect(settings)
    await register_search_attributes(temporal)
    catalog = Database(settings.database_url(Service.CATALOG), application_name="seed")
    await seed(catalog)
    await catalog.close()
    working = Workers()
    async with AsyncExitStack() as running:
        for service in Service:
            await running.enter_async_context(served(service, settings))
        gateway = await running.enter_async_context(
            run_gateway(tmp_path_factory.mktemp("april"), 0, **addresses)
        )
        await seeing(gateway)
        running.push_async_callback(working.stop)
        working.start(settings, temporal)
        made = April(settings, temporal, str(gateway.http.base_url), account)
        await _bring_in(made)
        yield made
    for name in names.values():
        postgres.drop(name)


async def _bring_in(april: April) -> None:
    for tenant, slug in (("acme", "shop"), ("globex", "blog"), ("initech", "docs")):
        answer = await april.post("/deployments", tenant, slug=slug)
        april.deployments[slug] = answer["deployment"]["id"]
    kinds = ("project", "droplet", "snapshot", "domain")
    await (await start_sync(april.temporal, full_sync(april.settings, kinds))).result()
    for zone in april.account.zones:
        [found] = (await april.get("/inventory", kind="domain", query=zone))["resources"]
        await april.post(
            f"/inventory/{found['id']}/assign", deployment_id=april.deployments["docs"]
        )
    april.first_seen("2026-05-22", "domain")
    await (await start_billing_history(april.temporal)).result()
    for month in (APRIL, MAY):
        await april.metered(month)
    await april.attributed(APRIL)
    await april.subscribed("shop")
    await april.rolled_up()
    april.margin_of_acme_alone = await april.get("/dashboard/margin", period="2026-04")
    await april.subscribed("blog", "storage_50gb")
    april.second_rollup = await april.rolled_up()
    await april.attributed(APRIL)
