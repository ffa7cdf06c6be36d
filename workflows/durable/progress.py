"""Describes the progress of a run, for callers that wait for it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.failure.v1 import Failure
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.converter import DataConverter
from temporalio.service import RPCError

from workflows.durable.activities import described

__all__ = ["WAITS", "Progress", "details_of", "progress_of"]

TOO_LARGE: Final = "Failure exceeds size limit."
"""The message of the server's failure that wraps a truncated one."""

WAITS: Final = "waits for"
"""Prefix of the text about an activity that waits for a retry."""

METADATA: Final = "__temporal_workflow_metadata"
"""The query that the Temporal UI uses for a run's current details."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run."""

    running: bool
    under_way: tuple[str, ...]
    """One line per running or waiting activity, and per child workflow."""


async def progress_of(client: Client, handle: WorkflowHandle[Any, Any]) -> Progress:
    """Reads the progress from Temporal, which works without a worker."""
    description = await handle.describe()
    pending = description.raw_description.pending_activities
    lines = [await _line(activity, client.data_converter) for activity in pending]
    for child in description.raw_description.pending_children:
        lines += await _of_child(client, child.workflow_id)
    return Progress(description.status is WorkflowExecutionStatus.RUNNING, tuple(lines))


async def details_of(handle: WorkflowHandle[Any, Any], time_limit: timedelta) -> str | None:
    """The details of a run, as in the UI; None if no worker answers in time."""
    try:
        told = await handle.query(METADATA, result_type=WorkflowMetadata, rpc_timeout=time_limit)
    except RPCError:
        return None
    return str(told.current_details)


async def _line(activity: PendingActivityInfo, converter: DataConverter) -> str:
    name = activity.activity_type.name
    text, cursor = described(name)
    if cursor is not None and activity.HasField("heartbeat_details"):
        told: list[Any] = await converter.decode(
            activity.heartbeat_details.payloads, type_hints=[cursor]
        )
        text = told[0].in_words()
    if activity.attempt > 1:
        text += f" ({_waiting(activity)}: {_reason(activity.last_failure)})"
    return text


async def _of_child(client: Client, workflow_id: str) -> list[str]:
    """The progress of a child; only its id if it is idle or has just ended."""
    try:
        described = await client.get_workflow_handle(workflow_id).describe()
    except RPCError:
        return [workflow_id]
    pending = described.raw_description.pending_activities
    lines = [f"{workflow_id}: {await _line(one, client.data_converter)}" for one in pending]
    return lines or [workflow_id]


def _reason(failure: Failure) -> str:
    """Why an attempt failed; the server wraps a failure with long traces in its own."""
    wrapped = failure.message == TOO_LARGE and failure.HasField("cause")
    return failure.cause.message if wrapped else failure.message


def _waiting(activity: PendingActivityInfo) -> str:
    """The number of the next attempt and its time."""
    if activity.state != PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED:
        return f"attempt {activity.attempt}, after"
    again = activity.next_attempt_schedule_time.ToDatetime()
    return f"{WAITS} attempt {activity.attempt} at {again:%H:%M:%S} UTC, after"
