"""Unreadable rows of a sweep, stored for operators."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import arrays_of, columns_of, unnested
from services.common.rpc.paging import Page, PageRequest
from services.inventory.sync.rules.sweeps import MAX_NAMED, Unreadable, UnreadablePlace
from services.inventory.tables import cloud_sweep_unreadable as unreadable

__all__ = [
    "add_unreadable",
    "is_any_resource",
    "list_unreadable",
    "unreadable_of",
]

ADD: Final = f"""
INSERT INTO cloud_sweep_unreadable (sweep_id, place, provider_id, reason)
SELECT %(sweep_id)s, g.* FROM {unnested(UnreadablePlace, "g")}
ON CONFLICT DO NOTHING
"""


async def add_unreadable(
    session: WriteSession, sweep_id: UUID, rows: Sequence[UnreadablePlace]
) -> None:
    """Inserts unreadable rows of a sweep, idempotently."""
    await session.on_driver(ADD, {"sweep_id": sweep_id, **arrays_of(UnreadablePlace, rows, "g")})


async def unreadable_of(session: ReadSession, sweep_id: UUID) -> Unreadable:
    """The number of unreadable rows of a sweep, and descriptions of the first ones."""
    of_sweep = unreadable.c.sweep_id == sweep_id
    count = await session.execute(select(func.count()).where(of_sweep))
    first = await session.execute(
        select(unreadable.c.reason).where(of_sweep).order_by(unreadable.c.place).limit(MAX_NAMED)
    )
    return Unreadable(int(count.scalar_one()), tuple(first.scalars()))


async def is_any_resource(session: ReadSession, sweep_id: UUID) -> bool:
    """Whether a row without an id is unreadable, which may be any resource of the kind."""
    found = await session.execute(
        select(unreadable.c.place)
        .where(unreadable.c.sweep_id == sweep_id, unreadable.c.provider_id == "")
        .limit(1)
    )
    return found.first() is not None


async def list_unreadable(
    session: ReadSession, sweep_id: UUID, asked: PageRequest
) -> Page[UnreadablePlace]:
    """The unreadable rows of a sweep, by position."""
    statement = select(*columns_of(UnreadablePlace, unreadable))
    of_sweep = statement.where(unreadable.c.sweep_id == sweep_id)
    return await page_of(session, UnreadablePlace, of_sweep, asked, unreadable.c.place)
