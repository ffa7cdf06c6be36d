"""The steps of a revert: what to set back, the setting of it, and the word to the inventory."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson
from arcadia.inventory.v1 import lookup_service_pb2, sync_service_pb2
from arcadia.inventory.v1 import reconcile_service_pb2 as pb
from google.protobuf import json_format
from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.drift import RevertInput
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.droplets import (
    check_size,
    ensure_name,
    ensure_power,
    ensure_project,
    ensure_size,
    ensure_tags,
    read_droplet,
)
from providers.digitalocean.errors import NotFound
from workflows.drift.payloads import (
    FailedRevert,
    RevertPlan,
    RevertResult,
    SetField,
    SetPower,
)
from workflows.durable.errors import as_failures
from workflows.durable.heartbeats import beating

if TYPE_CHECKING:
    from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceAsyncStub
    from arcadia.inventory.v1.reconcile_service_pb2_grpc import ReconcileServiceAsyncStub
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["RevertActivities"]

ACTIVE: Final = "active"

Setter = Callable[[DigitalOcean, str, Any], Awaitable[None]]
SETTERS: Final[Mapping[str, Setter]] = {
    "size": ensure_size,
    "name": ensure_name,
    "tags": ensure_tags,
}


class RevertActivities:
    """Needs the provider's client and the inventory's stubs."""

    def __init__(
        self,
        provider: DigitalOcean,
        drift: "ReconcileServiceAsyncStub",
        lookup: "LookupServiceAsyncStub",
        inventory: "SyncServiceAsyncStub",
    ) -> None:
        self._provider = provider
        self._drift = drift
        self._lookup = lookup
        self._inventory = inventory

    @activity.defn
    async def begin_revert(self, request: RevertInput) -> RevertPlan:
        """Notes that this run reverts the drift, and reads what it has to set back."""
        info = activity.info()
        with as_failures():
            answer = await self._drift.BeginRevert(
                pb.BeginRevertRequest(
                    drift_id=request.drift_id,
                    workflow_id=info.workflow_id,
                    run_id=info.workflow_run_id,
                )
            )
        drift, resource = answer.drift, answer.resource
        wanted: Any = json_format.MessageToDict(drift.expected)
        _check_type(drift.field, wanted)
        is_on = drift.field == "size" and await self._resizable(resource.provider_id, wanted)
        return RevertPlan(
            drift_id=drift.id,
            provider=resource.provider,
            kind=resource.kind,
            provider_id=resource.provider_id,
            field=drift.field,
            wanted_json=json_format.MessageToJson(drift.expected, indent=None),
            is_on=is_on,
        )

    async def _resizable(self, droplet_id: str, size: str) -> bool:
        """Whether a droplet is on, as the provider says: the inventory may not know yet.

        Fails where the size cannot be set: no machine is turned off for that.
        """
        with as_failures():
            try:
                droplet = await read_droplet(self._provider, droplet_id)
            except NotFound:
                return False  # the next step says so, and is told as its failure
            await check_size(self._provider, droplet, size)
            return droplet.get("status") == ACTIVE

    @activity.defn
    async def set_power(self, request: SetPower) -> None:
        """Turns a droplet on or off, and waits until it is so."""
        with as_failures():
            async with beating(lambda: request):
                await ensure_power(self._provider, request.provider_id, on=request.is_on)

    @activity.defn
    async def set_field(self, request: SetField) -> None:
        """Gives a droplet's field its desired value, and waits until it has it."""
        wanted = orjson.loads(request.wanted_json)
        with as_failures():
            async with beating(lambda: request):
                if request.field == "project_id":
                    await self._move(request, str(wanted))
                else:
                    await SETTERS[request.field](self._provider, request.provider_id, wanted)

    @activity.defn
    async def complete_revert(self, request: RevertInput) -> RevertResult:
        """Asks the inventory to close the drift, which it does when the live value is right."""
        with as_failures():
            answer = await self._drift.CompleteRevert(
                pb.CompleteRevertRequest(
                    drift_id=request.drift_id, run_id=activity.info().workflow_run_id
                )
            )
        return RevertResult(answer.drift.status, answer.drift.revert_run.reason)

    @activity.defn
    async def fail_revert(self, request: FailedRevert) -> None:
        """Leaves the drift open with the reason."""
        with as_failures():
            await self._drift.FailRevert(
                pb.FailRevertRequest(
                    drift_id=request.drift_id,
                    run_id=activity.info().workflow_run_id,
                    reason=request.reason,
                )
            )

    async def _move(self, request: SetField, project_id: str) -> None:
        """Puts a droplet into the project that has our id, and records that it is there."""
        found = await self._lookup.LookupProjects(
            lookup_service_pb2.LookupProjectsRequest(
                provider=request.provider, project_ids=[project_id]
            )
        )
        living = [project for project in found.projects if not project.HasField("lived_to")]
        if not living:
            raise ApplicationError(
                f"project {project_id} is gone", type="ProjectGone", non_retryable=True
            )
        await ensure_project(self._provider, request.provider_id, living[0].provider_id)
        await self._inventory.RecordProjectMembers(
            sync_service_pb2.RecordProjectMembersRequest(
                provider=request.provider,
                project_provider_id=living[0].provider_id,
                members=[
                    sync_service_pb2.ProjectMember(kind="droplet", provider_id=request.provider_id)
                ],
            )
        )


def _check_type(field: str, wanted: Any) -> None:
    """Raises ApplicationError for a desired value that no droplet could have."""
    is_list = isinstance(wanted, list) and all(isinstance(one, str) for one in wanted)
    if not (is_list if field == "tags" else isinstance(wanted, str)):
        told = orjson.dumps(wanted).decode()
        raise ApplicationError(
            f"the spec says {told} for {field}, which cannot be set",
            type="NotSettable",
            non_retryable=True,
        )
