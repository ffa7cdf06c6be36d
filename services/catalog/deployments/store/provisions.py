"""Provisions: reads, inserts and progress."""

from dataclasses import asdict
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.deployments.rules.deployments import (
    Cause,
    Deployment,
    DropletOrder,
    Provision,
    ProvisionStatus,
)
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import found_of, record_of
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "delete_user_data",
    "insert_provision",
    "list_provisions",
    "locked_provision",
    "read_provision",
    "read_user_data",
    "save_progress",
    "set_provision_run",
]

COLUMNS: Final = """
id, deployment_id, droplet_name, droplet_region, droplet_size, droplet_image, droplet_tags,
droplet_ssh_keys, droplet_vpc_uuid, project_id, status, step, reason, resource_id, workflow_id,
run_id, requested_by, requested_at, finished_at, force_reason
"""

READ: Final = text(f"""
SELECT {COLUMNS} FROM provisions
WHERE id = :id AND (CAST(:deployment_id AS uuid) IS NULL OR deployment_id = :deployment_id)
""")

LOCK: Final = text(f"SELECT {COLUMNS} FROM provisions WHERE id = :id FOR UPDATE")

LIST: Final = text(f"""
SELECT {COLUMNS} FROM provisions
WHERE deployment_id = :deployment_id
  AND (CAST(:after AS uuid) IS NULL OR id < CAST(:after AS uuid))
ORDER BY id DESC
LIMIT :limit
""")

CREATE: Final = text(f"""
INSERT INTO provisions
    (deployment_id, tenant_id, droplet_name, droplet_region, droplet_size, droplet_image,
     droplet_tags, droplet_ssh_keys, droplet_vpc_uuid, project_id, requested_by, requested_at,
     force_reason)
SELECT :deployment_id, :tenant_id,
       coalesce(nullif(:name, ''), :slug || '-' || (1 + count(*))),
       :region, :size, :image, :tags, :ssh_keys, :vpc_uuid, :project_id, :actor, :at, :force_reason
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


KEEP_USER_DATA: Final = text("INSERT INTO provision_user_data VALUES (:id, :user_data)")

READ_USER_DATA: Final = text("SELECT user_data FROM provision_user_data WHERE provision_id = :id")

DELETE_USER_DATA: Final = text("DELETE FROM provision_user_data WHERE provision_id = :id")


async def read_provision(session: ReadSession, deployment_id: UUID, identifier: UUID) -> Provision:
    """A provision of a deployment. Raises NotFound."""
    values = {"id": identifier, "deployment_id": deployment_id}
    return found_of(Provision, await session.execute(READ, values), "provision", identifier)


async def list_provisions(
    session: ReadSession, deployment_id: UUID, asked: PageRequest
) -> Page[Provision]:
    """The provisions of a deployment, newest first."""
    return await text_page(session, Provision, LIST, asked, "id", deployment_id=deployment_id)


async def insert_provision(
    session: WriteSession, deployment: Deployment, order: DropletOrder, cause: Cause
) -> Provision:
    """Inserts a provision of a locked deployment; the cause's reason says why it was forced."""
    values = {
        "deployment_id": deployment.id,
        "tenant_id": deployment.tenant_id,
        "slug": deployment.slug,
        **asdict(order),
        "tags": list(order.tags),
        "ssh_keys": list(order.ssh_keys),
        "force_reason": cause.reason,
        **asdict(cause),
    }
    provision = record_of(Provision, (await session.execute(CREATE, values)).one())
    if order.user_data:
        kept = {"id": provision.id, "user_data": order.user_data}
        await session.execute(KEEP_USER_DATA, kept)
    return provision


async def read_user_data(session: ReadSession, identifier: UUID) -> str:
    """The cloud-init data of a provision that has not ended; empty without any."""
    found = await session.execute(READ_USER_DATA, {"id": identifier})
    return found.scalar_one_or_none() or ""


async def delete_user_data(session: WriteSession, identifier: UUID) -> None:
    """Deletes the cloud-init data of a provision."""
    await session.execute(DELETE_USER_DATA, {"id": identifier})


async def locked_provision(session: WriteSession, identifier: UUID) -> Provision:
    """A provision, locked until the transaction ends. Raises NotFound."""
    found = await session.execute(LOCK, {"id": identifier})
    return found_of(Provision, found, "provision", identifier)


async def set_provision_run(
    session: WriteSession, identifier: UUID, *, workflow_id: str, run_id: str
) -> Provision:
    """Records the workflow of a provision."""
    values = {"id": identifier, "workflow_id": workflow_id, "run_id": run_id}
    return record_of(Provision, (await session.execute(RUN, values)).one())


async def save_progress(
    session: WriteSession,
    identifier: UUID,
    cause: Cause,
    *,
    status: ProvisionStatus,
    step: str,
    resource_id: str,
) -> Provision:
    """Updates the progress of a locked provision; empty values are kept."""
    values = {
        "id": identifier,
        "status": status,
        "step": step,
        "resource_id": resource_id,
        **asdict(cause),
    }
    return record_of(Provision, (await session.execute(RECORD, values)).one())
