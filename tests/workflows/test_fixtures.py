"""The fixtures of these tests end what they started, also when their set-up fails."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from temporalio.client import Client

from services.common.settings import Service, Settings
from tests.providers.simulator import Simulator
from tests.support.engine_room import EngineRoom
from tests.workflows.conftest import running_system, settings_of


async def test_a_set_up_that_fails_ends_its_workers_and_its_runs(
    engine_room: EngineRoom,
    fresh_settings: Callable[..., Settings],
    sync_temporal: str,
    sync_simulator: Simulator,
    temporal: Client,
) -> None:
    """A worker that is left behind keeps the event loop, and so the whole session, from ending."""
    sync_simulator.behave()
    sync_simulator.reset()
    settings = fresh_settings(Service.INVENTORY, **settings_of(sync_temporal, sync_simulator))
    before = asyncio.all_tasks()
    with suppress(LookupError):
        async with running_system(engine_room, sync_simulator, temporal, settings) as system:
            system.start_worker()
            await system.start("droplet")
            raise LookupError

    assert [run async for run in temporal.list_workflows('ExecutionStatus = "Running"')] == []
    assert [task for task in asyncio.all_tasks() - before if "_work" in repr(task)] == []
