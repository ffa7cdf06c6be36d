"""The steps of a provision and their compensations.

Every step is idempotent. Every compensation may run for a step that never happened.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson
from arcadia.catalog.v1 import lifecycle_service_pb2
from arcadia.inventory.v1 import lookup_service_pb2, sync_service_pb2
from arcadia.inventory.v1 import reconcile_service_pb2 as pb
from grpc import StatusCode
from grpc.aio import AioRpcError
from temporalio.exceptions import ApplicationError

from contracts.providers import DIGITALOCEAN
from contracts.provisioning import ProvisionInput
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.droplets import (
    await_active,
    ensure_project,
    ensure_tags,
    find_sole,
    make_droplet,
    remove_tagged,
)
from services.common.rpc.messages import message_of
from workflows.durable.activities import service_activity
from workflows.durable.reasons import final_failure
from workflows.provisioning.payloads import CompensationInput, Progress, Provisioned

if TYPE_CHECKING:
    from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceAsyncStub
    from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceAsyncStub
    from arcadia.inventory.v1.reconcile_service_pb2_grpc import ReconcileServiceAsyncStub
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["ProvisionActivities", "move_to_project", "project_gone"]

DROPLET: Final = "droplet"
ACTOR: Final = "provisioning"
RUNNING: Final = "running"
MAX_REASON: Final = 1000
"""Maximum length of a reason in the catalog."""


@dataclass(frozen=True, slots=True)
class ProvisionActivities:
    """Uses the provider's client, the catalog and the inventory."""

    _provider: DigitalOcean
    _catalog: "LifecycleServiceAsyncStub"
    _inventory: "ReconcileServiceAsyncStub"
    _lookup: "LookupServiceAsyncStub"
    _sync: "SyncServiceAsyncStub"

    @service_activity("catalog")
    async def record_provision(self, request: Progress) -> None:
        """Reports the progress to the catalog.

        At the start the catalog may not know the provision yet, because the request is being
        committed. If it was rolled back, nothing is created.
        """
        try:
            told = lifecycle_service_pb2.RecordProvisionProgressRequest
            await self._catalog.RecordProvisionProgress(
                message_of(told, request, reason=_plain(request.reason))
            )
        except AioRpcError as error:
            if error.code() is not StatusCode.NOT_FOUND:
                raise
            raise ApplicationError(
                f"provision {request.provision_id} does not exist in the catalog",
                type="ProvisionUnknown",
                # After the start, an unknown provision is an error.
                non_retryable=request.status != RUNNING,
            ) from None

    @service_activity(heartbeat=True)
    async def create_droplet(self, request: ProvisionInput) -> str:
        """Creates the droplet if it does not exist; returns the provider's id."""
        # Not part of the workflow's input, because its history would keep a secret.
        data = await self._catalog.GetProvisionUserData(
            lifecycle_service_pb2.GetProvisionUserDataRequest(provision_id=request.provision_id)
        )
        options = {
            "ssh_keys": [_id_or_text(key) for key in request.ssh_keys],
            "vpc_uuid": request.vpc_uuid,
            "user_data": data.user_data,
        }
        order = {
            "name": request.name,
            "region": request.region,
            "size": request.size,
            "image": _id_or_text(request.image),
            **{name: value for name, value in options.items() if value},
        }
        return await make_droplet(self._provider, request.own_tag, order)

    @service_activity(heartbeat=True)
    async def await_droplet(self, request: Provisioned) -> None:
        """Waits until the droplet runs. Fails if another droplet of this order exists."""
        await await_active(self._provider, request.provider_id)
        # An earlier attempt whose response was lost may be listed only now.
        await find_sole(self._provider, request.order.own_tag)

    @service_activity(heartbeat=True)
    async def tag_droplet(self, request: Provisioned) -> None:
        """Tags the droplet with its tenant, its deployment and the requested tags."""
        await ensure_tags(self._provider, request.provider_id, request.order.all_tags)

    @service_activity(heartbeat=True)
    async def place_droplet(self, request: Provisioned) -> str:
        """Moves the droplet to its project; returns the project's name, empty without one."""
        order = request.order
        wanted = {
            "project_ids" if order.project_id else "tenant_ids": [
                order.project_id or order.tenant_id
            ]
        }
        name = await move_to_project(
            self._provider, self._lookup, self._sync, request.provider_id, **wanted
        )
        if not name and order.project_id:
            raise project_gone(order.project_id)
        return name

    @service_activity()
    async def find_resource(self, request: Provisioned) -> str:
        """The inventory's id of the droplet, after a sync of it."""
        found = await self._lookup.LookupResources(
            lookup_service_pb2.LookupResourcesRequest(
                provider=DIGITALOCEAN,
                keys=[
                    lookup_service_pb2.ResourceKey(kind=DROPLET, provider_id=request.provider_id)
                ],
            )
        )
        lifetimes = [life for result in found.results for life in result.lifetimes]
        if not lifetimes:
            raise ApplicationError("the droplet is not in the inventory yet", type="ResourceUnseen")
        return str(lifetimes[0].resource_id)

    @service_activity()
    async def record_spec(self, request: Provisioned) -> None:
        """Records the order as the droplet's spec."""
        order = request.order
        spec = {
            "name": order.name,
            "region": order.region,
            "size": order.size,
            "tags": sorted(order.all_tags),
        }
        await self._inventory.RecordSpecs(
            pb.RecordSpecsRequest(
                specs=[
                    pb.DesiredResource(
                        resource_id=request.resource_id,
                        spec_json=orjson.dumps(spec, option=orjson.OPT_SORT_KEYS).decode(),
                    )
                ],
                actor=ACTOR,
            )
        )

    @service_activity()
    async def assign_droplet(self, request: Provisioned) -> None:
        """Assigns the droplet to the deployment."""
        await self._assign(
            request.resource_id, request.order.deployment_id, request.order.provision_id
        )

    @service_activity()
    async def unassign_droplet(self, request: CompensationInput) -> None:
        """Removes the assignment."""
        if request.resource_id:
            await self._assign(request.resource_id, "", f"{request.order.provision_id}/undo")

    @service_activity()
    async def remove_spec(self, request: CompensationInput) -> None:
        """Deletes the spec."""
        if not request.resource_id:
            return
        await self._inventory.RemoveSpecs(
            pb.RemoveSpecsRequest(resource_ids=[request.resource_id], actor=ACTOR)
        )

    @service_activity(heartbeat=True)
    async def delete_droplet(self, request: CompensationInput) -> int:
        """Deletes the droplet, by tag if its id is unknown; returns the number deleted."""
        return await remove_tagged(self._provider, request.order.own_tag)

    async def _assign(self, resource_id: str, deployment_id: str, key: str) -> None:
        await self._inventory.AssignResources(
            pb.AssignResourcesRequest(
                resource_ids=[resource_id],
                deployment_id=deployment_id,
                actor=ACTOR,
                reason="provisioned" if deployment_id else "the provision was undone",
                key=key,
            )
        )


async def move_to_project(
    provider: DigitalOcean,
    lookup: "LookupServiceAsyncStub",
    sync: "SyncServiceAsyncStub",
    droplet_id: str,
    **wanted: list[str],
) -> str:
    """Moves a droplet to the first existing project of the requested ones, and records it.

    Returns the project's name; empty if none exists.
    """
    found = await lookup.LookupProjects(
        lookup_service_pb2.LookupProjectsRequest(provider=DIGITALOCEAN, **wanted)
    )
    living = [project for project in found.projects if not project.HasField("lived_to")]
    if not living:
        return ""
    await ensure_project(provider, droplet_id, living[0].provider_id)
    await sync.RecordProjectMembers(
        sync_service_pb2.RecordProjectMembersRequest(
            provider=DIGITALOCEAN,
            project_provider_id=living[0].provider_id,
            members=[sync_service_pb2.ProjectMember(kind=DROPLET, provider_id=droplet_id)],
        )
    )
    return str(living[0].name)


def project_gone(project_id: str) -> ApplicationError:
    """The failure of a step whose project does not exist."""
    return final_failure("ProjectGone", f"project {project_id} does not exist")


def _id_or_text(named: str) -> int | str:
    """Keys and images are named by a number, or by a fingerprint or slug."""
    return int(named) if named.isdecimal() else named


def _plain(reason: str) -> str:
    """A reason in the form that the catalog accepts, so that recording it cannot fail."""
    printable = "".join(one if one.isprintable() else " " for one in reason)
    return " ".join(printable.split())[:MAX_REASON]
