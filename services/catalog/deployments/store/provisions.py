"""Provisions: read, and how far they are."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.deployments.rules.deployments import (
    Cause,
    Deployment,
    DropletOrder,
    Provision,
)
from services.catalog.deployments.rules.lifecycle import State
from services.catalog.deployments.store.deployments import lock_deployment
from services.catalog.deployments.store.events import record_event
from services.catalog.vocabulary import EventType
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import FailedPrecondition, InvalidArgument, NotFound
from services.common.rpc.access import ALL

__all__ = [
    "create_provision",
    "list_provisions",
    "read_provision",
    "record_progress",
    "set_provision_run",
]

PROVISIONED_IN: Final = frozenset({State.TRIAL, State.ACTIVE})
"""The states in which something is made for a deployment."""

COLUMNS: Final = """
id, deployment_id, droplet_name, droplet_region, droplet_size, droplet_image, droplet_tags,
project_id, status, step, reason, resource_id, workflow_id, run_id, requested_by, requested_at,
finished_at
"""

READ: Final = text(f"""
SELECT {COLUMNS} FROM provisions
WHERE id = :id AND (CAST(:deployment_id AS uuid) IS NULL OR deployment_id = :deployment_id)
""")

LOCK: Final = text(f"SELECT {COLUMNS} FROM provisions WHERE id = :id FOR UPDATE")

LIST: Final = text(f"""
SELECT {COLUMNS} FROM provisions
WHERE deployment_id = :deployment_id
  AND (CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid))
ORDER BY id DESC
LIMIT :limit
""")

CREATE: Final = text(f"""
INSERT INTO provisions
    (deployment_id, tenant_id, droplet_name, droplet_region, droplet_size, droplet_image,
     droplet_tags, project_id, requested_by, requested_at)
SELECT :deployment_id, :tenant_id,
       coalesce(nullif(:name, ''), :slug || '-' || (1 + count(*))),
       :region, :size, :image, :tags, :project_id, :actor, :at
FROM provisions WHERE deployment_id = :deployment_id
RETURNING {COLUMNS}
""")

RUN: Final = text(f"""
UPDATE provisions SET workflow_id = :workflow_id, run_id = :run_id WHERE id = :id
RETURNING {COLUMNS}
""")

RECORD: Final = text(f"""
UPDATE provisions
SET status = :status, step = coalesce(nullif(:step, ''), step), reason = :reason,
    resource_id = coalesce(nullif(:resource_id, ''), resource_id),
    finished_at = CASE :status WHEN 'running' THEN NULL ELSE CAST(:at AS timestamptz) END
WHERE id = :id
RETURNING {COLUMNS}
""")


async def read_provision(session: ReadSession, deployment_id: UUID, identifier: UUID) -> Provision:
    """A provision of a deployment. Raises NotFound."""
    values = {"id": identifier, "deployment_id": deployment_id}
    return _found((await session.execute(READ, values)).first(), identifier)


async def list_provisions(
    session: ReadSession, deployment_id: UUID, *, before: UUID | None, limit: int
) -> list[Provision]:
    """The provisions of a deployment, newest first."""
    values = {"deployment_id": deployment_id, "before": before, "limit": limit}
    return [_provision(row) for row in await session.execute(LIST, values)]


async def create_provision(
    session: WriteSession, deployment: Deployment, order: DropletOrder, cause: Cause
) -> Provision:
    """Writes down what is to be made for a locked deployment.

    Raises FailedPrecondition in a state in which nothing is made, and where no region is known.
    """
    _check_running(deployment)
    region = order.region or deployment.region
    if not region:
        raise InvalidArgument(
            "droplet.region", "is required: the deployment has none", reason="FIELD_REQUIRED"
        )
    values = {
        "deployment_id": deployment.id,
        "tenant_id": deployment.tenant_id,
        "name": order.name,
        "slug": deployment.slug,
        "region": region,
        "size": order.size,
        "image": order.image,
        "tags": list(order.tags),
        "project_id": order.project_id,
        "actor": cause.actor,
        "at": cause.at,
    }
    return _provision((await session.execute(CREATE, values)).one())


async def set_provision_run(
    session: WriteSession, identifier: UUID, *, workflow_id: str, run_id: str
) -> Provision:
    """Notes which work makes it."""
    values = {"id": identifier, "workflow_id": workflow_id, "run_id": run_id}
    return _provision((await session.execute(RUN, values)).one())


async def record_progress(
    session: WriteSession,
    identifier: UUID,
    cause: Cause,
    *,
    status: str,
    step: str,
    resource_id: str,
) -> Provision:
    """Says how far a provision is; the cause's reason is why it did not complete.

    Raises NotFound, and FailedPrecondition when it has ended otherwise already, or goes on
    while its deployment is in a state in which nothing is made.
    """
    before = _found((await session.execute(LOCK, {"id": identifier})).first(), identifier)
    if before.status != "running":
        if before.status == status:
            return before
        raise FailedPrecondition(
            f"status: provision {identifier} is {before.status} already",
            reason="PROVISION_ENDED",
            metadata={"field": "status", "status": before.status},
        )
    if status == "running":
        _check_running(await lock_deployment(session, ALL, before.deployment_id))
    values = {
        "id": identifier,
        "status": status,
        "step": step,
        "reason": cause.reason,
        "resource_id": resource_id,
        "at": cause.at,
    }
    provision = _provision((await session.execute(RECORD, values)).one())
    if status == "completed":
        deployment = await lock_deployment(session, ALL, provision.deployment_id)
        await record_event(
            session, deployment, EventType.PROVISIONED, cause, from_state=deployment.state
        )
    return provision


def _check_running(deployment: Deployment) -> None:
    if deployment.state not in PROVISIONED_IN:
        raise FailedPrecondition(
            f"deployment {deployment.slug} is {deployment.state}: nothing is made for it",
            reason="DEPLOYMENT_NOT_RUNNING",
            metadata={"state": deployment.state},
        )


def _found(row: Any, identifier: UUID) -> Provision:  # noqa: ANN401
    if row is None:
        raise NotFound("provision", str(identifier))
    return _provision(row)


def _provision(row: Any) -> Provision:  # noqa: ANN401
    return Provision(*row)
