"""A lock per droplet for runs that act on it: mutual exclusion by workflow id.

The lock is held for a whole saga, not for a single action: while a saga has a machine powered off
to resize it, another run must neither see it as off nor power it on.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from contracts.collections import PowerOff
    from contracts.flows import TaskQueue
    from contracts.provisioning import droplet_turn
    from workflows.drift.activities.reverting import RevertActivities
    from workflows.drift.payloads import SetPower
    from workflows.durable.reasons import NOT_FOUND, failed_as, final_failure
    from workflows.durable.timeouts import with_heartbeat
    from workflows.provisioning.activities.powering import PowerActivities

from workflows.durable.saga import each, whole

__all__ = [
    "OFF_TIMEOUT",
    "ON_TIMEOUT",
    "DropletTurn",
    "Turn",
    "give_back",
    "lock_droplet",
    "power_off",
    "set_power",
]


@workflow.defn
class DropletTurn:
    """Started as `droplet-actions/<the provider's id>`, as a child of the acting run."""

    def __init__(self) -> None:
        self._is_over = False

    @workflow.run
    async def run(self, holder: str) -> None:
        """Holds the lock until it is released; `holder` is the workflow that has it."""
        workflow.set_current_details(f"{holder} holds the lock")
        await workflow.wait_condition(lambda: self._is_over)
        workflow.set_current_details(f"{holder} released the lock")

    @workflow.signal
    def give_back(self) -> None:
        """Signal of the holder to release the lock."""
        self._is_over = True


PATCH_LOCK: Final = "take-turns-at-a-droplet"
"""Patch: older runs acted without a lock."""

FIRST_PAUSE: Final = timedelta(seconds=1)
MAX_PAUSE: Final = timedelta(seconds=30)
"""Pause between two attempts to take the lock."""

END_TIMEOUT: Final = timedelta(seconds=10)
"""Time for the lock's run to complete, so that it does not appear as terminated."""

Turn = ChildWorkflowHandle[DropletTurn, None]


async def lock_droplet(
    droplet_id: str, *, time_limit: timedelta, waiting: Callable[[], None] = lambda: None
) -> Turn | None:
    """Waits for the lock of a droplet; returns None in a run from before locks.

    `waiting` is called when another has it. Raises ApplicationError `DropletBusy` at the
    time limit.
    """
    if not workflow.patched(PATCH_LOCK):
        return None
    ends = workflow.now() + time_limit
    pause = FIRST_PAUSE
    start = droplet_turn(droplet_id, workflow.info().workflow_id)
    while True:
        try:
            return await workflow.start_child_workflow(
                DropletTurn.run,
                start.argument,
                parent_close_policy=ParentClosePolicy.TERMINATE,
                **start.options(),
            )
        except WorkflowAlreadyStartedError:
            if workflow.now() + pause > ends:
                raise final_failure(
                    "DropletBusy",
                    f"another run holds the lock of droplet {droplet_id}: see the run {start.id}",
                ) from None
            waiting()
            await workflow.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE)


async def give_back(turn: Turn | None) -> None:
    """Releases the lock, if any."""
    if turn is None:
        return
    with suppress(FailureError):  # an operator ended it
        await turn.signal(DropletTurn.give_back)
    await workflow.wait([turn], timeout=END_TIMEOUT.total_seconds())


OFF_TIMEOUT: Final = timedelta(hours=1)
"""Timeout of powering one machine off."""

ON_TIMEOUT: Final = timedelta(days=7)
"""Timeout of powering one machine on, because nothing retries it later."""


async def power_off(one: PowerOff, keep: Callable[[PowerOff], None]) -> None:
    """Powers off the running droplets of a deployment, and records the progress."""
    if one.step == "asked":
        # Recorded before any is off, so that exactly these are powered on again.
        droplets = await with_heartbeat(OFF_TIMEOUT).run(
            PowerActivities.running_droplets,
            one.deployment_id,
            "list the running machines",
            task_queue=TaskQueue.PROVISIONING,
        )
        one = replace(one, step="known", droplet_ids=tuple(droplets))
        keep(one)
    if one.step == "known":
        await each(whole(set_power(droplet, is_on=False)) for droplet in one.droplet_ids)
        keep(replace(one, step="off"))


async def set_power(droplet_id: str, *, is_on: bool) -> None:
    """Powers a machine on or off under its lock; skips one that is gone."""
    time_limit = ON_TIMEOUT if is_on else OFF_TIMEOUT
    turn = await lock_droplet(droplet_id, time_limit=time_limit)
    failure: BaseException | None = None
    try:
        await with_heartbeat(time_limit).run(
            RevertActivities.set_power,
            SetPower(droplet_id, is_on),
            f"power {droplet_id} {'on' if is_on else 'off'}",
            task_queue=TaskQueue.PROVISIONING,
        )
    except (asyncio.CancelledError, FailureError) as error:
        failure = error
    # Not in a `finally`: a run that is evicted from a worker's cache must not wait.
    await give_back(turn)
    if failure is not None and not failed_as(failure, NOT_FOUND):
        raise failure
