"""Drifts: lists with resources and ignore rules, closing, reverts and causes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text

from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import arrays_of, found_of, unnested
from services.common.rpc.paging import Page, PageRequest
from services.inventory.drift.rules.drifts import Drift, ExplainedDrift, RevertStatus, Status
from services.inventory.drift.rules.fields import Json
from services.inventory.drift.store.ignore_rules import MUTING_RULE
from services.inventory.resources.rules.recording import Cause, NewEvent
from services.inventory.resources.store.history import changed, prepare_months

__all__ = [
    "DriftFilter",
    "begin_revert",
    "close_drift",
    "end_revert",
    "list_drifts",
    "list_unexplained",
    "read_drift",
    "record_causes",
    "specified_value",
    "specify",
]

SELECT: Final = f"""
SELECT d.id, d.resource_id, d.kind, d.field, d.expected, d.actual, d.spec_version, d.status,
       d.detected_at, d.last_seen_at, d.resolved_at, d.resolved_by,
       nullif(d.cause_action_id, '') AS cause_action_id, d.cause_action_type,
       d.cause_occurred_at,
       CASE WHEN d.revert_run_id <> '' THEN d.revert_workflow_id END AS revert_workflow_id,
       d.revert_run_id, d.revert_status, d.revert_reason,
       d.revert_started_at, d.revert_finished_at,
       r.provider, r.provider_id, r.name, r.tenant_id, r.deployment_id, r.size, r.attrs,
       s.spec, mute.id AS muted_by
FROM cloud_drift AS d
JOIN cloud_resources AS r ON r.id = d.resource_id
LEFT JOIN cloud_provisioned AS s ON s.resource_id = d.resource_id
{MUTING_RULE}
"""

CONDITIONS: Final = {
    "status": "d.status = :status",
    "kind": "d.kind = :kind",
    "resource_id": "d.resource_id = :resource_id",
    "tenant_id": "r.tenant_id = :tenant_id",
    "deployment_id": "r.deployment_id = :deployment_id",
    "field": "d.field = :field",
    "muted": "(mute.id IS NOT NULL) = :muted",
    "after": "d.id < :after",
}
"""The filter conditions by name; None does not restrict."""

OPEN: Final = "d.status = 'open'"
"""A literal, so that the planner can use the partial index."""

UNEXPLAINED: Final = text(f"""
{SELECT}
WHERE d.status = 'open' AND d.cause_sought_at IS NULL
  AND (CAST(:after AS uuid) IS NULL OR d.id > CAST(:after AS uuid))
ORDER BY d.id
LIMIT :limit
""")

BY_ID: Final = text(f"{SELECT} WHERE d.id = :id")

SPECIFY: Final = text("""
UPDATE cloud_provisioned
SET spec = spec || jsonb_build_object(CAST(:field AS text), CAST(:value AS jsonb)),
    spec_version = spec_version + 1,
    recorded_by = CAST(:actor AS text),
    recorded_at = now()
WHERE resource_id = :resource_id
RETURNING spec_version
""")

CLOSE: Final = text("""
WITH closed AS (
    UPDATE cloud_drift
    SET status = CAST(:status AS text),
        actual = CAST(:actual AS jsonb),
        resolved_at = now(),
        resolved_by = CAST(:actor AS text)
    WHERE id = :id AND status = 'open'
    RETURNING resource_id, kind
)
INSERT INTO cloud_resource_events
    (resource_id, kind, tenant_id, type, changes, actor, request_id, occurred_at)
SELECT closed.resource_id, closed.kind, CAST(:tenant_id AS text), CAST(:type AS text),
       CAST(:changes AS jsonb), CAST(:actor AS text), CAST(:request_id AS text), now()
FROM closed
""")

BEGIN: Final = text("""
UPDATE cloud_drift
SET revert_started_at = CASE WHEN revert_run_id = :run_id THEN revert_started_at ELSE now() END,
    revert_workflow_id = :workflow_id,
    revert_run_id = :run_id,
    revert_status = 'running',
    revert_reason = '',
    revert_finished_at = NULL
WHERE id = :id
""")

END: Final = text("""
UPDATE cloud_drift
SET revert_status = :status, revert_reason = :reason, revert_finished_at = now()
WHERE id = :id AND revert_run_id = :run_id
""")

SPEC_VALUE: Final = text("""
SELECT spec -> CAST(:field AS text) AS value FROM cloud_provisioned
WHERE resource_id = :resource_id AND spec ? CAST(:field AS text)
""")

EXPLAIN: Final = f"""
UPDATE cloud_drift AS d
SET cause_action_id = g.action_id,
    cause_action_type = g.action_type,
    cause_occurred_at = g.occurred_at,
    cause_sought_at = now()
FROM {unnested(ExplainedDrift, "g")}
WHERE d.id = g.id AND d.status = 'open'
"""

SOUGHT: Final = """
UPDATE cloud_drift SET cause_sought_at = now()
WHERE id = ANY (%(ids)b::uuid[]) AND status = 'open'
"""


@dataclass(frozen=True, slots=True)
class DriftFilter:
    """A filter: None fields do not restrict it; the others are combined with AND."""

    status: str | None = None
    kind: str | None = None
    resource_id: UUID | None = None
    tenant_id: str | None = None
    deployment_id: str | None = None
    field: str | None = None
    muted: bool | None = None


async def list_drifts(session: ReadSession, wanted: DriftFilter, asked: PageRequest) -> Page[Drift]:
    """Drifts, newest first."""
    given = {name: value for name, value in asdict(wanted).items() if value is not None}
    statement = _page((*given, *["after"] * (asked.after is not None)), wanted.status == "open")
    return await text_page(session, Drift, statement, asked, "id", **given)


@cache
def _page(asked: tuple[str, ...], open_only: bool) -> TextClause:
    conditions = [CONDITIONS[name] for name in asked] + ([OPEN] if open_only else [])
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return text(f"{SELECT} {where} ORDER BY d.id DESC LIMIT :limit")


async def list_unexplained(session: ReadSession, asked: PageRequest) -> Page[Drift]:
    """The open drifts whose cause was not looked up yet, oldest first."""
    return await text_page(session, Drift, UNEXPLAINED, asked, "id")


async def read_drift(session: ReadSession, drift_id: UUID) -> Drift:
    """A drift. Raises NotFound."""
    return found_of(Drift, await session.execute(BY_ID, {"id": drift_id}), "drift", drift_id)


async def specified_value(session: ReadSession, drift: Drift) -> Json:
    """The current desired value of the field; without one, the value when the drift was seen."""
    asked = {"field": drift.field, "resource_id": drift.resource_id}
    found = (await session.execute(SPEC_VALUE, asked)).first()
    return drift.expected if found is None else found.value


async def specify(session: WriteSession, drift: Drift, value: Json, *, operator: str) -> bool:
    """Sets the desired value of the drifted field; returns False if there is no spec."""
    specified = await session.execute(
        SPECIFY,
        {
            "field": drift.field,
            "value": orjson.dumps(value).decode(),
            "actor": operator,
            "resource_id": drift.resource_id,
        },
    )
    return specified.first() is not None


async def close_drift(
    session: WriteSession,
    drift: Drift,
    status: Status,
    actual: Json,
    event: NewEvent,
    *,
    actor: str,
    cause: Cause,
) -> None:
    """Closes a drift with its last value, and records it in the history."""
    await prepare_months(session)
    await session.execute(
        CLOSE,
        {
            "id": drift.id,
            "status": status.value,
            "actual": orjson.dumps(actual).decode(),
            "actor": actor,
            "tenant_id": event.tenant_id,
            "type": event.type.value,
            "changes": orjson.dumps(changed(event.changes)).decode(),
            "request_id": cause.request_id,
        },
    )


async def begin_revert(
    session: WriteSession, drift_id: UUID, *, workflow_id: str, run_id: str
) -> None:
    """Records the run that reverts a drift."""
    await session.execute(BEGIN, {"id": drift_id, "workflow_id": workflow_id, "run_id": run_id})


async def end_revert(
    session: WriteSession, drift_id: UUID, run_id: str, status: RevertStatus, reason: str = ""
) -> None:
    """Records the outcome of a revert."""
    values = {"id": drift_id, "run_id": run_id, "status": status.value, "reason": reason}
    await session.execute(END, values)


async def record_causes(
    session: WriteSession, explained: Sequence[ExplainedDrift], unexplained: Sequence[UUID]
) -> None:
    """Stores causes, or that a drift has none; skips drifts closed in the meantime."""
    await session.on_driver(EXPLAIN, arrays_of(ExplainedDrift, explained, "g"))
    await session.on_driver(SOUGHT, {"ids": list(unexplained)})
