"""Converts records to messages by equal field names."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from google.protobuf.message import Message

from services.common.rpc.wire import timestamp
from services.common.values.money import plain

__all__ = ["message_of"]

M = TypeVar("M", bound=Message)

_WRITTEN: Final[Mapping[type, Callable[[Any], Any]]] = MappingProxyType(
    {UUID: str, date: date.isoformat, datetime: timestamp, Decimal: plain}
)
"""Conversions of types that protos do not have."""


def message_of(cls: type[M], record: object, **given: Any) -> M:
    """Builds a message from a record's attributes with the same names.

    `given` has the fields with another name or form, or that the record does not have. None leaves
    a field unset.

    Raises TypeError for a field that neither the record nor `given` has.
    """
    names, read = _taken(cast("Any", cls), cast("Any", type(record)), *given)
    values = {**dict(zip(names, read(record), strict=True)), **given}
    written = {
        name: write(value) if (write := _WRITTEN.get(value.__class__)) else value
        for name, value in values.items()
    }
    return cls(**written)


@cache
def _taken(
    cls: type[Message], kind: type, *given: str
) -> tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]]]:
    """The fields to read from a record, with their conversions."""
    names = tuple(one.name for one in cls.DESCRIPTOR.fields if one.name not in given)
    missing = [name for name in names if not hasattr(kind, name)]
    if missing:
        raise TypeError(f"{kind.__name__} has no {', '.join(missing)} of {cls.__name__}")
    if len(names) < 2:
        return names, lambda record: tuple(getattr(record, name) for name in names)
    return names, attrgetter(*names)
