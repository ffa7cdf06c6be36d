"""Messages of records: what has the same name in both is written once, as the wire has it."""

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
"""How a value of a type is written where the wire has no such type."""


def message_of(cls: type[M], record: object, **given: Any) -> M:
    """The message whose fields are the record's attributes of the same names.

    `given` are those fields that the record has under another name, in another form, or not at
    all. None leaves a field unset.

    Raises TypeError for a field of the message that neither the record nor `given` has.
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
    """The fields that are read from a record, and what reads them."""
    names = tuple(one.name for one in cls.DESCRIPTOR.fields if one.name not in given)
    missing = [name for name in names if not hasattr(kind, name)]
    if missing:
        raise TypeError(f"{kind.__name__} has no {', '.join(missing)} of {cls.__name__}")
    if len(names) < 2:
        return names, lambda record: tuple(getattr(record, name) for name in names)
    return names, attrgetter(*names)
