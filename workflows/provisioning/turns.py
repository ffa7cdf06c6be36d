"""How runs that act on one droplet take turns: mutual exclusion by a workflow's id.

A turn is taken for a whole saga, not for an action: while one has a machine off to resize it,
another must neither take it for a machine that is off, nor turn it on.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from contracts.collections import PowerOff
    from contracts.flows import TaskQueue
    from contracts.provisioning import droplet_turn
    from workflows.drift.activities.reverting import RevertActivities
    from workflows.drift.payloads import SetPower
    from workflows.durable.reasons import NOT_FOUND, failed_as
    from workflows.durable.timeouts import with_heartbeat
    from workflows.provisioning.activities.powering import PowerActivities

from workflows.durable.saga import each, whole

__all__ = [
    "OFF_TIMEOUT",
    "ON_TIMEOUT",
    "DropletTurn",
    "Turn",
    "give_back",
    "power_off",
    "set_power",
    "take_turn",
]


@workflow.defn
class DropletTurn:
    """Started as `droplet-actions/<the provider's id>`, as a child of whoever acts."""

    def __init__(self) -> None:
        self._is_over = False

    @workflow.run
    async def run(self, holder: str) -> None:
        """Holds the turn until it is given back; `holder` is the workflow that has it."""
        workflow.set_current_details(f"{holder} has the turn")
        await workflow.wait_condition(lambda: self._is_over)
        workflow.set_current_details(f"{holder} had the turn, and gave it back")

    @workflow.signal
    def give_back(self) -> None:
        """The holder is through."""
        self._is_over = True


PATCH_TURNS: Final = "take-turns-at-a-droplet"
"""Runs from before acted at once."""

FIRST_PAUSE: Final = timedelta(seconds=1)
MAX_PAUSE: Final = timedelta(seconds=30)
"""Between two tries to take a turn that another has."""

END_TIMEOUT: Final = timedelta(seconds=10)
"""For the turn to end by itself, so that it does not read as terminated."""

Turn = ChildWorkflowHandle[DropletTurn, None]


async def take_turn(
    droplet_id: str, *, time_limit: timedelta, waiting: Callable[[], None] = lambda: None
) -> Turn | None:
    """Waits for the turn at a droplet; None for a run from before there were turns.

    `waiting` is called when another has it. Raises ApplicationError `DropletBusy` at the
    time limit.
    """
    if not workflow.patched(PATCH_TURNS):
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
                raise ApplicationError(
                    f"another run has been acting on droplet {droplet_id} all the time: see the"
                    f" run {start.id}",
                    type="DropletBusy",
                    non_retryable=True,
                ) from None
            waiting()
            await workflow.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE)


async def give_back(turn: Turn | None) -> None:
    """Lets the next one act; without a turn there is nothing to give back."""
    if turn is None:
        return
    with suppress(FailureError):  # somebody ended it by hand
        await turn.signal(DropletTurn.give_back)
    await workflow.wait([turn], timeout=END_TIMEOUT.total_seconds())


OFF_TIMEOUT: Final = timedelta(hours=1)
"""For one machine that is to be off."""

ON_TIMEOUT: Final = timedelta(days=7)
"""For one that is to be on again: nobody comes back to what is left."""


async def _running_droplets(deployment_id: str) -> tuple[str, ...]:
    """The provider's ids of a deployment's droplets that run."""
    droplets = await workflow.execute_activity_method(
        PowerActivities.running_droplets,
        deployment_id,
        task_queue=TaskQueue.PROVISIONING,
        **with_heartbeat(OFF_TIMEOUT),
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
    time_limit = ON_TIMEOUT if is_on else OFF_TIMEOUT
    turn = await take_turn(droplet_id, time_limit=time_limit)
    failure: BaseException | None = None
    try:
        await workflow.execute_activity_method(
            RevertActivities.set_power,
            SetPower(droplet_id, is_on),
            task_queue=TaskQueue.PROVISIONING,
            **with_heartbeat(time_limit),
            summary=f"power {droplet_id} {'on' if is_on else 'off'}",
        )
    except (asyncio.CancelledError, FailureError) as error:
        failure = error
    # Not in a `finally`: a run that is evicted from a worker's cache must not wait for anything.
    await give_back(turn)
    if failure is not None and not failed_as(failure, NOT_FOUND):
        raise failure
