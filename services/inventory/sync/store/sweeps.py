"""Sweeps: opened, closed on their evidence, frozen or halted by it, and forgotten."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.common.db.database import ReadSession, WriteSession
from services.common.errors import AlreadyExists, NotFound
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.sync.rules.sweeps import (
    Evidence,
    Toll,
    Unreadable,
    Verdict,
    judge,
    may_tombstone,
)
from services.inventory.sync.store.evidence import Tally, drop_evidence, tally
from services.inventory.sync.store.strikes import Struck, count_living, strike_unseen
from services.inventory.sync.store.unreadable import is_any_resource, unreadable_of
from services.inventory.tables import cloud_sweeps as sweeps
from services.inventory.vocabulary import Outcome

__all__ = [
    "COUNTED",
    "KEPT",
    "begin_sweep",
    "begin_sweeps",
    "complete_sweep",
    "complete_sweep_times",
    "fail_sweep",
    "has_changed",
    "last_complete_at",
    "list_sweeps",
    "locked_sweep",
    "of_kind",
    "read_sweep",
]

NOW: Final = func.now()
COUNTED: Final = (Outcome.COMPLETED.value, Outcome.PARTIAL.value, Outcome.HALTED.value)
"""The outcomes of sweeps whose evidence was complete."""

ABANDONED_AFTER: Final = timedelta(days=1)
ABANDONED: Final = Verdict(Outcome.FAILED, "abandoned: it was never closed")

KEPT: Final = timedelta(days=90)
"""How long a closed sweep is kept at least; the last that still count are kept for ever."""

FORGOTTEN_AT_ONCE: Final = 200
"""Far more than come in meanwhile, and few enough to be done in passing."""

ANALYZE: Final = text("ANALYZE (SKIP_LOCKED) cloud_resources")
MUCH: Final = 10
"""A sweep brought much when one in so many that it saw was new."""

NOTHING_STRUCK: Final = Struck(struck=0, doomed=0)


async def begin_sweep(
    session: WriteSession, *, provider: str, kind: str, key: str, run_id: str
) -> Row[Any]:
    """Opens a sweep, as `begin_sweeps`."""
    return (await begin_sweeps(session, provider, {key: kind}, run_id=run_id))[0]


async def begin_sweeps(
    session: WriteSession, provider: str, kinds: Mapping[str, str], *, run_id: str
) -> list[Row[Any]]:
    """Opens a sweep for each key, of its kind; answers those that were opened under it before.

    They start after all that this transaction saw. Closes what was opened long ago and never
    closed, because its worker is gone for good, and forgets what is older than KEPT.

    Raises AlreadyExists when a key names a sweep of something else.
    """
    opened = await session.execute(
        insert(sweeps)
        .values(
            [
                {"provider": provider, "kind": kind, "key": key, "run_id": run_id,
                 "started_at": func.statement_timestamp()}
                for key, kind in kinds.items()
            ]
        )
        .on_conflict_do_nothing(constraint="cloud_sweeps_key_key")
        .returning(sweeps)
    )  # fmt: skip
    by_key = {sweep.key: sweep for sweep in opened}
    for sweep in await _long_past(session, provider, by_key.values()):
        await _close_abandoned(session, sweep)
        await _forget_old(session, sweep)
    if before := kinds.keys() - by_key.keys():
        known = await session.execute(select(sweeps).where(sweeps.c.key.in_(sorted(before))))
        by_key |= {sweep.key: sweep for sweep in known}
    for key, kind in kinds.items():
        named = by_key[key]
        if (named.provider, named.kind) != (provider, kind):
            raise AlreadyExists(
                f"key {key!r} names a sweep of {named.provider} {named.kind}",
                reason="SWEEP_KEY_TAKEN",
            )
    return [by_key[key] for key in kinds]


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
    sweep = await locked_sweep(session, sweep_id)
    if sweep.outcome != Outcome.RUNNING:
        return sweep
    seen = await tally(session, sweep_id)
    evidence = Evidence(
        seen.seen,
        reported_total,
        frozenset(scopes),
        await _known_scopes(session, sweep),
        unread=seen.unread,
        unreadable=await unreadable_of(session, sweep_id) if seen.unreadable else Unreadable(),
    )
    if evidence.difference:
        accepted = await _accepted_difference(session, sweep)
        evidence = replace(evidence, accepted_difference=accepted)
    verdict = judge(evidence)
    struck = NOTHING_STRUCK
    strikes = verdict.outcome in {Outcome.COMPLETED, Outcome.PARTIAL}
    if strikes and not (seen.unreadable and await is_any_resource(session, sweep_id)):
        confirmed = await _spend_confirmations(session, sweep)
        struck = await strike_unseen(session, sweep)
        living = await count_living(session, sweep) if struck.doomed else 0
        toll = may_tombstone(Toll(living, struck.doomed, confirmed))
        verdict = verdict if toll.outcome is Outcome.COMPLETED else toll
    closed = await _close(
        session,
        sweep_id,
        verdict,
        seen,
        reported_total=reported_total,
        total_difference=evidence.difference,
        unreadable_count=evidence.unreadable.count,
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
    sweep = await locked_sweep(session, sweep_id)
    if sweep.outcome != Outcome.RUNNING:
        return sweep
    seen = await tally(session, sweep_id)
    return await _close(session, sweep_id, Verdict(Outcome.FAILED, reason), seen)


async def read_sweep(session: ReadSession, sweep_id: UUID) -> Row[Any]:
    """A sweep. Raises NotFound for an unknown one."""
    found = (await session.execute(select(sweeps).where(sweeps.c.id == sweep_id))).first()
    if found is None:
        raise NotFound("sweep", str(sweep_id))
    return found


async def last_complete_at(session: ReadSession, sweep: Row[Any]) -> datetime | None:
    """When a sweep of the same kind last read it completely; None when none ever did.

    `sweep` is closed.
    """
    found = await session.execute(
        select(func.max(sweeps.c.finished_at)).where(of_kind(sweep), sweeps.c.outcome.in_(COUNTED))
    )
    at: datetime | None = found.scalar_one()
    return at


def has_changed(sweep: Row[Any]) -> bool:
    """Whether a closed sweep found anything new, changed or returned."""
    return bool(sweep.discovered_count or sweep.updated_count or sweep.restored_count)


async def complete_sweep_times(session: ReadSession, kinds: Sequence[str]) -> dict[str, datetime]:
    """When the last complete sweep of each kind began; those without one are left out."""
    rows = await session.execute(
        select(sweeps.c.kind, func.max(sweeps.c.started_at).label("began"))
        .where(sweeps.c.kind.in_(kinds), sweeps.c.outcome.in_(COUNTED))
        .group_by(sweeps.c.kind)
    )
    return {row.kind: row.began for row in rows}


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


async def _long_past(
    session: WriteSession, provider: str, opened: Collection[Row[Any]]
) -> list[Row[Any]]:
    """Those opened sweeps of whose kinds some sweep is to be closed or forgotten."""
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
    past = set(kinds.scalars())
    return [sweep for sweep in opened if sweep.kind in past]


async def _close_abandoned(session: WriteSession, sweep: Row[Any]) -> None:
    await lock_kinds(session, sweep.provider, [sweep.kind])
    abandoned = await session.execute(
        select(sweeps.c.id).where(
            of_kind(sweep),
            sweeps.c.outcome == Outcome.RUNNING.value,
            sweeps.c.started_at < NOW - ABANDONED_AFTER,
        )
    )
    for sweep_id in abandoned.scalars().all():
        seen = await tally(session, sweep_id)
        await _close(session, sweep_id, ABANDONED, seen)


async def _forget_old(session: WriteSession, sweep: Row[Any]) -> None:
    """Deletes old sweeps of a kind, but for those by which the next ones are judged."""
    old = (
        select(sweeps.c.id)
        .where(
            of_kind(sweep),
            sweeps.c.finished_at < NOW - KEPT,
            sweeps.c.id.not_in(_last_that_saw(sweep).with_only_columns(sweeps.c.id)),
            sweeps.c.id.not_in(_accepted_total(sweep).with_only_columns(sweeps.c.id)),
            sweeps.c.id.not_in(
                select(sweeps.c.id)
                .where(of_kind(sweep), sweeps.c.outcome.in_(COUNTED))
                .order_by(sweeps.c.finished_at.desc())
                .limit(1)
            ),
        )
        .order_by(sweeps.c.finished_at)
        .limit(FORGOTTEN_AT_ONCE)
    )
    await session.execute(delete(sweeps).where(sweeps.c.id.in_(old)))


async def locked_sweep(session: WriteSession, sweep_id: UUID) -> Row[Any]:
    """The sweep, read under the lock of its kind, so that nobody closes it meanwhile."""
    sweep = await read_sweep(session, sweep_id)
    await lock_kinds(session, sweep.provider, [sweep.kind])
    return await read_sweep(session, sweep_id)


def of_kind(sweep: Row[Any]) -> ColumnElement[bool]:
    """Whether a row is of the same provider and kind as `sweep`."""
    return and_(sweeps.c.provider == sweep.provider, sweeps.c.kind == sweep.kind)


def _last_that_saw(sweep: Row[Any]) -> Select[Any]:
    """The last sweep of a kind that says what a token sees: it counted, or was accepted."""
    accepted = and_(sweeps.c.outcome == Outcome.FROZEN.value, sweeps.c.confirmed_at.is_not(None))
    return (
        select(sweeps)
        .where(
            of_kind(sweep),
            or_(sweeps.c.outcome.in_(COUNTED), accepted),
            sweeps.c.seen_count > 0,
        )
        .order_by(sweeps.c.finished_at.desc())
        .limit(1)
    )


def _accepted_total(sweep: Row[Any]) -> Select[Any]:
    """The last sweep of a kind whose total was accepted, until a later one added up exactly."""
    later = sweeps.alias("later")
    exact = (
        select(later.c.id)
        .where(
            later.c.provider == sweeps.c.provider,
            later.c.kind == sweeps.c.kind,
            later.c.outcome.in_(COUNTED),
            later.c.total_difference == 0,
            later.c.finished_at > sweeps.c.finished_at,
        )
        .exists()
    )
    return (
        select(sweeps)
        .where(
            of_kind(sweep),
            sweeps.c.outcome == Outcome.INCOMPLETE.value,
            sweeps.c.confirmed_at.is_not(None),
            ~exact,
        )
        .order_by(sweeps.c.finished_at.desc())
        .limit(1)
    )


async def _accepted_difference(session: WriteSession, sweep: Row[Any]) -> int:
    found = (await session.execute(_accepted_total(sweep))).first()
    return int(found.total_difference) if found is not None else 0


async def _known_scopes(session: WriteSession, sweep: Row[Any]) -> frozenset[str] | None:
    found = (await session.execute(_last_that_saw(sweep))).first()
    return frozenset(found.scope_fingerprint) if found is not None else None


async def _spend_confirmations(session: WriteSession, sweep: Row[Any]) -> int:
    """How many rows an operator lets this sweep tombstone: a confirmation counts once.

    One given while this sweep already ran is left for the next.
    """
    spent = await session.execute(
        update(sweeps)
        .where(
            of_kind(sweep),
            sweeps.c.outcome == Outcome.HALTED.value,
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
