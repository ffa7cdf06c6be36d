"""Describes the progress of a run, for callers that wait for it."""

from collections.abc import Mapping
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

from workflows.costs.activities.bills import BillActivities, MatchActivities
from workflows.costs.activities.ingesting import IngestActivities
from workflows.costs.billing_history import BillingHistory
from workflows.costs.payloads import HistoryCursor, HistoryResult
from workflows.drift.activities.drift import DriftActivities
from workflows.drift.drift_sweep import DriftSweep
from workflows.drift.payloads import DriftCursor, DriftSweepResult, ExplainResult
from workflows.sync.activities.claiming import ClaimActivities
from workflows.sync.activities.confirming import ConfirmActivities
from workflows.sync.activities.projects import ProjectActivities
from workflows.sync.activities.sweeping import SweepActivities
from workflows.sync.payloads import MembersCursor, ResourceSyncResult, SuspectsResult, SweepCursor
from workflows.sync.resource_sync import ResourceSync

__all__ = ["WAITS", "Progress", "details_of", "progress_of"]

Cursor = SweepCursor | SuspectsResult | MembersCursor | DriftCursor | ExplainResult | HistoryCursor

CURSORS: Final[Mapping[str, type[Cursor]]] = {
    SweepActivities.sweep_kind.__name__: SweepCursor,
    ConfirmActivities.confirm_suspects.__name__: SuspectsResult,
    ProjectActivities.record_members.__name__: MembersCursor,
    DriftActivities.sweep_drift.__name__: DriftCursor,
    DriftActivities.explain_drifts.__name__: ExplainResult,
    BillActivities.walk_history.__name__: HistoryCursor,
}
"""The payload types of heartbeats."""

ACTIVITY_TEXTS: Final = {
    ClaimActivities.claim_kinds.__name__: "waiting for other syncs of the same kinds",
    SweepActivities.sweep_kind.__name__: "reading a kind",
    SweepActivities.fail_sweep.__name__: "recording an interrupted read",
    ConfirmActivities.confirm_suspects.__name__: "reading unseen resources by id",
    ProjectActivities.project_exists.__name__: "looking for the internal project",
    ProjectActivities.record_members.__name__: "reading project members",
    DriftActivities.record_list_prices.__name__: "reading list prices",
    DriftActivities.sweep_drift.__name__: "comparing a kind with its specs",
    DriftActivities.explain_drifts.__name__: "looking up causes of drifts",
    BillActivities.walk_history.__name__: "reading the billing history",
    BillActivities.list_pending.__name__: "listing pending invoices",
    IngestActivities.begin_ingest.__name__: "beginning the ingest",
    IngestActivities.upload_csv.__name__: "reading the CSV form",
    IngestActivities.record_items.__name__: "reading the JSON form",
    IngestActivities.complete_ingest.__name__: "replacing the lines",
    IngestActivities.fail_ingest.__name__: "closing the failed ingest",
    MatchActivities.match_invoice.__name__: "matching the lines",
}
"""Descriptions of activities before their first heartbeat."""


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


async def progress_of(
    client: Client,
    handle: WorkflowHandle[ResourceSync, ResourceSyncResult]
    | WorkflowHandle[DriftSweep, DriftSweepResult]
    | WorkflowHandle[BillingHistory, HistoryResult],
) -> Progress:
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
    text = ACTIVITY_TEXTS.get(name, name)
    cursor = CURSORS.get(name)
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
