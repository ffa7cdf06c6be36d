"""Usage metered before the catalog knew a deployment goes to it when it is registered."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import grpc
import pytest

from services.common.db.database import Database
from services.common.rpc.wire import timestamp
from services.common.settings import Service
from services.common.values.periods import Period, month_of
from tests.analytics.account import Analytics, today
from tests.analytics.peers import SHOP, Deployment, FakePeers, Span, at
from tests.catalog.shop import Clock, Shop
from tests.inventory.account import Inventory, sighting
from tests.support.databases import PostgresServer
from tests.support.ports import free_port
from tests.support.serving import served

APRIL, MAY = Period.month(2026, 4), Period.month(2026, 5)
STORE = Deployment("11111111-0000-7000-8000-000000000003", "acme", "store")
RIVAL = Deployment("11111111-0000-7000-8000-000000000004", "globex", "store")


def droplet(number: int, tenant: str = "acme", slug: str = "store", **more: Any) -> Span:
    """Up for all of April."""
    return Span(
        number, at("2026-04-01"), at("2026-05-01"), tenant_id=tenant, deployment=slug, **more
    )


async def totals(analytics: Analytics) -> dict[tuple[str, str, str], Decimal]:
    """What was used in all, by tenant, deployment and kind."""
    found: dict[tuple[str, str, str], Decimal] = {}
    for figure in await analytics.figures():
        key = (figure.tenant_id, figure.deployment_id, figure.resource_kind)
        found[key] = found.get(key, Decimal(0)) + Decimal(figure.qty)
    return found


async def test_usage_of_an_open_month_goes_to_its_deployment_with_the_next_metering(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [
        droplet(1),
        droplet(2, kind="snapshot", size_gb="10"),
        droplet(3, tenant="globex"),
    ]
    await analytics.meter("2026-04-09")
    await analytics.meter("2026-04-10")
    assert (await totals(analytics))["acme", "store", "droplet_hours"] == 48
    [before] = await analytics.figures(
        tenant_id="acme", from_day="2026-04-09", to_day="2026-04-10", resource_kind="droplet_hours"
    )
    analytics.peers.deployments.append(STORE)
    await analytics.meter("2026-04-11")
    assert await totals(analytics) == {
        ("acme", STORE.id, "droplet_hours"): 72,
        ("acme", STORE.id, "snapshot_gb_month"): 1,
        ("globex", "store", "droplet_hours"): 72,
    }
    [after] = await analytics.figures(
        tenant_id="acme", from_day="2026-04-09", to_day="2026-04-10", resource_kind="droplet_hours"
    )
    assert after.facts_hash == before.facts_hash
    assert [fact.resource_name for fact in await analytics.facts(after.id)] == ["droplet-1"]
    assert await analytics.changes() == []


async def test_usage_under_a_slug_and_under_the_id_is_one_figure(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(1), droplet(2, slug=STORE.id)]
    await analytics.meter("2026-04-10")
    analytics.peers.deployments.append(STORE)
    await analytics.meter("2026-04-11")
    figures = await analytics.figures(from_day="2026-04-10", to_day="2026-04-11")
    assert [(one.deployment_id, one.qty, one.fact_count) for one in figures] == [
        (STORE.id, "48", 2)
    ]


async def test_usage_of_a_closed_month_is_adopted_and_noted_as_a_change_of_it(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(1)]
    await analytics.meter_month(APRIL)
    await analytics.close("2026-04-01")
    analytics.peers.deployments.append(STORE)
    await analytics.meter("2026-05-01")
    assert await totals(analytics) == {("acme", STORE.id, "droplet_hours"): 720}
    noted = set(await analytics.changes())
    assert ("acme", STORE.id, "2026-04-01", "usage") in noted
    assert {one[:1] for one in noted} == {("acme",)}
    before = len(await analytics.changes())
    await analytics.meter("2026-05-02")
    assert len(await analytics.changes()) == before


async def test_deployments_are_adopted_before_a_month_is_closed(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(1)]
    await analytics.meter_month(APRIL)
    analytics.peers.deployments.append(STORE)
    await analytics.close("2026-04-01")
    assert await totals(analytics) == {("acme", STORE.id, "droplet_hours"): 720}
    assert await analytics.changes() == []


async def test_equal_slugs_of_two_tenants_are_adopted_each_by_its_own(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(1), droplet(2, tenant="globex"), droplet(3, tenant="globex")]
    await analytics.meter("2026-04-10")
    analytics.peers.deployments += [STORE, RIVAL]
    await analytics.meter("2026-04-11")
    assert await totals(analytics) == {
        ("acme", STORE.id, "droplet_hours"): 48,
        ("globex", RIVAL.id, "droplet_hours"): 96,
    }


async def test_a_filter_by_id_finds_usage_stored_under_the_tenants_slug(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(1), droplet(2, tenant="globex")]
    await analytics.meter("2026-04-10")
    analytics.peers.deployments += [STORE, RIVAL]
    [found] = await analytics.figures(deployment_id=STORE.id)
    assert (found.tenant_id, found.deployment_id) == ("acme", "store")
    own = await analytics.figures(analytics.tenant("globex"), deployment_id="store")
    assert [one.tenant_id for one in own] == ["globex"]
    assert await analytics.figures(analytics.tenant("globex"), deployment_id=STORE.id) == []
    assert await analytics.figures(deployment_id=SHOP.id) == []


@dataclass
class Services:
    """The inventory, the catalog and the analytics as they are, on fresh databases."""

    inventory: Inventory
    shop: Shop
    analytics: Analytics


@pytest.fixture
async def services(postgres: PostgresServer) -> AsyncIterator[Services]:
    """All three, served."""
    real = (Service.INVENTORY, Service.CATALOG, Service.ANALYTICS)
    names = {one: postgres.create(one) for one in real}
    addresses: dict[str, Any] = {f"{one}_address": f"127.0.0.1:{free_port()}" for one in real}
    settings = postgres.settings(names, log_level="warning", **addresses)
    async with AsyncExitStack() as running:
        channels, databases = {}, {}
        for one in real:
            await running.enter_async_context(served(one, settings))
            channels[one] = await running.enter_async_context(
                grpc.aio.insecure_channel(settings.address(one))
            )
            databases[one] = Database(settings.database_url(one), application_name="test")
            running.push_async_callback(databases[one].close)
        yield Services(
            Inventory(
                databases[Service.INVENTORY],
                channels[Service.INVENTORY],
                settings,
                names[Service.INVENTORY],
            ),
            Shop(
                databases[Service.CATALOG],
                channels[Service.CATALOG],
                settings,
                postgres.url(names[Service.CATALOG]),
                Clock(),
            ),
            Analytics(
                databases[Service.ANALYTICS],
                channels[Service.ANALYTICS],
                settings,
                names[Service.ANALYTICS],
                FakePeers(),  # type: ignore[abstract]  # nobody asks them
            ),
        )
    for name in names.values():
        postgres.drop(name)


async def test_a_droplet_that_was_tagged_before_its_deployment_was_registered(
    services: Services,
) -> None:
    """Tagged all of last month and metered under its slug; registered when that was closed."""
    month = month_of(today()).preceding()
    made = datetime.combine(month.start, datetime.min.time(), UTC)
    tagged = sighting(
        "1", tags=["tenant:acme", "deployment:store"], provider_created_at=timestamp(made)
    )
    await services.inventory.sweep(tagged)
    analytics = services.analytics
    await analytics.meter_month(month)
    await analytics.close(month.start.isoformat())
    hours = month.days * 24
    assert await totals(analytics) == {("acme", "store", "droplet_hours"): hours}
    assert await analytics.changes() == []

    registered = await services.shop.deploy("store")
    assert len(await analytics.figures(deployment_id=registered.id)) == month.days
    await analytics.meter((month.end - timedelta(days=1)).isoformat())
    assert await totals(analytics) == {("acme", registered.id, "droplet_hours"): hours}
    assert ("acme", registered.id, month.start.isoformat(), "usage") in await analytics.changes()
