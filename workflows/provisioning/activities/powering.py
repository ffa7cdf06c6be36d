"""Reads and checks the running machines of a deployment."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from arcadia.inventory.v1 import lookup_service_pb2 as pb
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from contracts.providers import DIGITALOCEAN
from contracts.provisioning import DROPLET_TURN
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.droplets import read_droplet
from providers.digitalocean.errors import NotFound
from workflows.durable.activities import pages_of, service_activity

if TYPE_CHECKING:
    from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceAsyncStub

__all__ = ["PowerActivities"]

DROPLET: Final = "droplet"
LIVES_A_PAGE: Final = 500
ON: Final = "active"
LOOKS_APART: Final = 2.0
"""Seconds between two checks of a droplet with a running action."""
MAX_LOOKS: Final = 150
"""Maximum checks, five minutes in total: a busy droplet delays the others of its deployment."""


class PowerActivities:
    """Uses the provider's client and the inventory's LookupService."""

    def __init__(self, provider: DigitalOcean, lookup: "LookupServiceAsyncStub") -> None:
        self._provider = provider
        self._lookup = lookup

    @service_activity(heartbeat=True)
    async def running_droplets(self, deployment_id: str) -> tuple[str, ...]:
        """The provider's ids of a deployment's running droplets."""
        return tuple([one async for one in self._owned(deployment_id) if await self._is_on(one)])

    async def _owned(self, deployment_id: str) -> AsyncIterator[str]:
        wanted = pb.ListLifetimesRequest(
            provider=DIGITALOCEAN,
            kind=DROPLET,
            deployment_id=deployment_id,
            page_size=LIVES_A_PAGE,
        )
        async for page in pages_of(self._lookup.ListLifetimes, wanted):
            for life in page.lifetimes:
                if _is_owned(life, deployment_id):
                    yield life.provider_id

    async def _is_on(self, droplet_id: str) -> bool:
        """Whether a droplet runs, read when no run holds its lock, because a resize powers it off.

        If a run still holds the lock after MAX_LOOKS, the droplet counts as running.
        """
        try:
            for _ in range(MAX_LOOKS):
                if not await _is_somebodys_turn(droplet_id):
                    droplet = await read_droplet(self._provider, droplet_id)
                    # A run that took the lock in the meantime may have powered it off.
                    if not droplet.get("locked") and not await _is_somebodys_turn(droplet_id):
                        return droplet.get("status") == ON
                await asyncio.sleep(LOOKS_APART)
            status = (await read_droplet(self._provider, droplet_id)).get("status")
        except NotFound:
            return False
        return status == ON or await _is_somebodys_turn(droplet_id)


async def _is_somebodys_turn(droplet_id: str) -> bool:
    """Whether a run holds the lock of a droplet."""
    turn = activity.client().get_workflow_handle(DROPLET_TURN.id(droplet_id))
    try:
        return (await turn.describe()).status is WorkflowExecutionStatus.RUNNING
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False


def _is_owned(life: pb.Lifetime, deployment_id: str) -> bool:
    """Whether it exists and belongs to the deployment now."""
    return not life.HasField("lived_to") and any(
        span.deployment_id == deployment_id and not span.HasField("valid_to")
        for span in life.ownership
    )
