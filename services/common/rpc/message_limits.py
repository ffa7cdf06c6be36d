"""Maximum request sizes of RPCs, read from the method options of the protos."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from types import MappingProxyType
from typing import Final

from arcadia.common.v1 import access_pb2, limits_pb2
from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from services.common.identity.policy import AccessRule, method_path

__all__ = ["MAX_BODY_BYTES", "MAX_FIELDS", "MAX_MESSAGE_BYTES", "MessageLimit", "has_more_fields",
           "max_body_bytes", "message_limits"]  # fmt: skip  # a table

MAX_BODY_BYTES: Final = 64 * 1024
"""Maximum JSON body of a method without the option."""

MAX_MESSAGE_BYTES: Final = 32 * 1024 * 1024
"""Maximum message of internal RPCs, for batches."""

MAX_FIELDS: Final = 100_000
"""Maximum fields of a user's message, counting each element of a list. An empty element takes 2
bytes on the wire and 130 in memory. A full batch of usage events with some dimensions has fewer."""

MAX_VARINT_BYTES: Final = 10
"""Bytes of the longest number on the wire, which has 64 bits."""

MAX_UINT64: Final = 2**64 - 1

LENGTH_DELIMITED: Final = 2
"""The wire type of texts, bytes, and messages."""

MAX_DEPTH: Final = 100
"""Maximum nesting that the parser accepts."""

NO_PARTS: Final[Mapping[int, Descriptor]] = MappingProxyType({})

MESSAGE_BYTES_A_BODY_BYTE: Final = 6
"""The maximum ratio of a message to its JSON: `1,` in a list of a `google.protobuf.Struct` becomes
11 bytes."""


@dataclass(frozen=True, slots=True)
class MessageLimit:
    """The largest request message of an RPC."""

    max_bytes: int = MAX_MESSAGE_BYTES
    kind: Descriptor | None = None
    """The type of message, by which the fields of nested messages are counted."""


def message_limits(services: Iterable[ServiceDescriptor]) -> dict[str, MessageLimit]:
    """Maximum request messages of the RPCs of `services`, by path."""
    return {
        method_path(method): MessageLimit(_message_limit(method), method.input_type)
        for service in services
        for method in service.methods
    }


def has_more_fields(message: bytes, kind: Descriptor | None, most: int = MAX_FIELDS) -> bool:
    """Whether an encoded message has more than `most` fields, counting each element of a list.

    Fields of nested messages count too if they may be lists or maps: others are no larger in
    memory than on the wire. Without `kind`, nested messages are unknown.

    Stops at the first field beyond. Malformed data count as too many, and so do groups, which no
    message of ours has and the parser may skip.
    """
    if len(message) <= 2 * most:
        return False
    try:
        return next(islice(_fields(message, kind), most, None), None) is not None
    except (IndexError, _MalformedError):
        return True


def _fields(message: bytes, kind: Descriptor | None) -> Iterator[int]:
    """The tag of each field, in one pass; raises IndexError or _MalformedError."""
    parts = _parts_with_lists(kind) if kind is not None else NO_PARTS
    around: list[tuple[int, Mapping[int, Descriptor]]] = []
    place, end = 0, len(message)
    while True:
        while place >= end:
            if place > end:
                raise _MalformedError
            if not around:
                return
            end, parts = around.pop()
        tag, place = _varint(message, place)
        yield tag
        if tag & 7 != LENGTH_DELIMITED:
            place = _after_number(message, place, tag & 7)
            continue
        length, place = _varint(message, place)
        part = parts.get(tag >> 3)
        if part is None:
            place += length
            continue
        if place + length > end or len(around) == MAX_DEPTH:
            raise _MalformedError
        around.append((end, parts))
        end, parts = place + length, _parts_with_lists(part)


def _after_number(message: bytes, place: int, wire_type: int) -> int:
    match wire_type:
        case 0:
            return _varint(message, place)[1]
        case 1:
            return place + 8
        case 5:
            return place + 4
        case _:  # a group, or an invalid type
            raise _MalformedError


@cache
def _parts_with_lists(kind: Descriptor) -> Mapping[int, Descriptor]:
    """The nested messages that may contain lists or maps at some depth, by field number."""
    return {
        field.number: field.message_type
        for field in kind.fields
        if field.message_type is not None and _may_hold_lists(field.message_type, frozenset())
    }


def _may_hold_lists(kind: Descriptor, outer: frozenset[str]) -> bool:
    if kind.full_name in outer:  # it contains itself, which counts as a list
        return True
    outer |= {kind.full_name}
    return any(
        field.is_repeated
        or (field.message_type is not None and _may_hold_lists(field.message_type, outer))
        for field in kind.fields
    )


class _MalformedError(Exception):
    """A message that is not well-formed, or has a group."""


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """A varint, and the position after it."""
    value = 0
    for shift in range(0, 7 * MAX_VARINT_BYTES, 7):
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & MAX_UINT64, place
    raise _MalformedError


def max_body_bytes(options: MethodOptions) -> int:
    """Maximum JSON body of a method: its option, or the default."""
    # The stub types of extensions and options differ; the runtime accepts it.
    declared: int = options.Extensions[limits_pb2.max_request_bytes]  # type: ignore[index]
    return declared or MAX_BODY_BYTES


def _message_limit(method: MethodDescriptor) -> int:
    options = method.GetOptions()
    if AccessRule.declared(options).access == access_pb2.ACCESS_INTERNAL:
        return MAX_MESSAGE_BYTES
    return min(max_body_bytes(options) * MESSAGE_BYTES_A_BODY_BYTE, MAX_MESSAGE_BYTES)
