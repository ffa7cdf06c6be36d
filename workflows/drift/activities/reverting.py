"""Activities of a revert: read the plan, change the droplet, record the outcome."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from arcadia.inventory.v1 import reconcile_service_pb2 as pb
from google.protobuf import json_format
from temporalio import activity

from contracts.drift import RevertInput
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.droplets import (
    check_size,
    ensure_name,
    ensure_power,
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
from workflows.durable.activities import service_activity
from workflows.durable.reasons import final_failure
from workflows.provisioning.activities.provisioning import move_to_project, project_gone

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


@dataclass(frozen=True, slots=True)
class RevertActivities:
    """Uses the provider's client and the inventory service."""

    _provider: DigitalOcean
    _drift: "ReconcileServiceAsyncStub"
    _lookup: "LookupServiceAsyncStub"
    _inventory: "SyncServiceAsyncStub"

    @service_activity()
    async def begin_revert(self, request: RevertInput) -> RevertPlan:
        """Records this run as the drift's revert, and reads the value to restore."""
        info = activity.info()
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
        """Whether the provider reports a droplet as running; the inventory may be outdated.

        Fails if the size cannot be set, before the machine is powered off.
        """
        try:
            droplet = await read_droplet(self._provider, droplet_id)
        except NotFound:
            return False  # the next step fails with the same error and records it
        await check_size(self._provider, droplet, size)
        return droplet.get("status") == ACTIVE

    @service_activity(heartbeat=True)
    async def set_power(self, request: SetPower) -> None:
        """Powers a droplet on or off, and waits for it."""
        await ensure_power(self._provider, request.provider_id, on=request.is_on)

    @service_activity(heartbeat=True)
    async def set_field(self, request: SetField) -> None:
        """Sets a droplet's field to the desired value, and waits for it."""
        wanted = orjson.loads(request.wanted_json)
        if request.field == "project_id":
            project = str(wanted)
            found = await move_to_project(
                self._provider,
                self._lookup,
                self._inventory,
                request.provider_id,
                project_ids=[project],
            )
            if not found:
                raise project_gone(project)
        else:
            await SETTERS[request.field](self._provider, request.provider_id, wanted)

    @service_activity()
    async def complete_revert(self, request: RevertInput) -> RevertResult:
        """Asks the inventory to close the drift, which it does if the live value is correct."""
        answer = await self._drift.CompleteRevert(
            pb.CompleteRevertRequest(
                drift_id=request.drift_id,
                run_id=activity.info().workflow_run_id,
                actor=request.requested_by,
            )
        )
        return RevertResult(answer.drift.status, answer.drift.revert_run.reason)

    @service_activity()
    async def fail_revert(self, request: FailedRevert) -> None:
        """Records why the revert failed; the drift stays open."""
        await self._drift.FailRevert(
            pb.FailRevertRequest(
                drift_id=request.drift_id,
                run_id=activity.info().workflow_run_id,
                reason=request.reason,
            )
        )


def _check_type(field: str, wanted: Any) -> None:
    """Raises ApplicationError for a desired value that is not possible."""
    is_list = isinstance(wanted, list) and all(isinstance(one, str) for one in wanted)
    if not (is_list if field == "tags" else isinstance(wanted, str)):
        told = orjson.dumps(wanted).decode()
        raise final_failure("NotSettable", f"the spec says {told} for {field}, which cannot be set")
