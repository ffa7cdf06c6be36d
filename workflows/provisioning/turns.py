"""How runs that act on one droplet take turns: mutual exclusion by a workflow's id.

A turn is taken for a whole saga, not for an action: while one has a machine off to resize it,
another must neither take it for a machine that is off, nor turn it on.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from contracts.provisioning import droplet_turn

from workflows.provisioning.droplet_turn import DropletTurn

__all__ = ["Turn", "give_back", "take_turn"]

TAKES_TURNS: Final = "take-turns-at-a-droplet"
"""Runs from before acted at once."""

FIRST_PAUSE: Final = timedelta(seconds=1)
MAX_PAUSE: Final = timedelta(seconds=30)
"""Between two tries to take a turn that another has."""

PARTING: Final = timedelta(seconds=10)
"""For the turn to end by itself, so that it does not read as terminated."""

Turn = ChildWorkflowHandle[DropletTurn, None]


async def take_turn(
    droplet_id: str, *, patience: timedelta, waiting: Callable[[], None] = lambda: None
) -> Turn | None:
    """Waits for the turn at a droplet; None for a run from before there were turns.

    `waiting` is called when another has it. Raises ApplicationError `DropletBusy` when the
    patience is over.
    """
    if not workflow.patched(TAKES_TURNS):
        return None
    ends = workflow.now() + patience
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
    await workflow.wait([turn], timeout=PARTING.total_seconds())
