"""Reading drifts: with their resource, the rule that mutes them, and what prices them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from services.common.db.database import ReadSession
from services.common.errors import NotFound
from services.inventory.drift.store.muting import MUTING_RULE

__all__ = ["DriftFilter", "list_drifts", "list_unexplained", "read_drift", "read_drifts"]

SELECT: Final = f"""
SELECT d.id, d.resource_id, d.kind, d.field, d.expected, d.actual, d.spec_version, d.status,
       d.detected_at, d.last_seen_at, d.resolved_at, d.resolved_by,
       d.cause_action_id, d.cause_action_type, d.cause_occurred_at,
       d.revert_workflow_id, d.revert_run_id, d.revert_status, d.revert_reason,
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
    "before": "d.id < :before",
}
"""What a filter may ask, by its name; asked when its value is not None."""

OPEN: Final = "d.status = 'open'"
"""Said in the statement, so that the planner knows the partial index."""

UNEXPLAINED: Final = text(f"""
{SELECT}
WHERE d.status = 'open' AND d.cause_sought_at IS NULL
  AND (CAST(:after AS uuid) IS NULL OR d.id > CAST(:after AS uuid))
ORDER BY d.id
LIMIT :limit
""")

BY_IDS: Final = text(f"{SELECT} WHERE d.id = ANY (CAST(:ids AS uuid[]))")


@dataclass(frozen=True, slots=True)
class DriftFilter:
    """Which drifts; None is not asked. Combined with and."""

    status: str | None = None
    kind: str | None = None
    resource_id: UUID | None = None
    tenant_id: str | None = None
    deployment_id: str | None = None
    field: str | None = None
    muted: bool | None = None


async def list_drifts(
    session: ReadSession, wanted: DriftFilter, *, before: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """A page of drifts, newest found first; `before` is the last one of the page before."""
    values: dict[str, Any] = {
        name: before if name == "before" else getattr(wanted, name) for name in CONDITIONS
    }
    asked = tuple(name for name in CONDITIONS if values[name] is not None)
    statement = _page(asked, wanted.status == "open")
    parameters = {name: values[name] for name in asked}
    return (await session.execute(statement, {"limit": limit, **parameters})).all()


@cache
def _page(asked: tuple[str, ...], open_only: bool) -> TextClause:
    conditions = [CONDITIONS[name] for name in asked] + ([OPEN] if open_only else [])
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return text(f"{SELECT} {where} ORDER BY d.id DESC LIMIT :limit")


async def list_unexplained(
    session: ReadSession, *, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """The open drifts whose cause nobody looked up yet, oldest found first."""
    return (await session.execute(UNEXPLAINED, {"after": after, "limit": limit})).all()


async def read_drifts(session: ReadSession, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Those of these drifts that exist."""
    return (await session.execute(BY_IDS, {"ids": list(ids)})).all()


async def read_drift(session: ReadSession, drift_id: UUID) -> Row[Any]:
    """A drift. Raises NotFound."""
    found = await read_drifts(session, [drift_id])
    if not found:
        raise NotFound("drift", str(drift_id))
    return found[0]
