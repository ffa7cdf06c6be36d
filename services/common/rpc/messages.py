"""Converts records to messages by equal field names.

A field that a record does not have itself is taken from the only nested record, at any depth, that
has it. A field that is a message, or several, is converted from its records. A map of
google.protobuf.Value is made of pairs of a key and its texts.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast, get_type_hints
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import ListValue, Value

from services.common.rpc.paging import Page
from services.common.rpc.wire import timestamp
from services.common.values.money import plain

__all__ = ["message_of", "messages_of", "page_message"]

M = TypeVar("M", bound=Message)
T = TypeVar("T")
Write = Callable[[Any], Any]

_WRITTEN: Final[Mapping[type, Write]] = MappingProxyType(
    {UUID: str, date: date.isoformat, datetime: timestamp, Decimal: plain}
)
"""Conversions of types that protos do not have."""


def message_of(cls: type[M], record: object = None, /, **given: Any) -> M:
    """Builds a message from a record's attributes with the same names.

    `given` has the fields with another name or form, or that the record does not have; all fields
    if there is no record. None leaves a field unset.

    Raises TypeError for a field that neither the record nor `given` has.
    """
    names, read = _taken(cast("Any", cls), cast("Any", type(record)), *given)
    values = dict(zip(names, read(record), strict=True)) | given
    for name, value in values.items():
        if write := _WRITTEN.get(value.__class__):
            values[name] = write(value)
    for name, write in _nested(cast("Any", cls)):
        if (value := values[name]) is not None:
            values[name] = write(value)
    return cls(**values)


def messages_of(cls: type[M], records: Iterable[object]) -> list[M]:
    """The messages of some records."""
    return [message_of(cls, record) for record in records]


def page_message(
    cls: type[M], page: Page[T], write: Callable[[T], Message] | None = None, /, **given: Any
) -> M:
    """The response of a list: a page in its repeated field, and the next page's token.

    `write` renders a row; without it, a row's message has the row's field names. `given` has the
    other fields.
    """
    rows = page.rows if write is None else [*map(write, page.rows)]
    field = _repeated(cast("Any", cls), *given)
    return message_of(cls, page, **{field: rows}, **given)


@cache
def _repeated(cls: type[Message], *given: str) -> str:
    """The only repeated field that is not given."""
    [field] = [
        one.name for one in cls.DESCRIPTOR.fields if one.is_repeated and one.name not in given
    ]
    return field


@cache
def _taken(
    cls: type[Message], kind: type, *given: str
) -> tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]]]:
    """The fields to read from a record, with their conversions."""
    names = tuple(one.name for one in cls.DESCRIPTOR.fields if one.name not in given)
    places = {name: place for name in names if (place := _place(kind, name))}
    missing = [name for name in names if name not in places]
    if missing:
        raise TypeError(f"{kind.__name__} has no {', '.join(missing)} of {cls.__name__}")
    if len(names) < 2:
        return names, lambda record: tuple(attrgetter(place)(record) for place in places.values())
    return names, attrgetter(*places.values())


def _place(kind: type, name: str) -> str:
    """The path to an attribute: in the record or in a nested record; empty if neither has it."""
    if hasattr(kind, name):
        return name
    hints = get_type_hints(kind) if is_dataclass(kind) else {}
    inner = [one.name for one in fields(kind) if is_dataclass(hints[one.name])] if hints else []
    nearest = (f"{one}.{name}" for one in inner if hasattr(hints[one], name))
    deeper = (f"{one}.{path}" for one in inner if (path := _place(hints[one], name)))
    return next(chain(nearest, deeper), "")


@cache
def _nested(cls: type[Message]) -> list[tuple[str, Write]]:
    """The fields for nested records, each with the function that makes its message."""
    found: list[tuple[str, Write]] = []
    for one in cls.DESCRIPTOR.fields:
        inner = one.message_type
        if inner is None or inner.full_name.startswith("google."):
            continue
        if not inner.GetOptions().map_entry:
            maker = _maker(GetMessageClass(cast("Any", inner)), is_repeated=one.is_repeated)
            found.append((one.name, maker))
        elif inner.fields_by_name["value"].message_type is Value.DESCRIPTOR:
            found.append((one.name, _lists))
    return found


def _lists(pairs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, Value]:
    return {
        key: Value(list_value=ListValue(values=[Value(string_value=text) for text in texts]))
        for key, texts in pairs
    }


def _maker(cls: type[Message], *, is_repeated: bool) -> Write:
    def made(value: Any) -> Message:
        return value if isinstance(value, Message) else message_of(cls, value)

    return (lambda values: [*map(made, values)]) if is_repeated else made
