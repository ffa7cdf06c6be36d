"""The flows that sync the provider's account to the inventory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from contracts.flows import KINDS, PROVIDER, Flow, Start, TaskQueue
from contracts.providers import DIGITALOCEAN

__all__ = [
    "ENSURE_PROJECT",
    "RESOURCE_SYNC",
    "SLOW_SYNC",
    "SYNC_RESOURCE",
    "ProjectInput",
    "ResourceInput",
    "ResourceSyncInput",
    "ensure_project",
    "kinds_text",
    "resource_sync",
    "sync_resource",
]

MAX_NAMED: Final = 3

RESOURCE_SYNC: Final = Flow(
    name="ResourceSync",
    prefix=f"resource-sync/{DIGITALOCEAN}",
    queue=TaskQueue.CLOUD_SYNC_FULL,
    timeout=timedelta(hours=3),
    purpose="syncs the kinds that change often from DigitalOcean to the inventory",
)
SLOW_SYNC: Final = replace(
    RESOURCE_SYNC,
    prefix=RESOURCE_SYNC.id("slow"),
    queue=TaskQueue.CLOUD_SYNC_SLOW,
    purpose="syncs the kinds that rarely change",
)
SYNC_RESOURCE: Final = Flow(
    name="SyncResource",
    prefix=f"sync-resource/{DIGITALOCEAN}",
    key="<kind>/<provider's id>",
    queue=TaskQueue.CLOUD_SYNC_FAST,
    timeout=timedelta(hours=3),
    purpose="reads one resource, right after a change",
    started_by="by hand, in the Temporal UI",
)
ENSURE_PROJECT: Final = Flow(
    name="EnsureProject",
    prefix=f"ensure-project/{DIGITALOCEAN}",
    key="<name>",
    queue=TaskQueue.CLOUD_SYNC_FULL,
    timeout=timedelta(minutes=15),
    purpose="creates the operator's own project if it is missing",
    started_by="a sync",
)


@dataclass(frozen=True, slots=True)
class ResourceSyncInput:
    """A full sync of some kinds of one provider."""

    provider: str
    kinds: tuple[str, ...]
    """Inventory kinds; `project` includes the members of projects."""
    internal_project: str
    """The project that the sync creates if missing, when it syncs projects."""


@dataclass(frozen=True, slots=True)
class ResourceInput:
    """One resource to read by its id."""

    provider: str
    kind: str
    provider_id: str
    is_expected: bool = True
    """Whether it is expected to exist, so that a 404 is retried for a while."""


@dataclass(frozen=True, slots=True)
class ProjectInput:
    """A required project."""

    provider: str
    name: str


def kinds_text(kinds: Sequence[str]) -> str:
    """Maximum kinds named in a run's summary; its search attributes have all."""
    return ", ".join(kinds) if len(kinds) <= MAX_NAMED else f"{len(kinds)} kinds"


def resource_sync(
    request: ResourceSyncInput, *key: str, flow: Flow = RESOURCE_SYNC
) -> Start[ResourceSyncInput]:
    """A sync of some kinds."""
    return flow.start(
        request,
        *key,
        summary=f"sync {kinds_text(request.kinds)} from {request.provider}",
        attributes={PROVIDER: request.provider, KINDS: list(request.kinds)},
    )


def sync_resource(request: ResourceInput) -> Start[ResourceInput]:
    """The sync of one resource."""
    return SYNC_RESOURCE.start(
        request,
        request.kind,
        request.provider_id,
        summary=f"sync {request.kind} {request.provider_id} from {request.provider}",
        attributes={PROVIDER: request.provider, KINDS: [request.kind]},
    )


def ensure_project(request: ProjectInput) -> Start[ProjectInput]:
    """The creation of a required project."""
    return ENSURE_PROJECT.start(
        request, request.name, summary=f"make sure that the project {request.name} exists"
    )
