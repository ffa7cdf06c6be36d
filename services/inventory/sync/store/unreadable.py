"""Rows of a sweep that were listed and could not be read: kept with the sweep, for an operator."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, select, text, update

from services.common.db.database import ReadSession, WriteSession
from services.inventory.sync.rules.sweeps import NAMED_AT_MOST, Unreadable, UnreadablePlace, partial
from services.inventory.tables import cloud_sweep_unreadable as unreadable
from services.inventory.tables import cloud_sweeps as sweeps
from services.inventory.vocabulary import Outcome

__all__ = [
    "add_unreadable",
    "is_any_resource",
    "list_unreadable",
    "unreadable_of",
]

ADD: Final = text("""
INSERT INTO cloud_sweep_unreadable (sweep_id, place, provider_id, reason)
SELECT :sweep_id, g.place, g.provider_id, g.reason
FROM unnest(CAST(:places AS text[]), CAST(:provider_ids AS text[]), CAST(:reasons AS text[]))
     AS g (place, provider_id, reason)
ON CONFLICT DO NOTHING
""")


async def add_unreadable(
    session: WriteSession, sweep: Row[Any], rows: Sequence[UnreadablePlace]
) -> int:
    """Notes rows as unreadable in a sweep, each once; answers how many it has now.

    A sweep that completed is a partial one from then on. The caller holds the lock of the kind.
    """
    await session.execute(
        ADD,
        {
            "sweep_id": sweep.id,
            "places": [row.place for row in rows],
            "provider_ids": [row.provider_id for row in rows],
            "reasons": [row.reason for row in rows],
        },
    )
    found = await unreadable_of(session, sweep.id)
    changed: dict[str, Any] = {"unreadable_count": found.count}
    if found.count and sweep.outcome in {Outcome.COMPLETED, Outcome.PARTIAL}:
        verdict = partial(found)
        changed |= {"outcome": verdict.outcome.value, "reason": verdict.reason}
    await session.execute(update(sweeps).where(sweeps.c.id == sweep.id).values(**changed))
    return found.count


async def unreadable_of(session: ReadSession, sweep_id: UUID) -> Unreadable:
    """How many rows of a sweep could not be read, and the first of them in words."""
    of_sweep = unreadable.c.sweep_id == sweep_id
    count = await session.execute(select(func.count()).where(of_sweep))
    first = await session.execute(
        select(unreadable.c.reason)
        .where(of_sweep)
        .order_by(unreadable.c.place)
        .limit(NAMED_AT_MOST)
    )
    return Unreadable(int(count.scalar_one()), tuple(first.scalars()))


async def is_any_resource(session: ReadSession, sweep_id: UUID) -> bool:
    """Whether a row without an id could not be read: it may be any resource of the kind."""
    found = await session.execute(
        select(unreadable.c.place)
        .where(unreadable.c.sweep_id == sweep_id, unreadable.c.provider_id == "")
        .limit(1)
    )
    return found.first() is not None


async def list_unreadable(
    session: ReadSession, sweep_id: UUID, *, after: str, limit: int
) -> Sequence[Row[Any]]:
    """What a sweep could not read, by place; `after` is the last one of the page before."""
    statement = (
        select(unreadable)
        .where(unreadable.c.sweep_id == sweep_id, unreadable.c.place > after)
        .order_by(unreadable.c.place)
        .limit(limit)
    )
    return (await session.execute(statement)).all()
