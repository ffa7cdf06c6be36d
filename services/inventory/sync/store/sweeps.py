"""Sweeps: inserts, closing, deletes, and queries about a kind's earlier sweeps."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import columns_of, found_of, record_of, records_of
from services.common.rpc.paging import Page, PageRequest
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.sync.rules.sweeps import COUNTED, Sweep, Verdict
from services.inventory.sync.store.evidence import Tally, drop_evidence
from services.inventory.tables import cloud_sweeps as sweeps
from services.inventory.vocabulary import Outcome

__all__ = [
    "KEPT",
    "abandoned_sweeps",
    "accepted_difference",
    "add_deleted",
    "analyze_resources",
    "close_sweep",
    "complete_sweep_times",
    "confirm_sweep",
    "find_sweeps",
    "forget_old_sweeps",
    "known_scopes",
    "last_complete_at",
    "later_sweep",
    "list_sweeps",
    "locked_sweep",
    "open_sweeps",
    "read_sweep",
    "spend_confirmations",
    "update_sweep",
    "with_old_ones",
]

NOW: Final = func.now()
SWEEP: Final = columns_of(Sweep, sweeps)
IS_COUNTED: Final = sweeps.c.outcome.in_(sorted(COUNTED))

ABANDONED_AFTER: Final = timedelta(days=1)

KEPT: Final = timedelta(days=90)
"""Minimum retention of closed sweeps; the latest valid ones are kept forever."""

FORGOTTEN_AT_ONCE: Final = 200
"""Rows deleted per call: more than are added in that time, but few enough to be fast."""

# The columns that lists are filtered by: the statistics of all, with the attributes and tags among
# them, take several times as long, and PostgreSQL gathers those by itself.
ANALYZE: Final = text(
    "ANALYZE (SKIP_LOCKED) cloud_resources (provider, kind, region, status, project_id, tenant_id,"
    " deployment_id, ownership_source, name_key, deleted_at)"
)


async def open_sweeps(
    session: WriteSession, provider: str, kinds: Mapping[str, str], *, run_id: str
) -> list[Sweep]:
    """Inserts a sweep per new key and kind; returns them."""
    rows = [
        {"provider": provider, "kind": kind, "key": key, "run_id": run_id,
         "started_at": func.statement_timestamp()}
        for key, kind in kinds.items()
    ]  # fmt: skip  # a table
    opened = await session.execute(
        insert(sweeps)
        .values(rows)
        .on_conflict_do_nothing(constraint="cloud_sweeps_key_key")
        .returning(*SWEEP)
    )
    return records_of(Sweep, opened)


async def find_sweeps(session: WriteSession, keys: Collection[str]) -> list[Sweep]:
    """The sweeps that were opened under these keys."""
    found = await session.execute(select(*SWEEP).where(sweeps.c.key.in_(sorted(keys))))
    return records_of(Sweep, found)


async def read_sweep(session: ReadSession, sweep_id: UUID) -> Sweep:
    """A sweep. Raises NotFound for an unknown one."""
    found = await session.execute(select(*SWEEP).where(sweeps.c.id == sweep_id))
    return found_of(Sweep, found, "sweep", sweep_id)


async def locked_sweep(session: WriteSession, sweep_id: UUID) -> Sweep:
    """A sweep, read under the lock of its kind, so that it cannot be closed concurrently."""
    sweep = await read_sweep(session, sweep_id)
    await lock_kinds(session, sweep.provider, [sweep.kind])
    return await read_sweep(session, sweep_id)


async def update_sweep(session: WriteSession, sweep_id: UUID, **values: Any) -> Sweep:
    """Updates columns of a sweep and returns it."""
    changed = update(sweeps).where(sweeps.c.id == sweep_id).values(**values).returning(*SWEEP)
    return record_of(Sweep, (await session.execute(changed)).one())


async def close_sweep(
    session: WriteSession,
    sweep_id: UUID,
    verdict: Verdict,
    seen: Tally,
    **values: Any,
) -> Sweep:
    """Closes a sweep with its counts, and deletes its evidence."""
    await drop_evidence(session, sweep_id)
    return await update_sweep(
        session,
        sweep_id,
        outcome=verdict.outcome.value,
        reason=verdict.reason,
        finished_at=NOW,
        seen_count=seen.seen,
        discovered_count=seen.discovered,
        updated_count=seen.updated,
        restored_count=seen.restored,
        **values,
    )


async def confirm_sweep(session: WriteSession, sweep_id: UUID, *, operator: str) -> Sweep:
    """Records an operator's decision on a sweep."""
    return await update_sweep(session, sweep_id, confirmed_by=operator, confirmed_at=NOW)


async def add_deleted(session: WriteSession, sweep_id: UUID, count: int) -> Sweep:
    """Adds to the number of rows tombstoned after a sweep."""
    return await update_sweep(session, sweep_id, deleted_count=sweeps.c.deleted_count + count)


async def analyze_resources(session: WriteSession) -> None:
    """Updates the planner's statistics after a large change."""
    await session.execute(ANALYZE)


async def last_complete_at(session: ReadSession, sweep: Sweep) -> datetime | None:
    """When a sweep of the same kind last completed; None if never.

    `sweep` is closed.
    """
    found = await session.execute(
        select(func.max(sweeps.c.finished_at)).where(_of_kind(sweep), IS_COUNTED)
    )
    at: datetime | None = found.scalar_one()
    return at


async def complete_sweep_times(session: ReadSession, kinds: Sequence[str]) -> dict[str, datetime]:
    """When the last complete sweep of each kind began; kinds without one are omitted."""
    rows = await session.execute(
        select(sweeps.c.kind, func.max(sweeps.c.started_at).label("began"))
        .where(sweeps.c.kind.in_(kinds), IS_COUNTED)
        .group_by(sweeps.c.kind)
    )
    return {row.kind: row.began for row in rows}


async def list_sweeps(
    session: ReadSession, asked: PageRequest, *, kind: str, outcome: str
) -> Page[Sweep]:
    """Sweeps, newest first."""
    statement = select(*SWEEP)
    if kind:
        statement = statement.where(sweeps.c.kind == kind)
    if outcome:
        statement = statement.where(sweeps.c.outcome == outcome)
    return await page_of(session, Sweep, statement, asked, sweeps.c.id, descending=True)


async def later_sweep(
    session: WriteSession, sweep: Sweep, outcomes: Collection[Outcome]
) -> UUID | None:
    """The last later sweep of the same kind with one of these outcomes."""
    found = await session.execute(
        select(sweeps.c.id)
        .where(
            _of_kind(sweep),
            sweeps.c.outcome.in_(sorted(outcomes)),
            sweeps.c.finished_at > sweep.finished_at,
        )
        .order_by(sweeps.c.finished_at.desc())
        .limit(1)
    )
    later: UUID | None = found.scalar_one_or_none()
    return later


async def with_old_ones(
    session: WriteSession, provider: str, opened: Collection[Sweep]
) -> list[Sweep]:
    """The opened sweeps whose kinds have sweeps to close or delete."""
    if not opened:
        return []
    kinds = await session.execute(
        select(sweeps.c.kind)
        .distinct()
        .where(
            sweeps.c.provider == provider,
            sweeps.c.kind.in_(sorted({sweep.kind for sweep in opened})),
            or_(
                sweeps.c.finished_at < NOW - KEPT,
                and_(sweeps.c.finished_at.is_(None), sweeps.c.started_at < NOW - ABANDONED_AFTER),
            ),
        )
    )
    old = set(kinds.scalars())
    return [sweep for sweep in opened if sweep.kind in old]


async def abandoned_sweeps(session: WriteSession, sweep: Sweep) -> Sequence[UUID]:
    """The sweeps of the same kind that were opened long ago but never closed."""
    found = await session.execute(
        select(sweeps.c.id).where(
            _of_kind(sweep),
            sweeps.c.outcome == Outcome.RUNNING.value,
            sweeps.c.started_at < NOW - ABANDONED_AFTER,
        )
    )
    return found.scalars().all()


async def forget_old_sweeps(session: WriteSession, sweep: Sweep) -> None:
    """Deletes old sweeps of a kind, except those needed to evaluate the next ones."""
    old = (
        select(sweeps.c.id)
        .where(
            _of_kind(sweep),
            sweeps.c.finished_at < NOW - KEPT,
            sweeps.c.id.not_in(_last_that_saw(sweep).with_only_columns(sweeps.c.id)),
            sweeps.c.id.not_in(_accepted_total(sweep).with_only_columns(sweeps.c.id)),
            sweeps.c.id.not_in(
                select(sweeps.c.id)
                .where(_of_kind(sweep), IS_COUNTED)
                .order_by(sweeps.c.finished_at.desc())
                .limit(1)
            ),
        )
        .order_by(sweeps.c.finished_at)
        .limit(FORGOTTEN_AT_ONCE)
    )
    await session.execute(delete(sweeps).where(sweeps.c.id.in_(old)))


async def accepted_difference(session: WriteSession, sweep: Sweep) -> int:
    """The accepted difference of a kind's total; 0 without one."""
    found = (await session.execute(_accepted_total(sweep))).first()
    return int(found.total_difference) if found is not None else 0


async def known_scopes(session: WriteSession, sweep: Sweep) -> frozenset[str] | None:
    """The fields visible in the last valid sweep of the kind; None without one."""
    found = (await session.execute(_last_that_saw(sweep))).first()
    return frozenset(found.scope_fingerprint) if found is not None else None


async def spend_confirmations(session: WriteSession, sweep: Sweep) -> int:
    """The number of rows that an operator confirmed for this sweep; each confirmation counts once.

    A confirmation given while this sweep was running counts for the next one.
    """
    spent = await session.execute(
        update(sweeps)
        .where(
            _of_kind(sweep),
            sweeps.c.outcome == Outcome.HALTED.value,
            sweeps.c.confirmed_at < sweep.started_at,
            sweeps.c.spent_by_sweep_id.is_(None),
        )
        .values(spent_by_sweep_id=sweep.id)
        .returning(sweeps.c.withheld_count)
    )
    return max(spent.scalars(), default=0)


def _of_kind(sweep: Sweep) -> ColumnElement[bool]:
    return and_(sweeps.c.provider == sweep.provider, sweeps.c.kind == sweep.kind)


def _last_that_saw(sweep: Sweep) -> Select[Any]:
    """The last sweep of a kind that was valid or whose scope was accepted."""
    accepted = and_(sweeps.c.outcome == Outcome.FROZEN.value, sweeps.c.confirmed_at.is_not(None))
    return (
        select(sweeps)
        .where(_of_kind(sweep), or_(IS_COUNTED, accepted), sweeps.c.seen_count > 0)
        .order_by(sweeps.c.finished_at.desc())
        .limit(1)
    )


def _accepted_total(sweep: Sweep) -> Select[Any]:
    """The last sweep of a kind whose total was accepted, unless a later one added up exactly."""
    later = sweeps.alias("later")
    exact = (
        select(later.c.id)
        .where(
            later.c.provider == sweeps.c.provider,
            later.c.kind == sweeps.c.kind,
            later.c.outcome.in_(sorted(COUNTED)),
            later.c.total_difference == 0,
            later.c.finished_at > sweeps.c.finished_at,
        )
        .exists()
    )
    return (
        select(sweeps)
        .where(
            _of_kind(sweep),
            sweeps.c.outcome == Outcome.INCOMPLETE.value,
            sweeps.c.confirmed_at.is_not(None),
            ~exact,
        )
        .order_by(sweeps.c.finished_at.desc())
        .limit(1)
    )
