"""Keyset paging: every page of a list costs the same."""

from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, TextClause, tuple_

from services.common.db.database import ReadSession
from services.common.db.records import records_of
from services.common.rpc.paging import Page, PageRequest

__all__ = ["in_page", "page_of", "text_page"]

T = TypeVar("T")


async def page_of(
    session: ReadSession,
    cls: type[T],
    statement: Select[Any],
    asked: PageRequest,
    *order: ColumnElement[Any],
    descending: bool = False,
) -> Page[T]:
    """The requested page of a statement's rows, as records.

    The rows are ordered by columns which identify a row, and which the record has too.
    """
    rows = await session.execute(in_page(statement, asked, *order, descending=descending))
    return asked.page(records_of(cls, rows), attrgetter(*(column.key or "" for column in order)))


async def text_page(
    session: ReadSession,
    cls: type[T],
    statement: TextClause,
    asked: PageRequest,
    /,
    *place: str,
    **values: object,
) -> Page[T]:
    """The requested page of a statement which restricts by `:after` and `:limit` and orders itself.

    `place` are the record's fields by which it orders.
    """
    given = {**values, "after": asked.after, "limit": asked.limit}
    rows = await session.execute(statement, given)
    return asked.page(records_of(cls, rows), attrgetter(*place))


def in_page(
    statement: Select[Any], asked: PageRequest, *order: ColumnElement[Any], descending: bool = False
) -> Select[Any]:
    """The statement, ordered and restricted to the rows of a page and one more."""
    if asked.after is not None:
        place, after = tuple_(*order), asked.after if len(order) > 1 else (asked.after,)
        statement = statement.where(place < after if descending else place > after)
    columns = [column.desc() if descending else column for column in order]
    return statement.order_by(*columns).limit(asked.limit)
