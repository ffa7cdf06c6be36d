"""Strikes, suspects and tombstones of a kind, in one statement each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import columns_of, record_of
from services.common.rpc.paging import Page, PageRequest
from services.inventory.resources.rules.recording import Cause
from services.inventory.resources.store.assignments import end_spans
from services.inventory.resources.store.history import prepare_months
from services.inventory.resources.store.locks import Mirror, mirror_of
from services.inventory.sync.rules.sweeps import STRIKES_TO_CONFIRM, STRIKING, Sweep
from services.inventory.tables import cloud_resource_events as events
from services.inventory.tables import cloud_sweep_unreadable as unreadable
from services.inventory.tables import cloud_sweeps as sweeps
from services.inventory.vocabulary import EventType

__all__ = [
    "Struck",
    "Suspect",
    "clear_suspects",
    "count_living",
    "count_suspects",
    "list_suspects",
    "strike_unseen",
    "tombstone",
]

NOW: Final = func.now()


@dataclass(frozen=True, slots=True)
class Struck:
    """The number of struck rows, and of those with their third strike."""

    struck: int
    gone: int


@dataclass(frozen=True, slots=True)
class Suspect:
    """A suspect, which awaits a confirming read."""

    id: UUID
    provider_id: str


async def strike_unseen(session: WriteSession, sweep: Sweep) -> Struck:
    """Strikes the rows that were not seen since a complete sweep began.

    Skips rows that were listed but could not be read, and rows struck by an overlapping sweep: two
    sweeps of the same time are evidence once. The caller holds the lock of the kind.
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
    counts = await session.execute(
        select(
            func.count().label("struck"),
            func.count().filter(struck.c.stale_strike_count == STRIKES_TO_CONFIRM).label("gone"),
        ).select_from(struck)
    )
    return record_of(Struck, counts.one())


async def count_living(session: ReadSession, sweep: Sweep) -> int:
    """The number of existing rows of a sweep's kind."""
    mirror = mirror_of(sweep.provider, sweep.kind)
    return await _count(session, mirror, mirror.living)


async def count_suspects(session: ReadSession, sweep: Sweep) -> int:
    """The number of suspects after a sweep."""
    if not sweep.struck_count:
        return 0
    mirror = mirror_of(sweep.provider, sweep.kind)
    return await _count(session, mirror, _suspects(mirror, sweep))


async def list_suspects(session: ReadSession, sweep: Sweep, asked: PageRequest) -> Page[Suspect]:
    """The suspects after a sweep, by id."""
    mirror = mirror_of(sweep.provider, sweep.kind)
    statement = select(*columns_of(Suspect, mirror.table)).where(_suspects(mirror, sweep))
    return await page_of(session, Suspect, statement, asked, mirror.table.c.id)


async def clear_suspects(session: WriteSession, sweep: Sweep, found: Sequence[str]) -> None:
    """Clears the strikes of suspects that were found."""
    mirror = mirror_of(sweep.provider, sweep.kind)
    await session.execute(
        update(mirror.table)
        .where(_suspects(mirror, sweep), _among(mirror, found))
        .values(stale_strike_count=0, last_strike_sweep_id=None, last_seen_at=NOW)
    )


async def tombstone(session: WriteSession, sweep: Sweep, gone: Sequence[str], cause: Cause) -> int:
    """Tombstones suspects that are gone; returns their number."""
    mirror = mirror_of(sweep.provider, sweep.kind)
    row = mirror.table.c
    dying = (
        update(mirror.table)
        .where(_suspects(mirror, sweep), _among(mirror, gone))
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


async def _count(session: ReadSession, mirror: Mirror, rows: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(mirror.table).where(rows)
    return int((await session.execute(statement)).scalar_one())


def _suspects(mirror: Mirror, sweep: Sweep) -> ColumnElement[bool]:
    row = mirror.table.c
    if sweep.outcome not in STRIKING:  # halted: withheld until an operator confirms
        return literal(False)
    return and_(
        mirror.living,
        row.stale_strike_count == STRIKES_TO_CONFIRM,
        row.last_strike_sweep_id == sweep.id,
    )


def _among(mirror: Mirror, provider_ids: Sequence[str]) -> ColumnElement[bool]:
    return mirror.table.c.provider_id == any_(literal(list(provider_ids), ARRAY(Text)))
