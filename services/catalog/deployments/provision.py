"""Records provisions and their progress."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from contracts.flows import Start
from contracts.provisioning import ProvisionInput, provision
from services.catalog.deployments.check_sold import check_sold
from services.catalog.deployments.rules.deployments import (
    Cause,
    Deployment,
    DropletOrder,
    Provision,
    ProvisionStatus,
)
from services.catalog.deployments.rules.lifecycle import State
from services.catalog.deployments.store import provisions
from services.catalog.deployments.store.deployments import lock_deployment
from services.catalog.deployments.store.events import record_event
from services.catalog.vocabulary import EventType
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.identity.callers import ALL

__all__ = ["create_provision", "provision_start", "record_progress"]

PROVISIONED_IN: Final = frozenset({State.TRIAL, State.ACTIVE})
"""The states in which a deployment may be provisioned."""


async def create_provision(
    session: WriteSession, deployment: Deployment, order: DropletOrder, cause: Cause
) -> Provision:
    """Records a provision of a locked deployment; the cause's reason forces one without a price.

    Raises FailedPrecondition if the deployment's state does not allow it or no subscription prices
    it, and InvalidArgument if no region is known.
    """
    _check_running(deployment)
    region = order.region or deployment.region
    if not region:
        raise InvalidArgument(
            "droplet.region",
            "is required, because the deployment has none",
            reason="FIELD_REQUIRED",
        )
    order = replace(order, region=region)
    if not cause.reason:
        await check_sold(session, deployment, order, cause.day)
    return await provisions.insert_provision(session, deployment, order, cause)


async def record_progress(
    session: WriteSession,
    identifier: UUID,
    cause: Cause,
    *,
    status: ProvisionStatus,
    step: str,
    resource_id: str,
) -> Provision:
    """Records the progress of a provision; the cause's reason says why it failed.

    Raises NotFound, and FailedPrecondition if it has already ended differently, or continues while
    its deployment's state does not allow it.
    """
    before = await provisions.locked_provision(session, identifier)
    if before.status is not ProvisionStatus.RUNNING:
        if before.status is status:
            return before
        raise FailedPrecondition(
            f"status: provision {identifier} is already {before.status}",
            reason="PROVISION_ENDED",
            metadata={"field": "status", "status": before.status},
        )
    if status is ProvisionStatus.RUNNING:
        _check_running(await lock_deployment(session, ALL, before.deployment_id))
    provision = await provisions.save_progress(
        session, identifier, cause, status=status, step=step, resource_id=resource_id
    )
    if status is not ProvisionStatus.RUNNING:
        await provisions.delete_user_data(session, identifier)
    if status is ProvisionStatus.COMPLETED:
        deployment = await lock_deployment(session, ALL, provision.deployment_id)
        await record_event(
            session, deployment, EventType.PROVISIONED, cause, from_state=deployment.state
        )
    return provision


def _check_running(deployment: Deployment) -> None:
    if deployment.state not in PROVISIONED_IN:
        raise FailedPrecondition(
            f"deployment {deployment.slug} is {deployment.state} and cannot be provisioned",
            reason="DEPLOYMENT_NOT_RUNNING",
            metadata={"state": deployment.state},
        )


def provision_start(asked: Provision, deployment: Deployment) -> Start[ProvisionInput]:
    """The start of a provision's workflow: one run per provision."""
    return provision(
        ProvisionInput(
            provision_id=str(asked.id),
            deployment_id=str(deployment.id),
            tenant_id=deployment.tenant_id,
            slug=deployment.slug,
            name=asked.droplet_name,
            region=asked.droplet_region,
            size=asked.droplet_size,
            image=asked.droplet_image,
            tags=tuple(asked.droplet_tags),
            project_id=asked.project_id,
            ssh_keys=tuple(asked.droplet_ssh_keys),
            vpc_uuid=asked.droplet_vpc_uuid,
        )
    )
