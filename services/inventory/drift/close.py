"""Closes drifts by an operator's decision or a revert, under the drift lock of the kind."""

from uuid import UUID

import orjson

from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition, InvalidArgument
from services.inventory.drift.rules.comparing import same, seen_value
from services.inventory.drift.rules.drifts import NEXT, REVERTIBLE, Drift, RevertStatus, Status
from services.inventory.drift.rules.fields import (
    GONE,
    PRESENCE,
    PRESENT,
    UNKNOWN,
    Json,
    Unknown,
)
from services.inventory.drift.rules.sweeping import resolved_event
from services.inventory.drift.store import drifts, ignore_rules
from services.inventory.drift.store.ignore_rules import IgnoreRule, NewRule
from services.inventory.drift.store.specs import read_specifiable
from services.inventory.resources.rules.recording import Cause

__all__ = [
    "accept",
    "begin_revert",
    "complete_revert",
    "create_rule",
    "fail_revert",
    "require_revertible",
]


async def accept(session: WriteSession, drift_id: UUID, *, operator: str, cause: Cause) -> Drift:
    """Accepts a drift: makes the live value the desired one.

    Raises NotFound, and FailedPrecondition if the drift is not open or is being reverted.
    """
    drift, live = await _locked(session, drift_id)
    _require_next(drift, Status.ACCEPTED)
    if drift.revert and drift.revert.status is RevertStatus.RUNNING:
        # The revert would undo the value that is desired by then.
        revert = drift.revert
        raise FailedPrecondition(
            f"drift {drift.id} is being reverted by {revert.workflow_id}: cancel that first",
            reason="REVERT_RUNNING",
            metadata={"workflow_id": revert.workflow_id, "run_id": revert.run_id},
        )
    shown = drift.actual if live is UNKNOWN else live
    if not await drifts.specify(session, drift, shown, operator=operator):
        raise FailedPrecondition(
            f"resource {drift.resource_id} no longer has a spec", reason="SPEC_MISSING"
        )
    await _close(session, drift, live, Status.ACCEPTED, actor=operator, cause=cause)
    return await drifts.read_drift(session, drift_id)


async def require_revertible(session: WriteSession, drift_id: UUID) -> Drift:
    """A drift that can be reverted, locked until the transaction ends.

    Raises NotFound, and FailedPrecondition if it is not open or its field cannot be reverted.
    """
    drift, _ = await _locked(session, drift_id)
    _require_next(drift, Status.REVERTED)
    if drift.field not in REVERTIBLE.get(drift.kind, frozenset()):
        raise FailedPrecondition(
            f"{drift.field} of a {drift.kind} cannot be reverted: accept the drift,"
            " or change the resource by hand",
            reason="NOT_REVERTIBLE",
            metadata={"kind": drift.kind, "field": drift.field},
        )
    return drift


async def begin_revert(
    session: WriteSession, drift_id: UUID, *, workflow_id: str, run_id: str
) -> Drift:
    """Records the run that reverts a drift. Raises FailedPrecondition if it is not open."""
    drift, _ = await _locked(session, drift_id)
    _require_next(drift, Status.REVERTED)
    await drifts.begin_revert(session, drift_id, workflow_id=workflow_id, run_id=run_id)
    return await drifts.read_drift(session, drift_id)


async def complete_revert(
    session: WriteSession, drift_id: UUID, *, run_id: str, cause: Cause
) -> Drift:
    """Closes a drift as reverted if the live value is the desired one; otherwise it stays open.

    Raises FailedPrecondition for a run that is not the newest revert, and for a drift that was
    closed otherwise.
    """
    drift, live = await _locked(session, drift_id)
    _require_run(drift, run_id)
    if drift.status is Status.REVERTED:
        return drift
    _require_next(drift, Status.REVERTED)
    wanted = await drifts.specified_value(session, drift)
    if live is not UNKNOWN and same(drift.kind, drift.field, drift.name, wanted, live):
        await drifts.end_revert(session, drift_id, run_id, RevertStatus.COMPLETED)
        await _close(session, drift, live, Status.REVERTED, actor=cause.actor, cause=cause)
    else:
        seen = "not visible" if live is UNKNOWN else orjson.dumps(live).decode()
        reason = f"the live value is {seen}, not {orjson.dumps(wanted).decode()}"
        await drifts.end_revert(session, drift_id, run_id, RevertStatus.FAILED, reason)
    return await drifts.read_drift(session, drift_id)


async def fail_revert(session: WriteSession, drift_id: UUID, *, run_id: str, reason: str) -> Drift:
    """Records why a revert failed; the drift stays open.

    Raises FailedPrecondition for another run.
    """
    drift, _ = await _locked(session, drift_id)
    _require_run(drift, run_id)
    if drift.revert and drift.revert.status is not RevertStatus.COMPLETED:
        await drifts.end_revert(session, drift_id, run_id, RevertStatus.FAILED, reason)
    return await drifts.read_drift(session, drift_id)


async def _locked(session: WriteSession, drift_id: UUID) -> tuple[Drift, Json | Unknown]:
    """A locked drift and the live value of its field."""
    resource_id = (await drifts.read_drift(session, drift_id)).resource_id
    found = (await read_specifiable(session, [resource_id]))[resource_id]
    # Read again under the lock.
    drift = await drifts.read_drift(session, drift_id)
    if drift.field == PRESENCE:
        return drift, GONE if found.resource.deleted else PRESENT
    if found.resource.deleted:
        return drift, UNKNOWN
    return drift, seen_value(found.kind, found.resource, drift.field)


async def _close(
    session: WriteSession,
    drift: Drift,
    live: Json | Unknown,
    status: Status,
    *,
    actor: str,
    cause: Cause,
) -> None:
    # The last seen value if the token no longer sees it.
    shown = drift.actual if live is UNKNOWN else live
    event = resolved_event(drift.field, drift.actual, shown, status, tenant_id=drift.tenant_id)
    # A reverted drift keeps the wrong value.
    kept = shown if status is Status.ACCEPTED else drift.actual
    await drifts.close_drift(session, drift, status, kept, event, actor=actor, cause=cause)


def _require_next(drift: Drift, status: Status) -> None:
    if status not in NEXT[drift.status]:
        raise FailedPrecondition(
            f"drift {drift.id} is {drift.status} and cannot become {status}",
            reason="DRIFT_NOT_OPEN",
            metadata={"status": drift.status},
        )


def _require_run(drift: Drift, run_id: str) -> None:
    if drift.revert is None or drift.revert.run_id != run_id:
        raise FailedPrecondition(
            f"run {run_id} does not revert drift {drift.id}", reason="REVERT_OF_ANOTHER_RUN"
        )


async def create_rule(session: WriteSession, rule: NewRule, *, operator: str) -> IgnoreRule:
    """Creates an ignore rule.

    Raises NotFound for an unknown resource, InvalidArgument for a resource of another kind or an
    end in the past.
    """
    if rule.resource_id is not None:
        kind = await ignore_rules.kind_of(session, rule.resource_id)
        if kind != rule.kind:
            raise InvalidArgument("resource_id", f"is a {kind}, not a {rule.kind}")
    return await ignore_rules.create_rule(session, rule, operator=operator)
