"""Releases of workers, by Temporal's worker versioning.

Every history records the release that wrote it. With versioning, a run stays with the workers of
the release on which it began, and new runs begin on the current release.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from temporalio.api.enums.v1 import WorkerDeploymentVersionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

from contracts.flows import TaskQueue
from services.common.settings import Settings
from services.common.version import version

__all__ = ["DEPLOYMENT", "Release", "deployment_of", "make_current", "release_of", "releases"]

DEPLOYMENT: Final = "arcadia"
"""The name of the worker deployment; all workers are released together."""

MOVES_ON: Final = frozenset({TaskQueue.INVOICING})
"""Queues whose runs may wait for weeks for a payment or an approval.

No release is kept running for that long, so these runs move to the current one; their changes need
patches.
"""

STATUSES: Final[Mapping[int, str]] = {
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_INACTIVE: "inactive",
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT: "current",
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_RAMPING: "ramping",
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING: "draining",
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINED: "drained",
}


@dataclass(frozen=True, slots=True)
class Release:
    """A release that Temporal knows."""

    name: str
    status: str
    """`current` if new runs begin on it, `draining` while it still has runs, then `drained`: its
    workers may be stopped; `inactive` if no run ever began on it."""


def release_of(settings: Settings) -> str:
    """The name of this build."""
    return settings.release or version()


def deployment_of(settings: Settings, queue: TaskQueue) -> WorkerDeploymentConfig:
    """The versioning options of a queue's worker."""
    behaviour = VersioningBehavior.UNSPECIFIED
    if settings.worker_versioning:
        moves_on = queue in MOVES_ON
        behaviour = VersioningBehavior.AUTO_UPGRADE if moves_on else VersioningBehavior.PINNED
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(DEPLOYMENT, release_of(settings)),
        use_worker_versioning=settings.worker_versioning,
        default_versioning_behavior=behaviour,
    )


async def releases(client: Client) -> list[Release]:
    """The known releases, newest first; none without versioning."""
    request = DescribeWorkerDeploymentRequest(
        namespace=client.namespace, deployment_name=DEPLOYMENT
    )
    try:
        answer = await client.workflow_service.describe_worker_deployment(request)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return []
        raise
    found = sorted(
        answer.worker_deployment_info.version_summaries,
        key=lambda summary: summary.create_time.ToNanoseconds(),
        reverse=True,
    )
    return [
        Release(one.deployment_version.build_id, STATUSES.get(one.status, "unknown"))
        for one in found
    ]


async def make_current(client: Client, release: str) -> None:
    """Makes a release current: new runs begin on it, and auto-upgrading runs move to it.

    Raises RPCError if it has no worker, or none for a queue that the current one has.
    """
    await client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace, deployment_name=DEPLOYMENT, build_id=release
        )
    )
