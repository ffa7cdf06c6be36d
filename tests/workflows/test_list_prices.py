"""The daily sync of list prices: all or none, and each change once."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from temporalio.client import Client

from contracts.costs import list_price_sync
from contracts.flows import BY_HAND, start_flow
from services.common.settings import Service, Settings
from tests.providers.simulator import Simulator
from tests.support.engine_room import EngineRoom
from tests.support.ports import free_port
from tests.support.serving import served
from tests.workflows.conftest import ended, settings_of, system_of
from tests.workflows.system import System
from workflows.costs.payloads import ListPriceResult
from workflows.costs.readings import ListPriceSync

SIZE = "s-2vcpu-4gb"

COUNTED = "SELECT (SELECT count(*) FROM list_prices), (SELECT count(*) FROM list_price_changes)"
CHANGES = """
SELECT before.usd::text, after.usd::text, after.dimensions
FROM list_price_changes
JOIN list_prices AS before ON before.id = before_id
JOIN list_prices AS after ON after.id = after_id
"""


@dataclass(frozen=True)
class Prices:
    """A catalog with its worker."""

    system: System

    async def sync(self) -> ListPriceResult:
        """Runs a sync to its end."""
        run = await start_flow(self.system.client, list_price_sync(BY_HAND), ListPriceSync.run)
        result: ListPriceResult = await run.result()
        return result

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the catalog's database."""
        with psycopg.connect(self.system.admin_url) as connection:
            return connection.execute(query.encode()).fetchall()


@pytest.fixture
async def prices(
    engine_room: EngineRoom,
    fresh_settings: Callable[..., Settings],
    sync_temporal: str,
    sync_simulator: Simulator,
    temporal: Client,
) -> AsyncIterator[Prices]:
    """An empty catalog, and a worker."""
    sync_simulator.behave()
    sync_simulator.reset()
    settings = fresh_settings(
        Service.INVENTORY,
        Service.CATALOG,
        **settings_of(sync_temporal, sync_simulator),
        catalog_address=f"127.0.0.1:{free_port()}",
    )
    async with served(Service.CATALOG, settings):
        system = system_of(engine_room, sync_simulator, temporal, settings, Service.CATALOG)
        system.start_worker()
        yield Prices(system)
        await ended(system)
    sync_simulator.behave()


async def test_a_second_sync_doubles_nothing_and_a_changed_price_is_one_event(
    prices: Prices,
) -> None:
    first = await prices.sync()
    assert (first.changed_count, first.unchanged_count) == (0, 0)
    assert prices.rows(COUNTED) == [(first.added_count, 0)]
    second = await prices.sync()
    assert (second.added_count, second.changed_count) == (0, 0)
    assert second.unchanged_count == first.added_count

    prices.system.simulator.reprice(SIZE, "30")
    for changed in (1, 0):
        assert (await prices.sync()).changed_count == changed
    assert prices.rows(CHANGES) == [("24", "30", f'{{"size":"{SIZE}"}}')]
    assert prices.rows(COUNTED) == [(first.added_count + 1, 1)]


@pytest.mark.parametrize("fault", ["too_many_requests", "server_error"])
async def test_a_sync_that_meets_a_failing_provider_goes_on_later_and_records_all(
    prices: Prices, fault: str
) -> None:
    rule = {"retry_after": 1} if fault == "too_many_requests" else {}
    prices.system.simulator.fault(fault, path="/v2/apps/tiers", times=2, **rule)

    first = await prices.sync()

    assert prices.system.simulator.strikes() == 2
    assert prices.rows(COUNTED) == [(first.added_count, 0)]
    assert prices.rows("SELECT DISTINCT meter FROM list_prices WHERE source = 'api'") == [
        ("app_container_hours",), ("droplet_hours",),
    ]  # fmt: skip
