"""The history of deployments, which is append-only."""

from dataclasses import asdict
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.deployments.rules.deployments import Cause, Deployment, DeploymentEvent
from services.catalog.vocabulary import EventType
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import record_of
from services.common.rpc.paging import Page, PageRequest

__all__ = ["list_events", "record_event"]

COLUMNS: Final = "id, deployment_id, type, from_state, to_state, actor, reason, occurred_at"

RECORD: Final = text(f"""
INSERT INTO deployment_events
    (deployment_id, tenant_id, type, from_state, to_state, actor, reason, request_id, occurred_at)
VALUES (:deployment_id, :tenant_id, :type, :from_state, :to_state, :actor, :reason, :request_id,
        :at)
RETURNING {COLUMNS}
""")

LIST: Final = text(f"""
SELECT {COLUMNS} FROM deployment_events
WHERE deployment_id = :deployment_id
  AND (CAST(:after AS bigint) IS NULL OR id < CAST(:after AS bigint))
ORDER BY id DESC
LIMIT :limit
""")


async def record_event(
    session: WriteSession,
    deployment: Deployment,
    type_: EventType,
    cause: Cause,
    *,
    from_state: str,
) -> DeploymentEvent:
    """Inserts a history entry; `deployment` is the state after the change."""
    values = {
        "deployment_id": deployment.id,
        "tenant_id": deployment.tenant_id,
        "type": type_,
        "from_state": from_state,
        "to_state": deployment.state,
        **asdict(cause),
    }
    return record_of(DeploymentEvent, (await session.execute(RECORD, values)).one())


async def list_events(
    session: ReadSession, deployment_id: UUID, asked: PageRequest
) -> Page[DeploymentEvent]:
    """The history of a visible deployment, newest first."""
    return await text_page(session, DeploymentEvent, LIST, asked, "id", deployment_id=deployment_id)
