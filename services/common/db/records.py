"""Records: frozen dataclasses for the rows that stores return and for bulk parameters.

A field has the name of its column. A field that is a dataclass represents the columns of its own
fields, which may be prefixed with its name (`hand_over_id`); if it is optional, it is None if the
first of them is null. If a JSON column has its name, it is built from that. A field of several
records is not a column.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson
from psycopg import AsyncCursor
from psycopg.types.multirange import Multirange
from sqlalchemy import Column, Result, Row, Table

from services.common.errors import NotFound
from services.common.values.periods import Period

__all__ = ["arrays_of", "columns_of", "first_of", "found_of", "record_of", "records_of", "rows_as",
           "unnested"]  # fmt: skip  # a table

T = TypeVar("T")

SEPARATOR: Final = "\x1f"

_TYPES: Final[Mapping[Any, str]] = {
    bool: "boolean",
    int: "bigint",
    Decimal: "numeric",
    UUID: "uuid",
    date: "date",
    datetime: "timestamptz",
}
"""PostgreSQL types by field type; all others are sent as text."""


class _Declared(NamedTuple):
    """A field of a record."""

    name: str
    hint: Any
    """Its type without None."""
    is_optional: bool
    default: Any


def record_of(cls: type[T], row: Row[Any]) -> T:
    """The record of a row, by column names; extra columns are ignored.

    Arrays become the declared tuple or frozenset, and texts the declared enum; a multirange of days
    is a tuple of periods. A field without a column has its default.
    """
    return cast("T", _maker(cast("Any", cls), row._fields)(row))


def records_of(cls: type[T], rows: Iterable[Row[Any]]) -> list[T]:
    """The records of the rows of one statement."""
    given = [*rows]
    return [*map(_maker(cast("Any", cls), given[0]._fields), given)] if given else []


def first_of(cls: type[T], rows: Result[Any]) -> T | None:
    """The record of the first row; None if there is no row."""
    row = rows.first()
    return None if row is None else record_of(cls, row)


def found_of(cls: type[T], rows: Result[Any], kind: str, key: object) -> T:
    """The record of the first row. Raises NotFound with the kind and key if there is no row."""
    found = first_of(cls, rows)
    if found is None:
        raise NotFound(kind, str(key))
    return found


def rows_as(cls: type[T]) -> Callable[[AsyncCursor[Any]], Callable[[Sequence[Any]], T]]:
    """A `row_factory` for the driver's cursors that returns records."""
    return lambda cursor: _maker(
        cast("Any", cls), tuple(column.name for column in cursor.description or ())
    )


def columns_of(cls: type[Any], table: Table) -> list[Column[Any]]:
    """The columns of a table for a record, to select or return."""
    return [table.c[name] for name, _ in _leaves(cast("Any", cls))]


def unnested(cls: type[Any], name: str, *, is_numbered: bool = False) -> str:
    """`unnest(...) AS name (...)`: the rows of the parameters of `arrays_of` with the same name.

    For the driver's statements with binary parameters. Numbered rows have a `position`, from 1.
    """
    leaves = _leaves(cast("Any", cls))
    arrays = ", ".join(f"%({name}_{one})b::{_TYPES.get(hint, 'text')}[]" for one, hint in leaves)
    names = [*(one for one, _ in leaves), *["position"] * is_numbered]
    columns = ", ".join(f'"{one}"' for one in names)
    return f"unnest({arrays}){' WITH ORDINALITY' * is_numbered} AS {name} ({columns})"


def arrays_of(cls: type[T], records: Iterable[T], name: str) -> dict[str, list[Any]]:
    """The parameters of `unnested`: one array per field.

    An enum is sent as its value; several texts as one, joined by chr(31) for `string_to_array`;
    several periods as the text of a `datemultirange`; a dict or Any as JSON text.
    """
    arrays: dict[str, list[Any]] = {}
    _add_arrays(arrays, cls, [*records], name)
    return arrays


def _add_arrays(arrays: dict[str, list[Any]], cls: Any, records: list[Any], name: str) -> None:
    for field, hint, _, _ in _declared(cls):
        if _is_of_records(hint):
            continue
        values = [*map(attrgetter(field), records)]
        if _is_record(hint):
            _add_arrays(arrays, hint, values, name)
        else:
            arrays[f"{name}_{field}"] = _dumped(values, hint)


def _dumped(values: list[Any], hint: Any) -> list[Any]:
    kind = get_origin(hint) or hint
    if _is_enum(kind):
        return [None if value is None else value.value for value in values]
    if _is_of_periods(hint):
        return [None if value is None else _multirange(value) for value in values]
    if kind in (tuple, frozenset):
        in_order = sorted if kind is frozenset else tuple
        return [SEPARATOR.join(in_order(value)) for value in values]
    if kind in (Any, dict, Mapping):
        return [orjson.dumps(value).decode() if value != {} else "{}" for value in values]
    return values


def _multirange(periods: Iterable[Period]) -> str:
    return f"{{{','.join(f'[{one.start},{one.end})' for one in periods)}}}"


@cache
def _maker(cls: Any, columns: tuple[str, ...], prefix: str = "") -> Callable[[Any], Any]:
    """The function that builds a record from a row with these columns."""
    declared = _declared(cls)
    takes = [_taker(one, columns, f"{prefix}{one.name}") for one in declared]
    if len(takes) > 1 and all(isinstance(take, itemgetter) for take in takes):
        get = itemgetter(*(columns.index(f"{prefix}{one.name}") for one in declared))
        return lambda row: cls(*get(row))
    return lambda row: cls(*[take(row) for take in takes])


def _taker(one: _Declared, columns: tuple[str, ...], name: str) -> Callable[[Any], Any]:
    hint = one.hint
    if name not in columns and _is_record(hint):
        first, prefix = f"{name}_{(inner := _leaves(hint)[0][0])}", f"{name}_"
        if first not in columns and one.default is MISSING:
            first, prefix = inner, ""
        if first in columns:
            is_there, make = itemgetter(columns.index(first)), _maker(hint, columns, prefix)
            if not one.is_optional:
                return make
            return lambda row: None if is_there(row) is None else make(row)
    if name not in columns and one.default is not MISSING:
        default = one.default
        return lambda row: default
    kind, get = get_origin(hint) or hint, itemgetter(columns.index(name))
    if _is_record(hint):
        return lambda row: None if (value := get(row)) is None else _of_json(hint, value)
    if _is_of_periods(hint):
        return lambda row: None if (value := get(row)) is None else _periods(value)
    if kind in (tuple, frozenset) or _is_enum(kind):
        return lambda row: None if (value := get(row)) is None else kind(value)
    return get


def _of_json(cls: Any, value: Mapping[str, Any]) -> Any:
    names = tuple(value)
    return _maker(cls, names)(tuple(value.values()))


def _periods(days: Multirange[date]) -> tuple[Period, ...]:
    return tuple(Period(cast("date", one.lower), cast("date", one.upper)) for one in days)


def _is_of_periods(hint: Any) -> bool:
    return get_origin(hint) is tuple and get_args(hint)[0] is Period


def _is_of_records(hint: Any) -> bool:
    of = get_args(hint)[0] if get_origin(hint) is tuple else None
    return _is_record(of) and of is not Period


def _is_record(hint: Any) -> bool:
    return isinstance(hint, type) and is_dataclass(hint)


def _is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Enum)


@cache
def _leaves(cls: Any) -> list[tuple[str, Any]]:
    """The columns of a record with their declared types."""
    leaves: list[tuple[str, Any]] = []
    for name, hint, _, _ in _declared(cls):
        if _is_record(hint):
            leaves += _leaves(hint)
        elif not _is_of_records(hint):
            leaves.append((name, hint))
    return leaves


@cache
def _declared(cls: Any) -> list[_Declared]:
    """The fields of a record."""
    hints = get_type_hints(cls)
    return [
        _Declared(one.name, *_without_none(hints[one.name]), one.default) for one in fields(cls)
    ]


def _without_none(hint: Any) -> tuple[Any, bool]:
    rest = [one for one in get_args(hint) if one is not type(None)]
    is_optional = len(rest) == 1 and type(None) in get_args(hint)
    return (rest[0] if is_optional else hint), is_optional
