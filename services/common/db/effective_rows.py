"""Effective-dated rows: setting one cuts or splits the rows that it overlaps.

A row's `effective_from` never changes; its `effective_to` does when a later row begins within it.
`set_until` is its original end, `continues` refers to the row whose remainder it is, and
`superseded_at` is the time from which nothing of it is left. Rows are never deleted, so the history
of what was in force is complete. An exclusion constraint prevents overlaps of rows that are not
superseded.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Row, Table, TextClause, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from services.common.db.database import WriteSession
from services.common.db.records import record_of
from services.common.db.tables import Items, days, instants, uuids
from services.common.errors import FailedPrecondition
from services.common.values.effective_dates import Span, lay_over

__all__ = ["effective_dates", "never_overlapping", "set_row"]

T = TypeVar("T")

_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:table, 0))")
_OWN: Final = ("id", "effective_from", "effective_to", "set_until", "continues", "superseded_at")
"""Columns that differ between a row and its remainder."""


def effective_dates() -> Items:
    """The columns of an effective-dated table."""
    return [
        *days("effective_from"),
        *days("effective_to", "set_until", nullable=True),
        *uuids("continues", nullable=True),
        *instants("superseded_at", nullable=True),
    ]


def never_overlapping(name: str, *same: str | TextClause) -> ExcludeConstraint:
    """The exclusion constraint: equal rows that are not superseded must not overlap."""
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
    """Sets a row for a range of days; returns it as a record.

    `same` identifies the series, such as the two currencies of a rate; `values` has all other
    columns, including `created_at`. Locks the table against other writers until the transaction
    ends.

    Raises FailedPrecondition, with `reason`, if an open-ended range would silently remove a row
    with a later start.
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
            f"effective_to: is required, because another one is set from {later[0]}",
            reason=reason,
            metadata={"field": "effective_to", "effective_from": later[0].isoformat()},
        )
