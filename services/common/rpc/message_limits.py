"""Maximum request sizes of RPCs, read from the method options of the protos."""

from collections.abc import Iterable
from typing import Final

from arcadia.common.v1 import access_pb2, limits_pb2
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from services.common.identity.policy import AccessRule, method_path

__all__ = ["MAX_BODY_BYTES", "MAX_FIELDS", "MAX_MESSAGE_BYTES", "has_more_fields", "max_body_bytes",
           "message_limits"]  # fmt: skip  # a table

MAX_BODY_BYTES: Final = 64 * 1024
"""Maximum JSON body of a method without the option."""

MAX_MESSAGE_BYTES: Final = 32 * 1024 * 1024
"""Maximum message of internal RPCs, for batches."""

MAX_FIELDS: Final = 50_000
"""The largest number of fields of a message that a user sends, each element of a list counted.
An empty element takes 2 bytes on the wire and 130 in memory."""

MAX_VARINT_BYTES: Final = 10
"""Bytes of the longest number on the wire, which has 64 bits."""

MAX_UINT64: Final = 2**64 - 1

MESSAGE_BYTES_A_BODY_BYTE: Final = 6
"""How far a message may outgrow the JSON that it was made of: `1,` in a list of a
`google.protobuf.Struct` becomes 11 bytes."""


def message_limits(services: Iterable[ServiceDescriptor]) -> dict[str, int]:
    """Maximum request messages of the RPCs of `services` in bytes, by path."""
    return {
        method_path(method): _message_limit(method)
        for service in services
        for method in service.methods
    }


def has_more_fields(message: bytes, most: int = MAX_FIELDS) -> bool:
    """Whether a message on the wire has more fields than `most`, without those of its parts.

    Stops at the first beyond. What is malformed counts as too many, and so do groups, which no
    message of ours has: the parser may go on where this count does not.
    """
    if len(message) <= 2 * most:
        return False
    count = place = 0
    try:
        while place < len(message):
            tag, place = _varint(message, place)
            match tag & 7:
                case 0:
                    _, place = _varint(message, place)
                case 1:
                    place += 8
                case 2:
                    length, place = _varint(message, place)
                    place += length
                case 5:
                    place += 4
                case _:
                    return True
            count += 1
            if count > most:
                return True
    except (IndexError, _TooLongError):
        return True
    return place > len(message)


class _TooLongError(Exception):
    """A number of variable length that does not end within its 10 bytes."""


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """A number of variable length, and the place after it."""
    value = 0
    for shift in range(0, 7 * MAX_VARINT_BYTES, 7):
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & MAX_UINT64, place
    raise _TooLongError


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
