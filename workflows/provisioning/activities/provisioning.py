"""The steps of a provision, and what takes each of them back.

Every step may be done again: it finds what it did before. Every undoing may be done for a
step that never happened.
"""

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
from workflows.durable.activities import service_activity
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
"""What the catalog keeps of one."""


class ProvisionActivities:
    """Needs the provider's client, the catalog's stub and the inventory's."""

    def __init__(
        self,
        provider: DigitalOcean,
        catalog: "LifecycleServiceAsyncStub",
        inventory: "ReconcileServiceAsyncStub",
        lookup: "LookupServiceAsyncStub",
        sync: "SyncServiceAsyncStub",
    ) -> None:
        self._provider = provider
        self._catalog = catalog
        self._inventory = inventory
        self._lookup = lookup
        self._sync = sync

    @service_activity("catalog")
    async def record_provision(self, request: Progress) -> None:
        """Tells the catalog how far it is.

        At the very start the catalog may not know the provision yet: what asked for it is
        being committed, or was not, and then nothing is made.
        """
        try:
            await self._catalog.RecordProvisionProgress(
                lifecycle_service_pb2.RecordProvisionProgressRequest(
                    provision_id=request.provision_id,
                    status=request.status,
                    step=request.step,
                    reason=_plain(request.reason),
                    resource_id=request.resource_id,
                )
            )
        except AioRpcError as error:
            if error.code() is not StatusCode.NOT_FOUND:
                raise
            raise ApplicationError(
                f"the catalog does not know provision {request.provision_id}",
                type="ProvisionUnknown",
                # It does not become known later than at the start.
                non_retryable=request.status != RUNNING,
            ) from None

    @service_activity(heartbeat=True)
    async def create_droplet(self, request: ProvisionInput) -> str:
        """The provider's id of the droplet, which is made when it is not there."""
        order = {
            "name": request.name,
            "region": request.region,
            "size": request.size,
            "image": request.image,
        }
        return await make_droplet(self._provider, request.own_tag, order)

    @service_activity(heartbeat=True)
    async def await_droplet(self, request: Provisioned) -> None:
        """Waits until the droplet runs. Fails when there is another one of this order."""
        await await_active(self._provider, request.provider_id)
        # A first try whose answer was lost may have shown up in the list only now.
        await find_sole(self._provider, request.order.own_tag)

    @service_activity(heartbeat=True)
    async def tag_droplet(self, request: Provisioned) -> None:
        """Tags the droplet with its tenant, its deployment and what was asked for."""
        await ensure_tags(self._provider, request.provider_id, request.order.all_tags)

    @service_activity(heartbeat=True)
    async def place_droplet(self, request: Provisioned) -> str:
        """Puts the droplet into its project; the name of it, empty when there is none."""
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
        """The inventory's id of the droplet, which it has read before."""
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
            raise ApplicationError("the inventory has not seen it yet", type="ResourceUnseen")
        return str(lifetimes[0].resource_id)

    @service_activity()
    async def record_spec(self, request: Provisioned) -> None:
        """Records what was asked for as what the droplet should be."""
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
        """Gives the droplet to the deployment."""
        await self._assign(
            request.resource_id, request.order.deployment_id, request.order.provision_id
        )

    @service_activity()
    async def unassign_droplet(self, request: CompensationInput) -> None:
        """Takes the assignment back."""
        if request.resource_id:
            await self._assign(request.resource_id, "", f"{request.order.provision_id}/undo")

    @service_activity()
    async def remove_spec(self, request: CompensationInput) -> None:
        """Takes the spec back."""
        if not request.resource_id:
            return
        await self._inventory.RemoveSpecs(
            pb.RemoveSpecsRequest(resource_ids=[request.resource_id], actor=ACTOR)
        )

    @service_activity(heartbeat=True)
    async def delete_droplet(self, request: CompensationInput) -> int:
        """Deletes the droplet, also one whose id nobody learned; how many there were."""
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
    """Moves a droplet into the first living project that is wanted, and records that it is there.

    The project's name; empty when there is no such project.
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
    """The failure of a step that needs a project which does not live."""
    return ApplicationError(
        f"there is no project {project_id}", type="ProjectGone", non_retryable=True
    )


def _plain(reason: str) -> str:
    """As the catalog takes it: whatever a failure says of itself, its end must be told."""
    printable = "".join(one if one.isprintable() else " " for one in reason)
    return " ".join(printable.split())[:MAX_REASON]
