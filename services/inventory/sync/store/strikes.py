"""Strikes, suspects and tombstones of a kind, each in one statement for all rows of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    and_,
    any_,
    cast,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.common.db.database import ReadSession, WriteSession
from services.common.errors import FailedPrecondition
from services.inventory.resources.store.assignments import end_spans
from services.inventory.resources.store.history import Cause, prepare_months
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.resources.store.mirrors import Mirror, mirror_of
from services.inventory.sync.rules.sweeps import STRIKES_TO_CONFIRM
from services.inventory.tables import cloud_resource_events as events
from services.inventory.tables import cloud_sweep_unreadable as unreadable
from services.inventory.tables import cloud_sweeps as sweeps
from services.inventory.vocabulary import EventType, Outcome

__all__ = [
    "Struck",
    "confirm_suspects",
    "count_living",
    "count_suspects",
    "list_suspects",
    "strike_unseen",
]

NOW: Final = func.now()

STRIKING: Final = frozenset({Outcome.COMPLETED, Outcome.PARTIAL})
"""The outcomes of sweeps whose suspects are read by their ids."""


@dataclass(frozen=True, slots=True)
class Struck:
    """How many rows a sweep struck, and how many of these have their third strike."""

    struck: int
    doomed: int


async def strike_unseen(session: WriteSession, sweep: Row[Any]) -> Struck:
    """Strikes what nobody saw since a complete sweep began.

    A row that was listed and could not be read is left alone. So is one that a sweep
    overlapping this one struck: both looked at the same moment, which is evidence once. The
    caller holds the lock of the kind.
    """
    mirror = mirror_of(sweep.provider, sweep.kind)
    row = mirror.table.c
    overlapping = select(sweeps.c.id).where(
        sweeps.c.provider == sweep.provider,
        sweeps.c.kind == sweep.kind,
        sweeps.c.finished_at >= sweep.started_at,
    )
    struck = (
        update(mirror.table)
        .where(
            mirror.living,
            row.last_seen_at < sweep.started_at,
            row.provider_id.not_in(
                select(unreadable.c.provider_id).where(unreadable.c.sweep_id == sweep.id)
            ),
            or_(
                row.last_strike_sweep_id.is_(None),
                row.last_strike_sweep_id.not_in(overlapping),
            ),
        )
        .values(
            stale_strike_count=func.least(row.stale_strike_count + 1, STRIKES_TO_CONFIRM),
            last_strike_sweep_id=sweep.id,
        )
        .returning(row.stale_strike_count)
        .cte("struck")
    )
    counts = (
        await session.execute(
            select(
                func.count().label("struck"),
                func.count()
                .filter(struck.c.stale_strike_count == STRIKES_TO_CONFIRM)
                .label("doomed"),
            ).select_from(struck)
        )
    ).one()
    return Struck(counts.struck, counts.doomed)


async def count_living(session: ReadSession, sweep: Row[Any]) -> int:
    """How many rows of the kind of a sweep live."""
    mirror = mirror_of(sweep.provider, sweep.kind)
    return await _count(session, mirror, mirror.living)


async def count_suspects(session: ReadSession, sweep: Row[Any]) -> int:
    """How many rows await a confirming read after a sweep."""
    if not sweep.struck_count:
        return 0
    mirror = mirror_of(sweep.provider, sweep.kind)
    return await _count(session, mirror, _suspects(mirror, sweep))


async def list_suspects(
    session: ReadSession, sweep: Row[Any], *, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """The (id, provider id) of what awaits a confirming read after a sweep, by id."""
    mirror = mirror_of(sweep.provider, sweep.kind)
    row = mirror.table.c
    statement = (
        select(cast(row.id, Text).label("id"), row.provider_id)
        .where(_suspects(mirror, sweep))
        .order_by(row.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(row.id > after)
    return (await session.execute(statement)).all()


async def confirm_suspects(
    session: WriteSession,
    sweep: Row[Any],
    *,
    gone: Sequence[str],
    found: Sequence[str],
    cause: Cause,
) -> Row[Any]:
    """Tombstones the suspects that are gone, and clears those found; answers the sweep.

    What is no suspect of the sweep (any more) is left alone, so a repeated call changes
    nothing. Raises FailedPrecondition when the sweep did not complete.
    """
    await lock_kinds(session, sweep.provider, [sweep.kind])
    if sweep.outcome not in STRIKING:
        raise FailedPrecondition(
            f"sweep {sweep.id} did not complete ({sweep.outcome}): it has no suspects",
            reason="SWEEP_NOT_COMPLETED",
        )
    mirror = mirror_of(sweep.provider, sweep.kind)
    row = mirror.table.c
    if found:
        await session.execute(
            update(mirror.table)
            .where(
                _suspects(mirror, sweep), row.provider_id == any_(literal(list(found), ARRAY(Text)))
            )
            .values(stale_strike_count=0, last_strike_sweep_id=None, last_seen_at=NOW)
        )
    deleted = await _tombstone(session, mirror, sweep, gone, cause) if gone else 0
    return (
        await session.execute(
            update(sweeps)
            .where(sweeps.c.id == sweep.id)
            .values(deleted_count=sweeps.c.deleted_count + deleted)
            .returning(sweeps)
        )
    ).one()


async def _count(session: ReadSession, mirror: Mirror, rows: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(mirror.table).where(rows)
    return int((await session.execute(statement)).scalar_one())


def _suspects(mirror: Mirror, sweep: Row[Any]) -> ColumnElement[bool]:
    row = mirror.table.c
    if sweep.outcome not in STRIKING:  # halted: withheld until an operator confirms
        return literal(False)
    return and_(
        mirror.living,
        row.stale_strike_count == STRIKES_TO_CONFIRM,
        row.last_strike_sweep_id == sweep.id,
    )


async def _tombstone(
    session: WriteSession, mirror: Mirror, sweep: Row[Any], gone: Sequence[str], cause: Cause
) -> int:
    row = mirror.table.c
    dying = (
        update(mirror.table)
        .where(_suspects(mirror, sweep), row.provider_id == any_(literal(list(gone), ARRAY(Text))))
        .values(deleted_at=NOW)
        .returning(row.id, row.tenant_id)
        .cte("dying")
    )
    if not mirror.has_history:
        counted = await session.execute(select(func.count()).select_from(dying))
        return int(counted.scalar_one())
    await prepare_months(session)
    written = await session.execute(
        insert(events)
        .from_select(
            ["resource_id", "tenant_id", "kind", "type", "actor", "request_id", "occurred_at"],
            select(
                dying.c.id,
                dying.c.tenant_id,
                literal(sweep.kind),
                literal(EventType.DELETED.value),
                literal(cause.actor),
                literal(cause.request_id),
                NOW,
            ),
        )
        .returning(events.c.resource_id)
    )
    ids = written.scalars().all()
    await end_spans(session, ids)
    return len(ids)
