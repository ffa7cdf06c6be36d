"""Steps at the machines of a deployment: which of them run, off, and on again.

Whoever powers machines off learns first which of them run, and keeps that: just these are powered
on again, never one that somebody had switched off by hand.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from contracts.collections import PowerOff
    from contracts.queues import TaskQueue
    from workflows.drift.activities.reverting import RevertActivities
    from workflows.drift.payloads import SetPower
    from workflows.durable.reasons import NOT_FOUND, failed_as
    from workflows.durable.timeouts import with_heartbeat
    from workflows.provisioning.activities.powering import PowerActivities

from workflows.durable.saga import each, whole
from workflows.provisioning.turns import give_back, take_turn

__all__ = ["LIFTING", "PATIENCE", "power_off", "set_power"]

PATIENCE: Final = timedelta(hours=1)
"""For one machine that is to be off."""

LIFTING: Final = timedelta(days=7)
"""For one that is to be on again: nobody comes back to what is left."""


async def _running_droplets(deployment_id: str) -> tuple[str, ...]:
    """The provider's ids of a deployment's droplets that run."""
    droplets = await workflow.execute_activity_method(
        PowerActivities.running_droplets,
        deployment_id,
        task_queue=TaskQueue.PROVISIONING,
        **with_heartbeat(PATIENCE),
        summary="find the machines that run",
    )
    return tuple(droplets)


async def power_off(one: PowerOff, keep: Callable[[PowerOff], None]) -> None:
    """Powers off the droplets of a deployment that run, and keeps how far that is."""
    if one.step == "asked":
        # Known before any is off: whatever comes, just these are powered on again.
        droplets = await _running_droplets(one.deployment_id)
        one = replace(one, step="known", droplet_ids=droplets)
        keep(one)
    if one.step == "known":
        await each(whole(set_power(droplet, is_on=False)) for droplet in one.droplet_ids)
        keep(replace(one, step="off"))


async def set_power(droplet_id: str, *, is_on: bool) -> None:
    """Powers a machine on or off, when it is our turn; one that is gone is left out."""
    patience = LIFTING if is_on else PATIENCE
    turn = await take_turn(droplet_id, patience=patience)
    failure: BaseException | None = None
    try:
        await workflow.execute_activity_method(
            RevertActivities.set_power,
            SetPower(droplet_id, is_on),
            task_queue=TaskQueue.PROVISIONING,
            **with_heartbeat(patience),
            summary=f"power {droplet_id} {'on' if is_on else 'off'}",
        )
    except (asyncio.CancelledError, FailureError) as error:
        failure = error
    # Not in a `finally`: a run that is evicted from a worker's cache must not wait for anything.
    await give_back(turn)
    if failure is not None and not failed_as(failure, NOT_FOUND):
        raise failure
