"""Schedules that do not fire by themselves while tests run."""

from temporalio.client import Client

from services.common.settings import Settings
from workflows.schedules import ensure_schedules, planned

__all__ = ["hold_schedules"]


async def hold_schedules(client: Client) -> None:
    """Creates every schedule of the table, paused, or pauses those that are there.

    A worker process brings the schedules up to date when it starts and keeps a pause. Without
    it a run that the wall clock starts (hourly at :15, …) does its work beside the test's own.
    """
    plans = planned(Settings())
    await ensure_schedules(client, plans)
    for plan in plans:
        await client.get_schedule_handle(plan.id).pause(note="a test starts its own runs")
