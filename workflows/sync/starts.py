"""What our workflows are started with, and under which ids, so that each has one home."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)

from contracts.providers import DIGITALOCEAN
from contracts.queues import TaskQueue
from contracts.search_attributes import KINDS, PROVIDER
from kinds import RESOURCE_KINDS
from kinds.project import PROJECT
from services.common.settings import Settings
from workflows.drift.drift_sweep import DriftSweep
from workflows.drift.payloads import DriftSweepInput, DriftSweepResult
from workflows.sync.payloads import ResourceInput, ResourceSyncInput, ResourceSyncResult
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.sync_resource import SyncResource

__all__ = [
    "DRIFT_SWEEP_ID",
    "DRIFT_SWEEP_TIMEOUT",
    "HOURLY_KINDS",
    "RESOURCE_SYNC_ID",
    "SLOW_KINDS",
    "SLOW_SYNC_ID",
    "SYNCED_KINDS",
    "SYNC_TIMEOUT",
    "UnknownKind",
    "drift_attributes_of",
    "drift_summary_of",
    "drift_sweep",
    "full_sync",
    "manual_drift_sweep_id",
    "manual_sync_id",
    "resource_sync_id",
    "search_attributes_of",
    "start_drift_sweep",
    "start_resource_sync",
    "start_sync",
    "summary_of",
]

SYNCED_KINDS: Final = (PROJECT, *RESOURCE_KINDS)
"""Every kind that is synced, projects first."""

SLOW_KINDS: Final = tuple(kind.name for kind in RESOURCE_KINDS.values() if kind.rarely_changes)
HOURLY_KINDS: Final = tuple(kind for kind in SYNCED_KINDS if kind not in SLOW_KINDS)

RESOURCE_SYNC_ID: Final = f"resource-sync/{DIGITALOCEAN}"
SLOW_SYNC_ID: Final = f"resource-sync/{DIGITALOCEAN}/slow"
SYNC_TIMEOUT: Final = timedelta(hours=3)
"""The last resort: every activity has its own, much shorter patience."""

DRIFT_SWEEP_ID: Final = f"drift-sweep/{DIGITALOCEAN}"
DRIFT_SWEEP_TIMEOUT: Final = timedelta(hours=2)


class UnknownKind(ValueError):
    """A kind that is not synced."""


def full_sync(settings: Settings, kinds: Sequence[str] = ()) -> ResourceSyncInput:
    """A sync of these kinds, of all when none is named. Raises UnknownKind."""
    strange = sorted(set(kinds) - set(SYNCED_KINDS))
    if strange:
        raise UnknownKind(f"not synced: {', '.join(strange)}; there are {', '.join(SYNCED_KINDS)}")
    chosen = tuple(kind for kind in SYNCED_KINDS if not kinds or kind in kinds)
    return ResourceSyncInput(DIGITALOCEAN, chosen, settings.internal_project)


def manual_sync_id(request: ResourceSyncInput) -> str:
    """The id of a sync started by hand: the same kinds are the same sync, while it runs."""
    base = f"resource-sync/{request.provider}/manual"
    return base if request.kinds == SYNCED_KINDS else f"{base}/{'+'.join(request.kinds)}"


def search_attributes_of(request: ResourceSyncInput) -> TypedSearchAttributes:
    """By what a sync is found."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(PROVIDER, request.provider),
            SearchAttributePair(KINDS, list(request.kinds)),
        ]
    )


def summary_of(request: ResourceSyncInput) -> str:
    """What a sync is about, in a line."""
    return f"sync {', '.join(request.kinds)} from {request.provider}"


async def start_sync(
    client: Client, request: ResourceSyncInput
) -> WorkflowHandle[ResourceSync, ResourceSyncResult]:
    """Starts a sync now, or attaches to the one that runs under the same id."""
    return await client.start_workflow(
        ResourceSync.run,
        request,
        id=manual_sync_id(request),
        task_queue=TaskQueue.CLOUD_SYNC_FULL,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        execution_timeout=SYNC_TIMEOUT,
        search_attributes=search_attributes_of(request),
        static_summary=summary_of(request),
    )


def resource_sync_id(request: ResourceInput) -> str:
    """The id of the fast sync of a resource."""
    return f"sync-resource/{request.provider}/{request.kind}/{request.provider_id}"


async def start_resource_sync(
    client: Client, request: ResourceInput
) -> WorkflowHandle[SyncResource, bool]:
    """Starts the sync of one resource now. Raises UnknownKind.

    One that runs under the same id is ended: it may have read before what was done last.
    """
    if request.kind not in RESOURCE_KINDS:
        raise UnknownKind(f"not synced: {request.kind}")
    return await client.start_workflow(
        SyncResource.run,
        request,
        id=resource_sync_id(request),
        task_queue=TaskQueue.CLOUD_SYNC_FAST,
        id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
        execution_timeout=SYNC_TIMEOUT,
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(PROVIDER, request.provider),
                SearchAttributePair(KINDS, [request.kind]),
            ]
        ),
        static_summary=f"sync {request.kind} {request.provider_id} from {request.provider}",
    )


def drift_sweep(kinds: Sequence[str] = ()) -> DriftSweepInput:
    """A drift sweep of these kinds, of all when none is named. Raises UnknownKind."""
    strange = sorted(set(kinds) - set(RESOURCE_KINDS))
    if strange:
        raise UnknownKind(f"no kind: {', '.join(strange)}; there are {', '.join(RESOURCE_KINDS)}")
    chosen = tuple(kind for kind in RESOURCE_KINDS if not kinds or kind in kinds)
    return DriftSweepInput(DIGITALOCEAN, chosen)


def manual_drift_sweep_id(request: DriftSweepInput) -> str:
    """The id of a sweep started by hand: the same kinds are the same sweep, while it runs."""
    base = f"{DRIFT_SWEEP_ID}/manual"
    return base if request.kinds == tuple(RESOURCE_KINDS) else f"{base}/{'+'.join(request.kinds)}"


def drift_attributes_of(request: DriftSweepInput) -> TypedSearchAttributes:
    """By what a drift sweep is found."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(PROVIDER, request.provider),
            SearchAttributePair(KINDS, list(request.kinds)),
        ]
    )


def drift_summary_of(request: DriftSweepInput) -> str:
    """What a drift sweep is about, in a line."""
    return f"compare {len(request.kinds)} kinds of {request.provider} with their specs"


async def start_drift_sweep(
    client: Client, request: DriftSweepInput
) -> WorkflowHandle[DriftSweep, DriftSweepResult]:
    """Starts a drift sweep now, or attaches to the one that runs under the same id."""
    return await client.start_workflow(
        DriftSweep.run,
        request,
        id=manual_drift_sweep_id(request),
        task_queue=TaskQueue.CLOUD_SYNC_FULL,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        execution_timeout=DRIFT_SWEEP_TIMEOUT,
        search_attributes=drift_attributes_of(request),
        static_summary=drift_summary_of(request),
    )
