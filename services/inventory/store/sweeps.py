"""Sweeps: opened, closed on their evidence, halted by the breaker, confirmed by an operator."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.common.database import ReadSession, WriteSession
from services.common.errors import AlreadyExists, FailedPrecondition, NotFound
from services.inventory.models import cloud_sweeps as sweeps
from services.inventory.store.evidence import Tally, drop_evidence, tally
from services.inventory.store.locks import lock_kinds
from services.inventory.store.strikes import Struck, strike_unseen
from services.inventory.sweeps import Evidence, Toll, Verdict, judge, may_tombstone
from services.inventory.vocabulary import Outcome

__all__ = [
    "begin_sweep",
    "complete_sweep",
    "confirm_sweep",
    "fail_sweep",
    "last_complete_at",
    "list_sweeps",
    "read_sweep",
]

NOW: Final = func.now()
COUNTED: Final = (Outcome.COMPLETED.value, Outcome.HALTED.value)
"""The outcomes of sweeps whose evidence was complete."""

ABANDONED_AFTER: Final = timedelta(days=1)
ABANDONED: Final = Verdict(Outcome.FAILED, "abandoned: it was never closed")

ANALYZE: Final = text("ANALYZE (SKIP_LOCKED) cloud_resources")
MUCH: Final = 10
"""A sweep brought much when one in so many that it saw was new."""

NOTHING_STRUCK: Final = Struck(struck=0, doomed=0)


async def begin_sweep(
    session: WriteSession, *, provider: str, kind: str, key: str, run_id: str
) -> Row[Any]:
    """Opens a sweep, or answers the one that was opened under `key` before.

    Closes what was opened long ago and never closed, because its worker is gone for good.

    Raises AlreadyExists when the key names a sweep of something else.
    """
    opened = (
        await session.execute(
            insert(sweeps)
            .values(provider=provider, kind=kind, key=key, run_id=run_id, started_at=NOW)
            .on_conflict_do_nothing(constraint="cloud_sweeps_key_key")
            .returning(sweeps)
        )
    ).first()
    if opened is not None:
        await _close_abandoned(session, opened)
        return opened
    known = (await session.execute(select(sweeps).where(sweeps.c.key == key))).one()
    if (known.provider, known.kind) != (provider, kind):
        raise AlreadyExists(
            f"key {key!r} names a sweep of {known.provider} {known.kind}",
            reason="SWEEP_KEY_TAKEN",
        )
    return known


async def complete_sweep(
    session: WriteSession,
    sweep_id: UUID,
    *,
    reported_total: int | None,
    scopes: Sequence[str],
) -> Row[Any]:
    """Closes a sweep that read every page: judges its evidence, and strikes by it.

    A sweep that is closed is answered as it is. Raises NotFound for an unknown one.
    """
    sweep = await _locked(session, sweep_id)
    if sweep.outcome != Outcome.RUNNING:
        return sweep
    seen = await tally(session, sweep_id)
    known_scopes = await _known_scopes(session, sweep)
    verdict = judge(Evidence(seen.seen, reported_total, frozenset(scopes), known_scopes))
    struck = NOTHING_STRUCK
    if verdict.outcome is Outcome.COMPLETED:
        confirmed = await _spend_confirmations(session, sweep)
        living, struck = await strike_unseen(session, sweep)
        verdict = may_tombstone(Toll(living, struck.doomed, confirmed))
    closed = await _close(
        session,
        sweep_id,
        verdict,
        seen,
        reported_total=reported_total,
        scope_fingerprint=sorted(set(scopes)),
        struck_count=struck.struck,
        withheld_count=struck.doomed if verdict.outcome is Outcome.HALTED else 0,
    )
    if seen.discovered * MUCH > seen.seen:
        # PostgreSQL would find out by itself within minutes, and sort whole tables for
        # the first page of a list until then.
        await session.execute(ANALYZE)
    return closed


async def fail_sweep(session: WriteSession, sweep_id: UUID, *, reason: str) -> Row[Any]:
    """Closes a sweep that broke off; it strikes nothing.

    A sweep that is closed is answered as it is. Raises NotFound for an unknown one.
    """
    sweep = await _locked(session, sweep_id)
    if sweep.outcome != Outcome.RUNNING:
        return sweep
    seen = await tally(session, sweep_id)
    return await _close(session, sweep_id, Verdict(Outcome.FAILED, reason), seen)


async def confirm_sweep(session: WriteSession, sweep_id: UUID, *, operator: str) -> Row[Any]:
    """Lets the next sweep of the kind tombstone as many rows as this one withheld.

    A confirmed sweep is answered as it is. Raises NotFound for an unknown one, and
    FailedPrecondition for one that was not halted, or that a later sweep superseded.
    """
    sweep = await _locked(session, sweep_id)
    if sweep.confirmed_at is not None:
        return sweep
    if sweep.outcome != Outcome.HALTED:
        raise FailedPrecondition(
            f"sweep {sweep_id} was not halted ({sweep.outcome}): there is nothing to confirm",
            reason="SWEEP_NOT_HALTED",
        )
    later = (
        await session.execute(
            select(sweeps.c.id)
            .where(
                _of_kind(sweep),
                sweeps.c.outcome.in_(COUNTED),
                sweeps.c.finished_at > sweep.finished_at,
            )
            .order_by(sweeps.c.finished_at.desc())
            .limit(1)
        )
    ).first()
    if later is not None:
        raise FailedPrecondition(
            f"sweep {sweep_id} was superseded by sweep {later.id}",
            reason="SWEEP_SUPERSEDED",
            metadata={"by": str(later.id)},
        )
    return (
        await session.execute(
            update(sweeps)
            .where(sweeps.c.id == sweep_id)
            .values(confirmed_by=operator, confirmed_at=NOW)
            .returning(sweeps)
        )
    ).one()


async def read_sweep(session: ReadSession, sweep_id: UUID) -> Row[Any]:
    """A sweep. Raises NotFound for an unknown one."""
    found = (await session.execute(select(sweeps).where(sweeps.c.id == sweep_id))).first()
    if found is None:
        raise NotFound("sweep", str(sweep_id))
    return found


async def last_complete_at(session: ReadSession, sweep: Row[Any]) -> datetime | None:
    """When a sweep of the same kind last read it completely; None when none ever did."""
    found = await session.execute(
        select(func.max(sweeps.c.finished_at)).where(_of_kind(sweep), sweeps.c.outcome.in_(COUNTED))
    )
    at: datetime | None = found.scalar_one()
    return at


async def list_sweeps(
    session: ReadSession, *, kind: str, outcome: str, before: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Sweeps, newest first; `before` is the last one of the page before."""
    statement = select(sweeps).order_by(sweeps.c.id.desc()).limit(limit)
    if kind:
        statement = statement.where(sweeps.c.kind == kind)
    if outcome:
        statement = statement.where(sweeps.c.outcome == outcome)
    if before is not None:
        statement = statement.where(sweeps.c.id < before)
    return (await session.execute(statement)).all()


async def _close_abandoned(session: WriteSession, sweep: Row[Any]) -> None:
    await lock_kinds(session, sweep.provider, [sweep.kind])
    abandoned = await session.execute(
        select(sweeps.c.id).where(
            _of_kind(sweep),
            sweeps.c.outcome == Outcome.RUNNING.value,
            sweeps.c.started_at < NOW - ABANDONED_AFTER,
        )
    )
    for sweep_id in abandoned.scalars().all():
        seen = await tally(session, sweep_id)
        await _close(session, sweep_id, ABANDONED, seen)


async def _locked(session: WriteSession, sweep_id: UUID) -> Row[Any]:
    """The sweep, read under the lock of its kind, so that nobody closes it meanwhile."""
    sweep = await read_sweep(session, sweep_id)
    await lock_kinds(session, sweep.provider, [sweep.kind])
    return await read_sweep(session, sweep_id)


def _of_kind(sweep: Row[Any]) -> ColumnElement[bool]:
    return and_(sweeps.c.provider == sweep.provider, sweeps.c.kind == sweep.kind)


async def _known_scopes(session: WriteSession, sweep: Row[Any]) -> frozenset[str] | None:
    """What the token saw in the last sweep that counted and saw anything."""
    found = (
        await session.execute(
            select(sweeps.c.scope_fingerprint)
            .where(_of_kind(sweep), sweeps.c.outcome.in_(COUNTED), sweeps.c.seen_count > 0)
            .order_by(sweeps.c.finished_at.desc())
            .limit(1)
        )
    ).first()
    return frozenset(found.scope_fingerprint) if found is not None else None


async def _spend_confirmations(session: WriteSession, sweep: Row[Any]) -> int:
    """How many rows an operator lets this sweep tombstone: a confirmation counts once.

    One given while this sweep already ran is left for the next.
    """
    spent = await session.execute(
        update(sweeps)
        .where(
            _of_kind(sweep),
            sweeps.c.confirmed_at < sweep.started_at,
            sweeps.c.spent_by_sweep_id.is_(None),
        )
        .values(spent_by_sweep_id=sweep.id)
        .returning(sweeps.c.withheld_count)
    )
    return max((row.withheld_count for row in spent), default=0)


async def _close(
    session: WriteSession,
    sweep_id: UUID,
    verdict: Verdict,
    seen: Tally,
    **values: Any,  # noqa: ANN401
) -> Row[Any]:
    await drop_evidence(session, sweep_id)
    return (
        await session.execute(
            update(sweeps)
            .where(sweeps.c.id == sweep_id)
            .values(
                outcome=verdict.outcome.value,
                reason=verdict.reason,
                finished_at=NOW,
                seen_count=seen.seen,
                discovered_count=seen.discovered,
                updated_count=seen.updated,
                restored_count=seen.restored,
                **values,
            )
            .returning(sweeps)
        )
    ).one()
