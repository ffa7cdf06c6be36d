"""Schedules that do not fire while tests run."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from temporalio.client import Client

from services.common.durable import connect
from services.common.settings import Settings
from workflows.schedules import ensure_schedules, planned

__all__ = ["hold_schedules", "hold_schedules_of"]


async def hold_schedules(client: Client, settings: Settings | None = None) -> None:
    """Creates every schedule of the table, paused, or pauses existing ones.

    A worker upserts the schedules when it starts and keeps a pause. Otherwise scheduled runs
    (hourly at :15, …) would interfere with the tests.
    """
    plans = planned(settings or Settings())
    await ensure_schedules(client, plans)
    for plan in plans:
        await client.get_schedule_handle(plan.id).pause(note="a test starts its own runs")


def hold_schedules_of(settings: Settings) -> None:
    """The same for a running system; waits until it is done."""

    async def hold() -> None:
        await hold_schedules(await connect(settings), settings)

    # In a separate thread, because the tests' thread has its own event loop.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, hold()).result()
