"""Effective-dated rows in the database: set one, and what it lies over is cut, split, kept.

A row's `effective_from` never changes; its `effective_to` does, when a later row begins in it.
`set_until` keeps the end that it was set with, `continues` names the row whose remainder it
is, and `superseded_at` is when nothing was left of it: rows stay, under their ids, so that
what was in force at any time can be told from them. Of those that are not superseded no two
have a day in common, by an exclusion constraint.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Column, Date, Row, Table, Uuid, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from services.common.db.columns import instant
from services.common.db.database import WriteSession
from services.common.db.records import record_of
from services.common.errors import FailedPrecondition
from services.common.values.effective_dates import Span, lay_over

__all__ = ["effective_dates", "never_overlapping", "set_row"]

T = TypeVar("T")

_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:table, 0))")
_OWN: Final = ("id", "effective_from", "effective_to", "set_until", "continues", "superseded_at")
"""Columns in which the remainder of a row differs from it."""


def effective_dates() -> list[Column[Any]]:
    """The columns of an effective-dated table."""
    return [
        Column("effective_from", Date, nullable=False),
        Column("effective_to", Date),
        Column("set_until", Date),
        Column("continues", Uuid),
        instant("superseded_at", nullable=True),
    ]


def never_overlapping(name: str, *same: str) -> ExcludeConstraint:
    """No two rows that are the same, and not superseded, have a day in common."""
    return ExcludeConstraint(
        *((column, "=") for column in same),
        (text("daterange(effective_from, effective_to)"), "&&"),
        name=name,
        where=text("superseded_at IS NULL"),
    )


async def set_row(
    session: WriteSession,
    table: Table,
    record: type[T],
    *,
    same: Mapping[str, Any],
    values: Mapping[str, Any],
    span: Span,
    reason: str,
) -> T:
    """Sets a row for the days of a span; answers it as a record.

    `same` says whose days they are, such as the two currencies of a rate; `values` hold all
    else, `created_at` among it. Whoever sets another row of the table waits until this
    transaction ends.

    Raises FailedPrecondition, with `reason`, for an open span over a row that was set from a
    later day: it would be gone without anybody having said so.
    """
    await session.execute(_LOCK, {"table": table.name})
    column = table.c
    overlapping = (
        select(table)
        .where(
            *(column[name] == value for name, value in same.items()),
            column.superseded_at.is_(None),
            or_(column.effective_to.is_(None), column.effective_to > span.start),
        )
        .order_by(column.effective_from)
    )
    kept = (await session.execute(overlapping)).all()
    _check_later(kept, span, reason)
    overlay = lay_over([(row, Span(row.effective_from, row.effective_to)) for row in kept], span)
    for row, end in overlay.cut:
        await session.execute(update(table).where(column.id == row.id).values(effective_to=end))
    gone: list[UUID] = [row.id for row in overlay.superseded]
    if gone:
        await session.execute(
            update(table).where(column.id.in_(gone)).values(superseded_at=values["created_at"])
        )
    made = await session.execute(
        insert(table)
        .values(
            **same,
            **values,
            effective_from=span.start,
            effective_to=span.end,
            set_until=span.end,
        )
        .returning(table)
    )
    for row, rest in overlay.going_on:
        remainder = {one.name: row[n] for n, one in enumerate(column) if one.name not in _OWN}
        await session.execute(
            insert(table).values(
                **remainder,
                effective_from=rest.start,
                effective_to=rest.end,
                set_until=row.set_until,
                continues=row.continues or row.id,
            )
        )
    return record_of(record, made.one())


def _check_later(kept: Sequence[Row[Any]], span: Span, reason: str) -> None:
    if span.end is not None:
        return
    later: list[date] = [
        row.effective_from
        for row in kept
        if row.continues is None and row.effective_from > span.start
    ]
    if later:
        raise FailedPrecondition(
            f"effective_to: another one is set from {later[0]}; say until when this one holds",
            reason=reason,
            metadata={"field": "effective_to", "effective_from": later[0].isoformat()},
        )
