"""Roll-ups: inserts, status changes, decisions and queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select, text, update
from sqlalchemy.dialects.postgresql import insert

from contracts.invoicing import RollupInput
from services.analytics.invoicing.invoices.rules.states import (
    OPEN_ROLLUPS,
    Decision,
    RollupStatus,
)
from services.analytics.invoicing.rollups.rules.rollups import Rollup
from services.analytics.invoicing.tables import rollups, tenant_invoices
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import first_of, found_of, record_of
from services.common.rpc.paging import Page, PageRequest
from services.common.values.periods import Period

__all__ = [
    "adopt_drafts",
    "fail_others",
    "has_issued",
    "insert_rollup",
    "later_rollup",
    "list_rollups",
    "lock_awaiting",
    "lock_open",
    "locked_rollup",
    "newest_run",
    "read_rollup",
    "reopen_failed",
    "rollup_of_key",
    "save_freshness",
    "set_run",
    "update_rollup",
]

_ROLLUP = rollups.c


async def lock_open(session: WriteSession, period: Period) -> None:
    """Locks the active roll-ups of a month until the transaction ends."""
    await session.execute(
        select(_ROLLUP.id)
        .where(_ROLLUP.period == period.start, _ROLLUP.status.in_(OPEN_ROLLUPS))
        .order_by(_ROLLUP.id)
        .with_for_update()
    )


async def insert_rollup(
    session: WriteSession, period: Period, start: RollupInput, key: str, at: datetime
) -> Rollup | None:
    """Inserts a roll-up; None if one exists under its key."""
    workflow_id, _, run_id = key.rpartition("/")
    opened = await session.execute(
        insert(rollups)
        .values(
            period=period.start,
            key=key,
            force=start.force,
            approval_required=start.approval_required,
            without_bill=start.without_bill,
            workflow_id=workflow_id,
            run_id=run_id,
            started_by=start.started_by,
            started_at=at,
        )
        .on_conflict_do_nothing(constraint="rollups_key_key")
        .returning(rollups)
    )
    return first_of(Rollup, opened)


async def rollup_of_key(session: ReadSession, key: str) -> Rollup:
    """The roll-up that was opened under a key."""
    found = await session.execute(select(rollups).where(_ROLLUP.key == key))
    return record_of(Rollup, found.one())


async def fail_others(session: WriteSession, rollup: Rollup, reason: str, at: datetime) -> None:
    """Closes the other active roll-ups of a month."""
    await session.execute(
        update(rollups)
        .where(
            _ROLLUP.period == rollup.period,
            _ROLLUP.id != rollup.id,
            _ROLLUP.status.in_(OPEN_ROLLUPS),
        )
        .values(status=RollupStatus.FAILED.value, reason=reason, finished_at=at)
    )


_ADOPT: Final = text(
    "UPDATE tenant_invoices SET rollup_id = :rollup_id"
    " WHERE period = :period AND status = 'draft' AND kind = 'month' AND rollup_id <> :rollup_id"
)


async def adopt_drafts(session: WriteSession, rollup: Rollup) -> None:
    """Moves the drafts of other roll-ups to this one, so that they are issued."""
    await session.execute(_ADOPT, {"rollup_id": rollup.id, "period": rollup.period})


async def list_rollups(
    session: ReadSession, asked: PageRequest, *, period: Period | None, status: str
) -> Page[Rollup]:
    """Roll-ups, newest first."""
    statement = select(rollups)
    if period is not None:
        statement = statement.where(_ROLLUP.period == period.start)
    if status:
        statement = statement.where(_ROLLUP.status == status)
    return await page_of(session, Rollup, statement, asked, _ROLLUP.id, descending=True)


async def read_rollup(session: ReadSession, rollup_id: UUID) -> Rollup:
    """A roll-up. Raises NotFound."""
    return await _found(session, rollup_id, select(rollups))


async def locked_rollup(session: WriteSession, rollup_id: UUID, *, shared: bool = False) -> Rollup:
    """A roll-up, locked against decisions until the transaction ends. Raises NotFound.

    Pages that are drafted concurrently share the lock.
    """
    return await _found(session, rollup_id, select(rollups).with_for_update(read=shared))


async def _found(session: ReadSession, rollup_id: UUID, statement: Select[Any]) -> Rollup:
    found = await session.execute(statement.where(_ROLLUP.id == rollup_id))
    return found_of(Rollup, found, "rollup", rollup_id)


async def newest_run(session: ReadSession, workflow_id: str, run_id: str) -> Rollup | None:
    """The roll-up of a workflow run; None if it has not opened one yet."""
    statement = select(rollups).where(_ROLLUP.workflow_id == workflow_id, _ROLLUP.run_id == run_id)
    return first_of(Rollup, await session.execute(statement))


async def update_rollup(session: WriteSession, rollup: Rollup, **changes: object) -> Rollup:
    """Updates some columns of a locked roll-up."""
    changed = await session.execute(
        update(rollups).where(_ROLLUP.id == rollup.id).values(changes).returning(rollups)
    )
    return record_of(Rollup, changed.one())


async def set_run(session: WriteSession, rollup_id: UUID, run_id: str) -> None:
    """Records the run that resumes a roll-up."""
    await session.execute(update(rollups).where(_ROLLUP.id == rollup_id).values(run_id=run_id))


async def save_freshness(session: WriteSession, rollup_id: UUID, notes: Sequence[str]) -> None:
    """Stores the sources that were stale when the roll-up's month was closed."""
    await session.execute(
        update(rollups).where(_ROLLUP.id == rollup_id).values(freshness_notes=list(notes))
    )


async def later_rollup(
    session: ReadSession, rollup: Rollup, *, but: Sequence[RollupStatus]
) -> UUID | None:
    """The newest later roll-up of the same month, except those in some statuses."""
    statement = (
        select(_ROLLUP.id)
        .where(_ROLLUP.period == rollup.period, _ROLLUP.id > rollup.id, _ROLLUP.status.not_in(but))
        .order_by(_ROLLUP.id.desc())
        .limit(1)
    )
    later: UUID | None = (await session.execute(statement)).scalar_one_or_none()
    return later


async def lock_awaiting(session: WriteSession, period: Period) -> bool:
    """Whether a roll-up of a month awaits approval; locks it until the transaction ends."""
    statement = (
        select(_ROLLUP.id)
        .where(
            _ROLLUP.period == period.start,
            _ROLLUP.status == RollupStatus.AWAITING_APPROVAL.value,
            _ROLLUP.decision == Decision.NONE.value,
        )
        .with_for_update()
    )
    return (await session.execute(statement)).first() is not None


async def has_issued(session: ReadSession, rollup_id: UUID) -> bool:
    """Whether one of its invoices was ever issued."""
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
        WHERE rollup_id = :rollup_id AND outcome IN ('failed', 'waiting')
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
    """Plans failed and waiting tenants again on new pages; returns their number.

    All if none is given.
    """
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
        .where(_ROLLUP.id == rollup_id)
        .values(decision=Decision.NONE.value, decided_by="", decided_at=None)
    )
    return len(reopened.all())
