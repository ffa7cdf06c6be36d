"""How an operator's decision, or a revert, ends a drift: under the drift lock of its kind."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, text

from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition
from services.inventory.drift.reverting import REVERTIBLE
from services.inventory.drift.rules.comparing import same, seen_value
from services.inventory.drift.rules.fields import (
    GONE,
    PRESENCE,
    PRESENT,
    UNKNOWN,
    Json,
    Unknown,
)
from services.inventory.drift.rules.states import NEXT, RevertStatus, Status
from services.inventory.drift.rules.sweeping import OpenDrift, resolved_event
from services.inventory.drift.store.listing import read_drift
from services.inventory.drift.store.specs import read_specifiable
from services.inventory.resources.rules.recording import Cause
from services.inventory.resources.store.history import changed, prepare_months

__all__ = ["accept", "begin_revert", "complete_revert", "fail_revert", "require_revertible"]

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
SELECT closed.resource_id, closed.kind, CAST(:tenant_id AS text), 'drift_resolved',
       CAST(:changes AS jsonb), CAST(:actor AS text), CAST(:request_id AS text), now()
FROM closed
RETURNING id
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


@dataclass(frozen=True, slots=True)
class _Locked:
    """A drift that nobody else decides on now, and the live value of its field."""

    row: Row[Any]
    name: str
    live: Json | Unknown

    @property
    def shown(self) -> Json:
        """The live value; as it was last seen when the token sees it no longer."""
        return self.row.actual if self.live is UNKNOWN else self.live


async def accept(session: WriteSession, drift_id: UUID, *, operator: str, cause: Cause) -> Row[Any]:
    """Makes the live value the desired one, and closes the drift.

    Raises NotFound, and FailedPrecondition for a drift that is not open, or is being reverted.
    """
    drift = await _locked(session, drift_id)
    row = drift.row
    _require_next(row, Status.ACCEPTED)
    if row.revert_status == RevertStatus.RUNNING:  # it would set back what is desired by then
        raise FailedPrecondition(
            f"drift {row.id} is being reverted by {row.revert_workflow_id}: cancel that first",
            reason="REVERT_RUNNING",
            metadata={"workflow_id": row.revert_workflow_id, "run_id": row.revert_run_id},
        )
    specified = await session.execute(
        SPECIFY,
        {
            "field": row.field,
            "value": _json(drift.shown),
            "actor": operator,
            "resource_id": row.resource_id,
        },
    )
    if specified.first() is None:
        raise FailedPrecondition(
            f"nothing is desired of resource {row.resource_id} any more", reason="SPEC_MISSING"
        )
    await _close(session, drift, Status.ACCEPTED, actor=operator, cause=cause)
    return await read_drift(session, drift_id)


async def require_revertible(session: WriteSession, drift_id: UUID) -> Row[Any]:
    """A drift that can be reverted, which nobody else decides on until the transaction ends.

    Raises NotFound, and FailedPrecondition for one that is not open, and for a field that
    nothing can set back.
    """
    row = (await _locked(session, drift_id)).row
    _require_next(row, Status.REVERTED)
    if row.field not in REVERTIBLE.get(row.kind, frozenset()):
        raise FailedPrecondition(
            f"{row.field} of a {row.kind} cannot be set back: accept the drift, or mend it by hand",
            reason="NOT_REVERTIBLE",
            metadata={"kind": row.kind, "field": row.field},
        )
    return row


async def begin_revert(
    session: WriteSession, drift_id: UUID, *, workflow_id: str, run_id: str
) -> Row[Any]:
    """Notes which run reverts a drift. Raises FailedPrecondition when it is not open."""
    drift = await _locked(session, drift_id)
    _require_next(drift.row, Status.REVERTED)
    await session.execute(BEGIN, {"id": drift_id, "workflow_id": workflow_id, "run_id": run_id})
    return await read_drift(session, drift_id)


async def complete_revert(
    session: WriteSession, drift_id: UUID, *, run_id: str, cause: Cause
) -> Row[Any]:
    """Closes a drift as reverted when the live value is the desired one; else it stays open.

    Raises FailedPrecondition for a run that did not begin the newest revert, and for a drift
    that something else closed.
    """
    drift = await _locked(session, drift_id)
    row = drift.row
    _require_run(row, run_id)
    if row.status == Status.REVERTED:
        return row
    _require_next(row, Status.REVERTED)
    found = (
        await session.execute(SPEC_VALUE, {"field": row.field, "resource_id": row.resource_id})
    ).first()
    wanted = row.expected if found is None else found.value
    if drift.live is not UNKNOWN and same(row.kind, row.field, drift.name, wanted, drift.live):
        await _end(session, row, RevertStatus.COMPLETED, "")
        await _close(session, drift, Status.REVERTED, actor=cause.actor, cause=cause)
    else:
        seen = "not visible" if drift.live is UNKNOWN else _json(drift.live)
        reason = f"the live value is {seen}, not {_json(wanted)}"
        await _end(session, row, RevertStatus.FAILED, reason)
    return await read_drift(session, drift_id)


async def fail_revert(
    session: WriteSession, drift_id: UUID, *, run_id: str, reason: str
) -> Row[Any]:
    """Leaves a drift open with the reason. Raises FailedPrecondition for another run."""
    row = (await _locked(session, drift_id)).row
    _require_run(row, run_id)
    if row.revert_status != RevertStatus.COMPLETED:
        await _end(session, row, RevertStatus.FAILED, reason)
    return await read_drift(session, drift_id)


async def _locked(session: WriteSession, drift_id: UUID) -> _Locked:
    resource_id = (await read_drift(session, drift_id)).resource_id
    found = (await read_specifiable(session, [resource_id]))[resource_id]
    # Read again, now that nobody else decides on it.
    row = await read_drift(session, drift_id)
    live: Json | Unknown
    if row.field == PRESENCE:
        live = GONE if found.resource.deleted else PRESENT
    else:
        live = (
            UNKNOWN if found.resource.deleted else seen_value(found.kind, found.resource, row.field)
        )
    return _Locked(row, found.resource.name, live)


async def _close(
    session: WriteSession, drift: _Locked, status: Status, *, actor: str, cause: Cause
) -> None:
    row = drift.row
    known = OpenDrift(row.id, row.field, row.expected, row.actual)
    event = resolved_event(known, drift.shown, status, tenant_id=row.tenant_id)
    await prepare_months(session)
    await session.execute(
        CLOSE,
        {
            "id": row.id,
            "status": status.value,
            # What was reverted keeps the value that was wrong.
            "actual": _json(drift.shown if status is Status.ACCEPTED else row.actual),
            "actor": actor,
            "tenant_id": event.tenant_id,
            "changes": _json(changed(event.changes)),
            "request_id": cause.request_id,
        },
    )


async def _end(session: WriteSession, row: Row[Any], status: RevertStatus, reason: str) -> None:
    await session.execute(
        END,
        {"id": row.id, "run_id": row.revert_run_id, "status": status.value, "reason": reason},
    )


def _require_next(row: Row[Any], status: Status) -> None:
    if status not in NEXT[Status(row.status)]:
        raise FailedPrecondition(
            f"drift {row.id} is not open ({row.status}): it cannot become {status}",
            reason="DRIFT_NOT_OPEN",
            metadata={"status": row.status},
        )


def _require_run(row: Row[Any], run_id: str) -> None:
    if row.revert_run_id != run_id:
        raise FailedPrecondition(
            f"run {run_id} does not revert drift {row.id}", reason="REVERT_OF_ANOTHER_RUN"
        )


def _json(value: Json) -> str:
    return orjson.dumps(value).decode()
