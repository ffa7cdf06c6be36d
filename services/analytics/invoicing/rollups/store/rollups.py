"""Roll-ups: opened, planned tenant by tenant, decided upon, followed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.analytics.invoicing.invoices.rules.states import (
    OPEN_ROLLUPS,
    Decision,
    InvoiceStatus,
    RollupStatus,
    check_rollup_move,
)
from services.analytics.invoicing.tables import rollups, tenant_invoices
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import AlreadyExists, FailedPrecondition, NotFound
from services.common.values.periods import Period, month_of

__all__ = [
    "Opening",
    "approve_when_issued",
    "begin_rollup",
    "check_newest",
    "decide",
    "has_issued",
    "keep_freshness",
    "lock_awaiting",
    "locked_rollup",
    "move_rollup",
    "newest_run",
    "read_rollup",
    "reopen_failed",
    "run_of",
    "set_run",
]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a roll-up is opened with; `key` is its workflow's id and first run id."""

    period: Period
    key: str
    force: bool
    approval_required: bool
    started_by: str


def run_of(key: str) -> tuple[str, str]:
    """The workflow id and the run id that a key is made of."""
    workflow_id, _, run_id = key.rpartition("/")
    return workflow_id, run_id


# A roll-up that broke off left drafts: they are this one's now, so that somebody issues them.
_ADOPT: Final = text(
    "UPDATE tenant_invoices SET rollup_id = :rollup_id"
    " WHERE period = :period AND status = 'draft' AND kind = 'month' AND rollup_id <> :rollup_id"
)


async def begin_rollup(session: WriteSession, opening: Opening, at: datetime) -> Row[Any]:
    """Opens a roll-up, or answers the one that was opened under its key before.

    An earlier one of the month that never ended is closed: there is one workflow a month, so
    its own is gone. Its drafts pass to this one, unless it is to replace them.

    Raises AlreadyExists when the key names a roll-up of another month.
    """
    workflow_id, run_id = run_of(opening.key)
    # Before the key is taken: who holds one of these may be about to take the same key.
    await session.execute(
        select(rollups.c.id)
        .where(rollups.c.period == opening.period.start, rollups.c.status.in_(OPEN_ROLLUPS))
        .order_by(rollups.c.id)
        .with_for_update()
    )
    opened = (
        await session.execute(
            insert(rollups)
            .values(
                period=opening.period.start,
                key=opening.key,
                force=opening.force,
                approval_required=opening.approval_required,
                workflow_id=workflow_id,
                run_id=run_id,
                started_by=opening.started_by,
                started_at=at,
            )
            .on_conflict_do_nothing(constraint="rollups_key_key")
            .returning(rollups)
        )
    ).first()
    if opened is None:
        known = (await session.execute(select(rollups).where(rollups.c.key == opening.key))).one()
        if known.period != opening.period.start:
            raise AlreadyExists(
                f"key {opening.key!r} names a roll-up of {month_of(known.period).code}",
                reason="ROLLUP_KEY_TAKEN",
            )
        return known
    await session.execute(
        update(rollups)
        .where(
            rollups.c.period == opening.period.start,
            rollups.c.id != opened.id,
            rollups.c.status.in_(OPEN_ROLLUPS),
        )
        .values(
            status=RollupStatus.FAILED.value, reason="superseded by a later run", finished_at=at
        )
    )
    if not opening.force:
        await session.execute(_ADOPT, {"rollup_id": opened.id, "period": opening.period.start})
    return opened


async def read_rollup(session: ReadSession, rollup_id: UUID) -> Row[Any]:
    """A roll-up. Raises NotFound."""
    found = (await session.execute(select(rollups).where(rollups.c.id == rollup_id))).first()
    if found is None:
        raise NotFound("rollup", str(rollup_id))
    return found


async def locked_rollup(
    session: WriteSession, rollup_id: UUID, *, shared: bool = False
) -> Row[Any]:
    """A roll-up that nobody decides upon until this transaction ends. Raises NotFound.

    Pages that are drafted at the same time share the lock.
    """
    statement = select(rollups).where(rollups.c.id == rollup_id).with_for_update(read=shared)
    found = (await session.execute(statement)).first()
    if found is None:
        raise NotFound("rollup", str(rollup_id))
    return found


async def newest_run(session: ReadSession, workflow_id: str, run_id: str) -> Row[Any] | None:
    """The roll-up on which a run works; None when it has not opened one yet."""
    statement = select(rollups).where(
        rollups.c.workflow_id == workflow_id, rollups.c.run_id == run_id
    )
    return (await session.execute(statement)).first()


async def set_run(session: WriteSession, rollup_id: UUID, run_id: str) -> None:
    """Remembers the run that goes on with a roll-up."""
    await session.execute(update(rollups).where(rollups.c.id == rollup_id).values(run_id=run_id))


async def keep_freshness(session: WriteSession, rollup_id: UUID, notes: Sequence[str]) -> None:
    """Keeps with a roll-up what was not fresh when its month was closed."""
    await session.execute(
        update(rollups).where(rollups.c.id == rollup_id).values(freshness_notes=list(notes))
    )


async def move_rollup(
    session: WriteSession,
    rollup_id: UUID,
    status: RollupStatus,
    *,
    reason: str,
    at: datetime,
) -> Row[Any]:
    """The roll-up with its new status. Raises NotFound, and FailedPrecondition for no move."""
    rollup = await locked_rollup(session, rollup_id)
    if not check_rollup_move(RollupStatus(rollup.status), status):
        return rollup
    ended = status not in OPEN_ROLLUPS
    changed: dict[str, Any] = {"status": status.value, "finished_at": at if ended else None}
    if reason or status is RollupStatus.RUNNING:
        changed["reason"] = reason
    return (
        await session.execute(
            update(rollups).where(rollups.c.id == rollup_id).values(changed).returning(rollups)
        )
    ).one()


async def decide(
    session: WriteSession,
    rollup_id: UUID,
    decision: Decision,
    *,
    operator: str,
    reason: str,
    at: datetime,
) -> Row[Any]:
    """The roll-up with an operator's decision; the same again answers it as it is.

    Raises NotFound, and FailedPrecondition when it does not await that decision.
    """
    rollup = await locked_rollup(session, rollup_id)
    status = RollupStatus(rollup.status)
    if decision is Decision.UNDO and status is not RollupStatus.UNDONE:
        await check_newest(session, rollup, but=(RollupStatus.UNDONE,))
    if rollup.decision == decision:
        return rollup
    if decision is Decision.APPROVE:
        if status is not RollupStatus.AWAITING_APPROVAL or rollup.decision == Decision.UNDO:
            raise FailedPrecondition(
                f"the roll-up is {status}: it does not await approval",
                reason="ROLLUP_NOT_AWAITING_APPROVAL",
                metadata={"status": status},
            )
    else:
        undoable = {
            RollupStatus.RUNNING,
            RollupStatus.AWAITING_APPROVAL,
            RollupStatus.FAILED,
        }
        if (
            status not in undoable
            or rollup.decision == Decision.APPROVE
            or await has_issued(session, rollup_id)
        ):
            raise FailedPrecondition(
                f"the roll-up is {status}: what was issued is not undone",
                reason="ROLLUP_NOT_UNDOABLE",
                metadata={"status": status},
            )
    changed: dict[str, Any] = {
        "decision": decision.value,
        "decided_by": operator,
        "decided_at": at,
    }
    if reason:
        changed["reason"] = reason
    return (
        await session.execute(
            update(rollups).where(rollups.c.id == rollup_id).values(changed).returning(rollups)
        )
    ).one()


async def check_newest(
    session: ReadSession, rollup: Row[Any], *, but: Sequence[RollupStatus]
) -> None:
    """Raises FailedPrecondition when a later roll-up of the month took over from this one.

    Those of the statuses `but` did not. One workflow a month is told what was decided: it would
    do to the later one what was said of this one.
    """
    statement = (
        select(rollups.c.id)
        .where(
            rollups.c.period == rollup.period,
            rollups.c.id > rollup.id,
            rollups.c.status.not_in(but),
        )
        .order_by(rollups.c.id.desc())
        .limit(1)
    )
    later = (await session.execute(statement)).scalar_one_or_none()
    if later is not None:
        raise FailedPrecondition(
            f"roll-up {later} of the month took over from it",
            reason="ROLLUP_SUPERSEDED",
            metadata={"rollup_id": str(later)},
        )


async def lock_awaiting(session: WriteSession, period: Period) -> bool:
    """Whether a roll-up of a month awaits approval; nobody decides upon it until this ends."""
    statement = (
        select(rollups.c.id)
        .where(
            rollups.c.period == period.start,
            rollups.c.status == RollupStatus.AWAITING_APPROVAL.value,
            rollups.c.decision == Decision.NONE.value,
        )
        .with_for_update()
    )
    return (await session.execute(statement)).first() is not None


async def approve_when_issued(
    session: WriteSession, rollup: Row[Any], *, operator: str, at: datetime
) -> bool:
    """Approves a locked roll-up whose last draft was issued by hand; whether it did.

    There is nothing left to approve: without this it would never complete.
    """
    if rollup.status != RollupStatus.AWAITING_APPROVAL or rollup.decision:
        return False
    drafts = (
        select(tenant_invoices.c.id)
        .where(
            tenant_invoices.c.rollup_id == rollup.id,
            tenant_invoices.c.status == InvoiceStatus.DRAFT.value,
        )
        .limit(1)
    )
    if (await session.execute(drafts)).first() or not await has_issued(session, rollup.id):
        return False
    await decide(session, rollup.id, Decision.APPROVE, operator=operator, reason="", at=at)
    return True


async def has_issued(session: ReadSession, rollup_id: UUID) -> bool:
    """Whether one of its invoices was issued, whatever became of it then."""
    statement = (
        select(tenant_invoices.c.id)
        .where(tenant_invoices.c.rollup_id == rollup_id, tenant_invoices.c.number.is_not(None))
        .limit(1)
    )
    return (await session.execute(statement)).first() is not None


_REOPEN: Final = text("""
    WITH chosen AS (
        SELECT tenant_id, row_number() OVER (ORDER BY tenant_id) - 1 AS place
        FROM rollup_tenants
        WHERE rollup_id = :rollup_id AND outcome = 'failed'
          AND (CAST(:tenants AS text[]) IS NULL OR tenant_id = ANY (CAST(:tenants AS text[])))
    )
    UPDATE rollup_tenants AS planned
    SET outcome = 'planned',
        page = chosen.place / :per_page + 1
             + (SELECT max(page) FROM rollup_tenants WHERE rollup_id = :rollup_id)
    FROM chosen
    WHERE planned.rollup_id = :rollup_id AND planned.tenant_id = chosen.tenant_id
    RETURNING planned.tenant_id
""")


async def reopen_failed(
    session: WriteSession, rollup_id: UUID, tenant_ids: Sequence[str], *, per_page: int
) -> int:
    """Plans failed tenants again, on new pages; all of them when none is named. How many."""
    reopened = await session.execute(
        _REOPEN,
        {
            "rollup_id": rollup_id,
            "tenants": list(tenant_ids) or None,
            "per_page": per_page,
        },
    )
    await session.execute(
        update(rollups)
        .where(rollups.c.id == rollup_id)
        .values(decision=Decision.NONE.value, decided_by="", decided_at=None)
    )
    return len(reopened.all())
